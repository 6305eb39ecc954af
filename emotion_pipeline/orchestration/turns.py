"""One refresh of a lake at a time, and what a killed one leaves behind in Dagster."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from emotion_pipeline.lake import Lake
from emotion_pipeline.lake.locks import held

TAG = "emotion_pipeline/refresh_of"
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@contextmanager
def my_turn(
    lake: Lake, instance: dg.DagsterInstance, tell: Callable[[str], object]
) -> Iterator[None]:
    """Wait until no other refresh of the lake runs, on this machine, and say so if there is one."""
    waiting = f"another refresh of {lake.address} is running: waiting until it has ended"
    with held(lake.scratch / "refresh.lock", lambda: tell(waiting)):
        _end_dead_runs(lake, instance)
        yield


def _end_dead_runs(lake: Lake, instance: dg.DagsterInstance) -> None:
    """Runs of a refresh that was killed: mark them as failed and give back their pool slots.

    Nobody else refreshes now, so none of them is alive; Dagster would wait for their slots.
    """
    ours = dg.RunsFilter(tags={TAG: lake.address}, statuses=UNFINISHED)
    for record in instance.get_run_records(ours):
        run = record.dagster_run
        instance.report_run_failed(run, "the refresh that started this run was killed")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
