"""Materialise exactly what is missing or stale, in the right order, through Dagster.

Assets are visited from the sources down. Each is looked at only when everything above it is done,
so that an asset recomputed to the same content leaves all below it untouched.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch

import dagster as dg

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.labels import nearest
from emotion_pipeline.orchestration.pipeline import Pipeline
from emotion_pipeline.orchestration.records import DATA_VERSION, recorded_versions
from emotion_pipeline.orchestration.turns import TAG
from emotion_pipeline.stages import validation
from emotion_pipeline.stages.base import Stage, Workspace
from emotion_pipeline.stages.sources import Observation
from emotion_pipeline.stages.staleness import Standing, Status, standings
from emotion_pipeline.stages.state import LakeState

SAMPLES = "samples/"
_OUR_ERROR = re.compile(r"^emotion_pipeline[\w.]*: ")  # its message says all
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

    @property
    def succeeded(self) -> bool:
        return not self.skipped and not self.unfit and all(one.succeeded for one in self.done)


def select(pipeline: Pipeline, patterns: Iterable[str]) -> list[Stage]:
    """The stages whose key matches a pattern, and all that they follow from, sources first.

    No pattern selects everything. Raises KeyError for a pattern that matches nothing.
    """
    patterns = list(patterns) or ["*"]
    for pattern in patterns:
        if not any(fnmatch(key, pattern) for key in pipeline.graph):
            raise KeyError(
                f"no asset matches {pattern!r}: {nearest(pattern, tuple(pipeline.graph))}"
            )
    wanted = {key for key in pipeline.graph for pattern in patterns if fnmatch(key, pattern)}
    for key in reversed(pipeline.graph):
        if key in wanted:
            wanted.update(needs.key for needs in pipeline.graph[key].needs)
    return [stage for key, stage in pipeline.graph.items() if key in wanted]


@dataclass
class Look:
    """The lake and the records at one moment, for `status` and between the steps of a refresh."""

    pipeline: Pipeline
    instance: dg.DagsterInstance
    state: LakeState = field(init=False)
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.state = LakeState(self.pipeline.graph, Workspace(self.pipeline.settings))
        self.recorded = recorded_versions(self.instance, self.pipeline.graph.values())

    def standings(self, stage: Stage) -> list[Standing]:
        return standings(stage, self.state, self.recorded)

    def update(self, stage: Stage, partition: str | None) -> None:
        """Look again at what has just been made."""
        self.state.forget(stage.key, partition)
        self.recorded.update(recorded_versions(self.instance, [stage]))

    def unchecked(self, stage: Stage) -> bool:
        """Whether samples that are there have no verdict by the present rules."""
        if not stage.key.startswith(SAMPLES) or self.state.version(stage.key) is None:
            return False
        return validation.verdict(self.state.workspace, get_dataset(_name(stage))) is None

    def failed_check(self, stage: Stage) -> str:
        """What the checks found wrong with samples, or nothing."""
        if not stage.key.startswith(SAMPLES):
            return ""
        found = validation.verdict(self.state.workspace, get_dataset(_name(stage)))
        return found.failures if found is not None and not found.passed else ""


def refresh(
    pipeline: Pipeline,
    instance: dg.DagsterInstance,
    stages: list[Stage],
    *,
    started: Started = lambda _: None,
    finished: Finished = lambda _: None,
) -> Outcome:
    """Bring the stages, which come sources first, up to date. Errors end their branch only."""
    look = Look(pipeline, instance)
    record_observations(look, stages)
    outcome = Outcome()
    for stage in stages:
        reason = _blocked_by(stage, outcome)
        standings_now = look.standings(stage)
        if standings_now[0].status is Status.ABSENT:
            continue
        if reason:
            outcome.skipped[stage.key] = reason
            continue
        for standing in [one for one in standings_now if one.due]:
            started(standing)
            done = _materialise(look, stage, standing)
            finished(done)
            outcome.done.append(done)
            look.update(stage, standing.partition)
            if not done.succeeded and not look.failed_check(stage):
                outcome.skipped[stage.key] = done.summary
        if stage.key not in outcome.skipped:
            _check(look, stage, outcome, started, finished)
    return outcome


def record_observations(look: Look, stages: list[Stage]) -> None:
    """Tell Dagster what the raw sources of these stages are now, where that is news; no run."""
    wanted = {needs.key for stage in stages for needs in stage.needs}
    for source in look.pipeline.sources:
        key = source.key.to_user_string()
        if key not in wanted:
            continue
        found = look.state.source(key)
        if isinstance(found, Observation):
            newest = look.instance.fetch_observations(source.key, limit=1).records
            known = newest[0].asset_observation if newest else None
            if known is None or (known.tags or {}).get(DATA_VERSION) != found.version:
                look.instance.report_runless_asset_event(observation(key, found))


def observation(key: str, found: Observation) -> dg.AssetObservation:
    """The event that gives a raw source its data version."""
    return dg.AssetObservation(
        dg.AssetKey(key.split("/")),
        tags={DATA_VERSION: found.version},
        metadata={"files": len(found.files), "bytes": found.n_bytes},
    )


def _blocked_by(stage: Stage, outcome: Outcome) -> str:
    blocking = outcome.skipped if stage.judges else outcome.skipped | outcome.unfit
    above = [needs.key for needs in stage.needs if needs.key in blocking]
    return f"waits for {', '.join(above)}" if above else ""


def _materialise(look: Look, stage: Stage, standing: Standing) -> Done:
    begin = time.monotonic()
    result = _run(look, dg.AssetSelection.assets(stage.key), standing.partition)
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
        result = _run(
            look, dg.AssetSelection.checks_for_assets(dg.AssetKey(stage.key.split("/"))), None
        )
        failed = look.failed_check(stage) or ("" if result.success else _error(result))
        done = Done(standing, not failed, time.monotonic() - begin, failed or "checks passed")
        finished(done)
        outcome.done.append(done)
    failed = look.failed_check(stage)
    if failed:
        outcome.unfit[stage.key] = f"checks failed: {failed}"


def _run(
    look: Look, selection: dg.AssetSelection, partition: str | None
) -> dg.ExecuteInProcessResult:
    pipeline = look.pipeline
    return dg.materialize(
        [*pipeline.sources, *pipeline.assets, *pipeline.checks],
        selection=selection,
        partition_key=partition,
        instance=look.instance,
        run_config=QUIET,
        tags={TAG: str(look.state.workspace.lake.root)},
        raise_on_error=False,
    )


def _error(result: dg.ExecuteInProcessResult) -> str:
    """The cause of a failed run, without Dagster's frames around it.

    Raises KeyboardInterrupt where the user or the system ended the run: Dagster turns that into a
    failure like any other, and the next asset would be started.
    """
    failures = [event for event in result.all_events if event.is_step_failure]
    error = failures[0].step_failure_data.error if failures else None
    if error is None:
        return "the run failed before a step began; see the Dagster UI"
    if error.cls_name == "DagsterExecutionInterruptedError":
        raise KeyboardInterrupt
    message = (error.cause or error).message.strip().split("\n")[0]
    return _OUR_ERROR.sub("", message)


def _name(stage: Stage) -> str:
    return stage.key.removeprefix(SAMPLES)
