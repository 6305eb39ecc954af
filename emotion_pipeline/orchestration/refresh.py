"""Materialise exactly what is missing or stale, in the right order, through Dagster.

Assets are visited from the sources down. Each is looked at only when everything above it is done,
so that an asset recomputed to the same content leaves all below it untouched.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import dagster as dg

from emotion_pipeline.orchestration.look import Look, record_observations
from emotion_pipeline.orchestration.pipeline import Pipeline
from emotion_pipeline.orchestration.progress import heard_by, nobody
from emotion_pipeline.orchestration.selection import Selection
from emotion_pipeline.orchestration.turns import TAG
from emotion_pipeline.stages.base import Progress, Stage
from emotion_pipeline.stages.staleness import Standing, Status

_OUR_ERROR = re.compile(r"^(emotion_pipeline|dagster)[\w.]*: ")  # its message says all
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Done:
    """How one materialisation ended."""

    standing: Standing
    succeeded: bool
    seconds: float
    summary: str


Started = Callable[[Standing], None]
Finished = Callable[[Done], None]


@dataclass
class Outcome:
    """How a refresh ended."""

    done: list[Done] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    """Assets that could not be made, by the reason."""
    unfit: dict[str, str] = field(default_factory=dict)
    """Samples that were made, but failed their checks."""
    lacking: dict[str, str] = field(default_factory=dict)
    """Assets that could not be made for want of something from outside: no failure, as with raw
    files that are not there."""

    @property
    def succeeded(self) -> bool:
        return not self.skipped and not self.unfit and all(one.succeeded for one in self.done)


def refresh(
    pipeline: Pipeline,
    instance: dg.DagsterInstance,
    selection: Selection,
    *,
    started: Started = lambda _: None,
    progressed: Progress = nobody,
    finished: Finished = lambda _: None,
) -> Outcome:
    """Bring a selection up to date. Errors end their branch only.

    `progressed(done, of)` is called after every bucket of the partition that was started last.
    """
    look = Look(pipeline, instance, selection)
    record_observations(look)
    outcome = Outcome()
    with heard_by(progressed):
        for stage in look.stages:
            if selection[stage.key] and not look.absent(stage):
                _bring_up_to_date(look, stage, outcome, started, finished)
    return outcome


def _bring_up_to_date(
    look: Look, stage: Stage, outcome: Outcome, started: Started, finished: Finished
) -> None:
    reason = _blocked_by(stage, outcome)
    if reason:
        outcome.skipped[stage.key] = reason
        return
    due = [one for one in look.standings(stage) if one.due]
    lacking = _lacks(look, stage, outcome) if due else ""
    if lacking:
        outcome.lacking[stage.key] = lacking
        return
    for standing in due:
        started(standing)
        done = _materialise(look, stage, standing)
        finished(done)
        outcome.done.append(done)
        look.update(stage, standing.partition)
        if not done.succeeded and not look.failed_check(stage):
            outcome.skipped[stage.key] = done.summary
    if stage.key not in outcome.skipped:
        _check(look, stage, outcome, started, finished)


def _blocked_by(stage: Stage, outcome: Outcome) -> str:
    blocking = outcome.skipped if stage.judges else outcome.skipped | outcome.unfit
    above = [needs.key for needs in stage.needs if needs.key in blocking]
    if stage.needs_any and len(above) < len(stage.needs):
        return ""
    return f"waits for {', '.join(above)}" if above else ""


def _lacks(look: Look, stage: Stage, outcome: Outcome) -> str:
    """What a stage, or all that it follows from, cannot be made for want of; or nothing."""
    above = [outcome.lacking.get(needs.key, "") for needs in stage.needs]
    if all(above) if stage.needs_any else any(above):
        return next(filter(None, above), "")
    return look.lacking(stage)


def _materialise(look: Look, stage: Stage, standing: Standing) -> Done:
    begin = time.monotonic()
    result = _run(look, stage, dg.AssetSelection.assets(stage.key), standing.partition)
    seconds = time.monotonic() - begin
    made = result.get_asset_materialization_events()
    if not made:
        return Done(standing, False, seconds, _error(result))
    summary = made[-1].materialization.metadata["summary"].value
    failed = look.failed_check(stage)
    if failed:
        return Done(standing, False, seconds, f"checks failed: {failed}")
    return Done(standing, True, seconds, str(summary))


def _check(
    look: Look, stage: Stage, outcome: Outcome, started: Started, finished: Finished
) -> None:
    """Judge samples whose rules have changed, and hold back what follows from failed ones."""
    if look.unchecked(stage):
        standing = Standing(stage.key, None, Status.STALE, "its checks have changed or never ran")
        started(standing)
        begin = time.monotonic()
        checks = dg.AssetSelection.checks_for_assets(dg.AssetKey(stage.key.split("/")))
        result = _run(look, stage, checks, None)
        failed = look.failed_check(stage) or ("" if result.success else _error(result))
        done = Done(standing, not failed, time.monotonic() - begin, failed or "checks passed")
        finished(done)
        outcome.done.append(done)
    failed = look.failed_check(stage)
    if failed:
        outcome.unfit[stage.key] = f"checks failed: {failed}"


def _run(
    look: Look, stage: Stage, selection: dg.AssetSelection, partition: str | None
) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        # Dagster goes through all that it is given, which takes longer than most partitions.
        list(look.pipeline.near(stage)),
        selection=selection,
        partition_key=partition,
        instance=look.instance,
        run_config=QUIET,
        # One that is killed is made good by the next refresh, not by Dagster's daemon.
        tags={TAG: look.state.workspace.lake.address, "dagster/max_retries": "0"},
        raise_on_error=False,
    )


def _error(result: dg.ExecuteInProcessResult) -> str:
    """The cause of a failed run.

    Raises KeyboardInterrupt where the user or the system ended the run: Dagster turns that into a
    failure like any other, and the next asset would be started.
    """
    failures = [event for event in result.all_events if event.is_step_failure]
    error = failures[0].step_failure_data.error if failures else None
    if error is None:
        return "the run failed before a step began; see the Dagster UI"
    if error.cls_name == "DagsterExecutionInterruptedError":
        raise KeyboardInterrupt
    return cause(failures[0])


def cause(failure: dg.DagsterEvent) -> str:
    """The first line of what the error of a failed step says, without Dagster's frames around."""
    error = failure.step_failure_data.error
    if error is None:
        return "no cause is known"
    message = (error.cause or error).message.strip().split("\n")[0]
    return _OUR_ERROR.sub("", message)
