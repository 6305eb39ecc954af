"""The data versions that the Dagster instance has on record, read with few queries; those of raw
sources, which no run makes, are put there.

This is the one module that reads Dagster's event storage beneath its public interface: there is no
public query for the data versions of all partitions of an asset at once.
"""

from collections.abc import Iterable

import dagster as dg
from dagster._core.events import DagsterEventType

from emotion_pipeline.stages.base import Stage
from emotion_pipeline.stages.sources import Observation

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


def record_observation(instance: dg.DagsterInstance, key: str, found: Observation) -> None:
    """Tell Dagster what a raw source is now, where that is news; no run."""
    known = last_observation(instance, key)
    if known is None or observed_version(known) != found.version:
        instance.report_runless_asset_event(observation(key, found))


def last_observation(instance: dg.DagsterInstance, key: str) -> dg.EventLogRecord | None:
    """The newest one of a raw source."""
    records = instance.fetch_observations(dg.AssetKey(key.split("/")), limit=1).records
    return records[0] if records else None


def observed_version(record: dg.EventLogRecord) -> str:
    """The data version of a raw source by an observation."""
    event = record.asset_observation
    return (event.tags or {}).get(DATA_VERSION, "") if event else ""


def observation(key: str, found: Observation) -> dg.AssetObservation:
    """The event that gives a raw source its data version."""
    return dg.AssetObservation(
        dg.AssetKey(key.split("/")),
        tags={DATA_VERSION: found.version},
        metadata={"files": len(found.files), "bytes": found.n_bytes},
    )
