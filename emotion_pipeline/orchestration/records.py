"""The data versions that the Dagster instance has on record, read with few queries.

This is the one module that reads Dagster's event storage beneath its public interface: there is no
public query for the data versions of all partitions of an asset at once.
"""

from collections.abc import Iterable

import dagster as dg
from dagster._core.events import DagsterEventType

from emotion_pipeline.stages.base import Stage

DATA_VERSION = "dagster/data_version"


def recorded_versions(
    instance: dg.DagsterInstance, stages: Iterable[Stage]
) -> dict[tuple[str, str | None], str]:
    """The data version of the last materialisation of every asset partition that has one."""
    versions: dict[tuple[str, str | None], str] = {}
    keys = {dg.AssetKey(stage.key.split("/")): stage for stage in stages}
    whole = [key for key, stage in keys.items() if not stage.partitions]
    for found in instance.get_asset_records(whole) if whole else ():
        event = found.asset_entry.last_materialization
        if event is not None:
            stage = keys[found.asset_entry.asset_key]
            versions[stage.key, None] = (event.tags or {}).get(DATA_VERSION, "")
    for key in keys.keys() - set(whole):
        tags_by_partition = instance.event_log_storage.get_latest_tags_by_partition(
            key, DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION]
        )
        for partition, tags in tags_by_partition.items():
            versions[keys[key].key, partition] = tags[DATA_VERSION]
    return versions
