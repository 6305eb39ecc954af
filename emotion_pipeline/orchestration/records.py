"""What the Dagster instance remembers of each asset partition, read with few queries.

Every materialisation carries the digest of its content, its code version and, under `INPUT_TAG`,
the digests of what it was made from. This is the one module that reads Dagster's event storage
beneath its public interface: the query for the tags of all partitions at once has no public form.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg
from dagster._core.events import DagsterEventType

from emotion_pipeline.stages.base import Stage

INPUT_TAG = "emotion_pipeline/made_from"
_DATA_VERSION = "dagster/data_version"
_CODE_VERSION = "dagster/code_version"


@dataclass(frozen=True)
class Record:
    """The last materialisation of an asset partition."""

    version: str
    code: str
    inputs: dict[str, str]


Records = dict[tuple[str, str | None], Record]


def read_records(instance: dg.DagsterInstance, stages: Iterable[Stage]) -> Records:
    """The last record of every partition that has ever been materialised."""
    stages = list(stages)
    records: Records = {}
    whole = {dg.AssetKey(stage.key.split("/")): stage for stage in stages if not stage.partitions}
    for found in instance.get_asset_records(list(whole)) if whole else ():
        event = found.asset_entry.last_materialization
        if event is not None:
            stage = whole[found.asset_entry.asset_key]
            records[stage.key, None] = _record(stage, event.tags or {})
    for stage in stages:
        if stage.partitions:
            for partition, tags in _tags_by_partition(instance, stage).items():
                records[stage.key, partition] = _record(stage, tags)
    return records


def _tags_by_partition(instance: dg.DagsterInstance, stage: Stage):
    wanted = [_DATA_VERSION, _CODE_VERSION, *(f"{INPUT_TAG}/{needs.key}" for needs in stage.needs)]
    return instance.event_log_storage.get_latest_tags_by_partition(
        dg.AssetKey(stage.key.split("/")), DagsterEventType.ASSET_MATERIALIZATION, wanted
    )


def _record(stage: Stage, tags) -> Record:
    keys = {needs.key: f"{INPUT_TAG}/{needs.key}" for needs in stage.needs}
    inputs = {key: tags[tag] for key, tag in keys.items() if tag in tags}
    return Record(tags.get(_DATA_VERSION, ""), tags.get(_CODE_VERSION, ""), inputs)
