"""What `emotion-pipeline gc` removes, kind by kind; nothing becomes stale by it.

The lake's part is told by `stages.housekeeping`, Dagster's by `old_records`.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from emotion_pipeline.lake.cleaning import remove, size_of
from emotion_pipeline.orchestration import old_records
from emotion_pipeline.orchestration.pipeline import Pipeline
from emotion_pipeline.orchestration.turns import my_turn
from emotion_pipeline.stages import housekeeping
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.housekeeping import Sizes, sizes_of

MOST_SHOWN = 5


class Refused(Exception):
    """A refresh is running, whose work might be taken for what is left of a killed one."""


@dataclass(frozen=True)
class Kind:
    """One kind of things that are removed, or would be."""

    name: str
    n: int
    n_bytes: int
    shown: tuple[str, ...] = ()
    """Some of them."""
    removed: bool = True


def collect(
    pipeline: Pipeline,
    instance: dg.DagsterInstance,
    older_than: timedelta,
    *,
    with_orphans: bool = False,
    dry_run: bool = False,
) -> list[Kind]:
    """Remove what nothing needs, and say how much of which kind; with `dry_run`, only say.

    Dagster's runs, logs and ticks count when they are older than `older_than`. Raises Refused
    while a refresh of the lake runs.
    """

    def refuse(_: str) -> None:
        raise Refused("a refresh is running: try again when it has ended")

    workspace = Workspace(pipeline.settings)
    turn = nullcontext() if dry_run else my_turn(workspace.lake, instance, refuse)
    with turn:
        return [
            *_from_lake(workspace, pipeline, with_orphans, dry_run),
            *_from_dagster(pipeline, instance, datetime.now(UTC) - older_than, dry_run),
        ]


def _from_lake(
    workspace: Workspace, pipeline: Pipeline, with_orphans: bool, dry_run: bool
) -> Iterator[Kind]:
    never_in = housekeeping.not_ours(workspace)
    storage = workspace.lake.storage

    def delete(path: Path) -> None:
        remove(path, workspace.lake.root, never_in)
        storage.discard(path)

    strays = housekeeping.stray_files(workspace)
    yield _paths("unfinished files", strays, delete, dry_run)
    scratch = housekeeping.finished_training_scratch(workspace, pipeline.graph)
    yield _paths("checkpoints of finished trainings", scratch, delete, dry_run)
    unknown = housekeeping.orphans(workspace, pipeline.graph)
    yield _paths("orphans", unknown, delete, dry_run, kept=not with_orphans)
    receipts = housekeeping.forgotten_receipts(workspace, pipeline.graph)
    yield _paths("receipts of what is gone", receipts, delete, dry_run)


def _from_dagster(
    pipeline: Pipeline, instance: dg.DagsterInstance, before: datetime, dry_run: bool
) -> Iterator[Kind]:
    ended = old_records.ended_runs(instance, before)
    logs = sizes_of(old_records.log_folders(instance, ended))
    yield _paths("what old runs printed", logs, old_records.delete_path, dry_run)
    on_record = old_records.runs_on_record(instance, pipeline.checks)
    runs = [run_id for run_id in ended if run_id not in on_record]
    files = [file for run_id in runs for file in old_records.event_files(instance, run_id)]
    yield Kind("old runs of Dagster", len(runs), sum(map(size_of, files)))
    for run_id in () if dry_run else runs:
        old_records.delete_run(instance, run_id)
    left = sizes_of(old_records.left_behind(instance, before))
    yield _paths("files of runs that are gone", left, old_records.delete_path, dry_run)
    n_ticks = old_records.old_ticks(instance, before, purge=not dry_run)
    yield Kind("old ticks of schedules and sensors", n_ticks, 0)
    yield _free_pages(list(old_records.databases(instance)), dry_run)


def _paths(
    name: str,
    paths: Sizes,
    delete: Callable[[Path], None],
    dry_run: bool,
    *,
    kept: bool = False,
) -> Kind:
    for path in () if dry_run or kept else paths:
        delete(path)
    return Kind(name, len(paths), sum(paths.values()), _shown(list(paths)), not kept)


def _shown(paths: Sequence[Path]) -> tuple[str, ...]:
    more = (f"and {len(paths) - MOST_SHOWN:,} more",) if len(paths) > MOST_SHOWN else ()
    return (*map(str, paths[:MOST_SHOWN]), *more)


def _free_pages(databases: Iterable[Path], dry_run: bool) -> Kind:
    """A database that somebody writes to is left for the next time."""
    n_databases, n_bytes = 0, 0
    for database in databases:
        try:
            free = old_records.free_bytes(database)
            if free and not dry_run:
                old_records.vacuum(database)
        except sqlite3.OperationalError:
            continue
        n_databases += free > 0
        n_bytes += free
    return Kind("databases with free pages", n_databases, n_bytes)
