"""Dagster's records that nothing depends on any more: old runs, their logs, ticks, free pages.

A run that made what is now on record of an asset partition stays, however old it is: its events
carry the data versions by which Dagster and `status` tell what is stale. So do runs with the last
verdict of a check or the last observation of a source.
"""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from uuid import UUID

import dagster as dg

from emotion_pipeline.lake.cleaning import last_change

ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]
_PAGE = 1000
_LOCKED_FOR_S = 5.0


def ended_runs(instance: dg.DagsterInstance, before: datetime) -> list[str]:
    """Runs that ended and were last heard of before a moment, newest first."""
    old = dg.RunsFilter(statuses=ENDED, updated_before=before)
    return [record.dagster_run.run_id for record in instance.get_run_records(old)]


def runs_on_record(
    instance: dg.DagsterInstance, checks: Iterable[dg.AssetChecksDefinition]
) -> set[str]:
    """Runs that the present state of assets, sources and checks is known from."""
    found: set[str] = set()
    for key in instance.get_asset_keys():
        found |= _makers(instance, key)
        observed = instance.fetch_observations(key, limit=1).records
        found |= {record.run_id for record in observed}
    keys = [key for check in checks for key in check.check_keys]
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    return found | {record.run_id for record in latest.values()}


def _makers(instance: dg.DagsterInstance, key: dg.AssetKey) -> set[str]:
    """The runs of the last materialisation of every partition of an asset."""
    runs: dict[str | None, str] = {}
    cursor, more = None, True
    while more:  # newest first
        page = instance.fetch_materializations(key, limit=_PAGE, cursor=cursor)
        for record in page.records:
            runs.setdefault(record.partition_key, record.run_id)
        cursor, more = page.cursor, page.has_more
    return set(runs.values())


def event_files(instance: dg.DagsterInstance, run_id: str) -> list[Path]:
    """Files of one run's events, where SQLite keeps them."""
    return sorted(_events(instance).glob(f"{run_id}.db*"))


def delete_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run, its events and the file that they were in."""
    instance.delete_run(run_id)
    for file in event_files(instance, run_id):
        file.unlink(missing_ok=True)


def log_folders(instance: dg.DagsterInstance, run_ids: Iterable[str]) -> list[Path]:
    """What runs printed, where it is kept on this machine."""
    root = Path(instance.storage_directory())
    return [root / run_id for run_id in run_ids if (root / run_id).is_dir()]


def left_behind(instance: dg.DagsterInstance, before: datetime) -> list[Path]:
    """Old event files and log folders of runs that are no longer on record."""
    places = (_events(instance), Path(instance.storage_directory()))
    found = []
    for path in (path for place in places if place.is_dir() for path in sorted(place.iterdir())):
        run_id = path.name.split(".")[0]
        if _is_run_id(run_id) and last_change(path) < before.timestamp():
            found += [] if instance.has_run(run_id) else [path]
    return found


def delete_path(path: Path) -> None:
    """Delete a file or folder of Dagster's home."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def old_ticks(instance: dg.DagsterInstance, before: datetime, *, purge: bool) -> int:
    """How many ticks of schedules and sensors are older than a moment; with `purge`, none then."""
    n_ticks = 0
    for state in instance.all_instigator_state() if instance.schedule_storage else ():
        place = (state.instigator_origin_id, state.selector_id)
        n_ticks += len(instance.get_ticks(*place, before=before.timestamp()))
        if purge:
            instance.purge_ticks(*place, before=before.timestamp())
    return n_ticks


def databases(instance: dg.DagsterInstance) -> Iterator[Path]:
    """The SQLite files of Dagster's home that all runs share."""
    for path in sorted(Path(instance.root_directory).rglob("*.db")):
        if not _is_run_id(path.stem):
            yield path


def free_bytes(database: Path) -> int:
    """Bytes that the pages take which a database no longer uses."""
    with closing(sqlite3.connect(database, timeout=_LOCKED_FOR_S)) as connection:
        ((pages,), (size,)) = (
            connection.execute(f"PRAGMA {name}").fetchone()
            for name in ("freelist_count", "page_size")
        )
    return int(pages) * int(size)


def vacuum(database: Path) -> None:
    """Give these pages back to the disk. Raises sqlite3.OperationalError while others write."""
    with closing(sqlite3.connect(database, timeout=_LOCKED_FOR_S)) as connection:
        connection.execute("VACUUM")


def _events(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / "history" / "runs"


def _is_run_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
