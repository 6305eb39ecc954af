"""Checks of Dagster's records: where they are, whether they are sound, and who works with them."""

import os
import re
from collections.abc import Iterator

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorStatus
from filelock import FileLock, Timeout

from emotion_pipeline.lake import Lake
from emotion_pipeline.lake.cleaning import size_of
from emotion_pipeline.orchestration.doctor.finding import Finding, ok, problem, warning
from emotion_pipeline.orchestration.home import open_instance
from emotion_pipeline.orchestration.turns import TAG, UNFINISHED
from emotion_pipeline.settings import Settings

_STARTED = re.compile(r"Started process for run \(pid: (\d+)\)")
LARGE_BYTES = 5 * 10**9


def dagster_records(settings: Settings) -> Iterator[Finding]:
    """Dagster's instance opens, and what is in it; nothing to look at before the first refresh."""
    if not (settings.dagster_home / "dagster.yaml").is_file():
        yield ok("dagster_records", f"{settings.dagster_home} will be made by the first refresh")
        return
    with open_instance(settings) as instance:
        where = "Postgres" if settings.postgres_url else str(settings.dagster_home)
        yield ok("dagster_records", f"Dagster keeps {instance.get_runs_count():,} runs in {where}")
        yield schema(instance)
        yield size(settings)
        yield unfinished_runs(settings, instance)
        yield daemon(instance)
        yield from pools(instance)


def schema(instance: dg.DagsterInstance) -> Finding:
    """The tables are those of the installed Dagster."""
    stores = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
    versions = [store.alembic_version() for store in stores if store is not None]
    if any(found is not None and found[0] not in (None, found[1]) for found in versions):
        remedy = "DAGSTER_HOME=<that folder> dagster instance migrate"
        return problem("dagster_schema", "Dagster's tables are of another version", remedy)
    return ok("dagster_schema", "Dagster's tables are up to date")


def size(settings: Settings) -> Finding:
    """Dagster's folder is not too large."""
    n_bytes = size_of(settings.dagster_home)
    what = f"Dagster's folder holds {n_bytes / 1e6:,.1f} MB"
    if n_bytes > LARGE_BYTES:
        return warning("dagster_size", what, "emotion-pipeline gc")
    return ok("dagster_size", what)


def unfinished_runs(settings: Settings, instance: dg.DagsterInstance) -> Finding:
    """No run is on record as running whose process is gone."""
    unfinished = instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED))
    of_refresh = [one for one in unfinished if TAG in one.dagster_run.tags]
    others = [one for one in unfinished if TAG not in one.dagster_run.tags]
    of_daemon = others if _daemon_is_alive(instance) else []
    alive = [
        *(of_refresh if _refreshing(Lake(settings.lake)) else []),
        *(one for one in of_daemon if not _process_is_gone(instance, one.dagster_run.run_id)),
    ]
    n_stuck = len(unfinished) - len(alive)
    if n_stuck:
        remedy = "the next emotion-pipeline refresh ends its own; terminate others in the UI"
        return warning(
            "dagster_runs", f"{n_stuck} runs are called running, but nobody runs them", remedy
        )
    return ok("dagster_runs", f"{len(alive)} runs are running")


def daemon(instance: dg.DagsterInstance) -> Finding:
    """Schedules and sensors that are on have a daemon that looks after them."""
    if _daemon_is_alive(instance):
        return ok("dagster_daemon", "Dagster's daemon is running")
    on = [
        state.instigator_name
        for state in instance.all_instigator_state()
        if state.status is InstigatorStatus.RUNNING
    ]
    if on:
        what = f"{', '.join(on)} are on, but Dagster's daemon is not running"
        return warning("dagster_daemon", what, "emotion-pipeline ui")
    return ok("dagster_daemon", "Dagster's daemon is not running, and no schedule waits for it")


def pools(instance: dg.DagsterInstance) -> Iterator[Finding]:
    """Every pool lets somebody work."""
    for pool in instance.event_log_storage.get_pool_limits():
        what = f"pool {pool.name}: {pool.limit} at a time"
        if pool.limit < 1:
            yield warning("dagster_pools", what, f"dagster instance concurrency set {pool.name} 1")
        else:
            yield ok("dagster_pools", what)


def _refreshing(lake: Lake) -> bool:
    lock = FileLock(lake.scratch / "refresh.lock")
    if not lake.scratch.is_dir():
        return False
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    return False


def _process_is_gone(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether Dagster started the run in a process of this machine that has ended.

    Its code server sees that at once, but not that of before a restart.
    """
    if not isinstance(instance.run_launcher, dg.DefaultRunLauncher):
        return False
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT)
    pids = [found[1] for event in events if (found := _STARTED.search(event.message))]
    return bool(pids) and not _is_there(int(pids[-1]))


def _is_there(pid: int) -> bool:
    """Whether a process of this number is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


def _daemon_is_alive(instance: dg.DagsterInstance) -> bool:
    return any(status.healthy for status in instance.get_daemon_statuses().values())
