"""What Dagster is told that a partition was made from, which it cannot note by itself.

Of raw sources it notes what was observed before a run began, not what the run has found.
Dagster tags the events that it writes with one version for all partitions of a run, and with all
that the asset follows from, whatever the partition. So events of partitions are our own. The tags
have no public constructor, hence the imports from beneath Dagster's public interface.
"""

import dagster as dg
from dagster._core.definitions.data_version import (
    CODE_VERSION_TAG,
    DATA_VERSION_IS_USER_PROVIDED_TAG,
    DEFAULT_DATA_VERSION,
    NULL_EVENT_POINTER,
    extract_data_version_from_entry,
    get_input_data_version_tag,
    get_input_event_pointer_tag,
)

from emotion_pipeline.orchestration.records import last_observation, observed_version
from emotion_pipeline.stages.base import Stage
from emotion_pipeline.stages.state import RAW


def provenance_tags(instance: dg.DagsterInstance, stage: Stage, partition: str) -> dict[str, str]:
    """Code version, and version and last event of all that the partition needs, as of now."""
    tags = {CODE_VERSION_TAG: stage.code, DATA_VERSION_IS_USER_PROVIDED_TAG: "true"}
    has_part = [one for one in stage.needs if not one.same_partition or partition in one.only]
    keys = [dg.AssetKey(needs.key.split("/")) for needs in has_part]
    entries = {
        found.asset_entry.asset_key: found.asset_entry for found in instance.get_asset_records(keys)
    }
    for key in keys:
        entry = entries.get(key)
        last = entry and entry.last_materialization_record
        version = extract_data_version_from_entry(last.event_log_entry) if last else None
        tags[get_input_data_version_tag(key)] = (version or DEFAULT_DATA_VERSION).value
        tags[get_input_event_pointer_tag(key)] = (
            str(last.storage_id) if last else NULL_EVENT_POINTER
        )
    return tags


def source_tags(instance: dg.DagsterInstance, stage: Stage) -> dict[str, str]:
    """Version and event of the raw sources that a stage needs, as they were observed last."""
    tags = {}
    for needs in stage.needs:
        last = last_observation(instance, needs.key) if needs.key.startswith(RAW) else None
        if last is not None:
            key = dg.AssetKey(needs.key.split("/"))
            tags[get_input_data_version_tag(key)] = observed_version(last)
            tags[get_input_event_pointer_tag(key)] = str(last.storage_id)
    return tags
