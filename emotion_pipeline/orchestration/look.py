"""The lake and Dagster's records at one moment: how the wanted partitions stand."""

import time
from dataclasses import dataclass, field, replace

import dagster as dg

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.orchestration.pipeline import Pipeline
from emotion_pipeline.orchestration.records import record_observation, recorded_versions
from emotion_pipeline.orchestration.selection import Selection
from emotion_pipeline.stages import champions, validation
from emotion_pipeline.stages.base import Lacking, Prepare, Stage, Workspace
from emotion_pipeline.stages.sources import Observation
from emotion_pipeline.stages.staleness import Standing, Status, absent, standings
from emotion_pipeline.stages.state import RAW, LakeState

SAMPLES = "samples/"


@dataclass
class Look:
    """How a selection stands, for `status` and between the steps of a refresh."""

    pipeline: Pipeline
    instance: dg.DagsterInstance
    selection: Selection
    state: LakeState = field(init=False)
    began: float = field(default_factory=time.monotonic)
    _lacking: dict[Prepare, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.state = LakeState(self.pipeline.graph, Workspace(self.pipeline.settings))
        self.recorded = recorded_versions(self.instance, self.stages)

    @property
    def stages(self) -> list[Stage]:
        """The selected stages, sources first."""
        return [self.pipeline.graph[key] for key in self.selection]

    def standings(self, stage: Stage) -> list[Standing]:
        """How the wanted partitions of a stage stand; samples without a verdict are stale."""
        found = standings(stage, self.selection[stage.key], self.state, self.recorded)
        if not self.unchecked(stage):
            return found
        reason = "its checks have changed or never ran"
        return [
            replace(one, status=Status.STALE, reason=reason) if one.status is Status.FRESH else one
            for one in found
        ]

    def absent(self, stage: Stage) -> str:
        """Why a stage cannot be made for want of raw files, or nothing."""
        return absent(stage.key, self.state)

    def lacking(self, stage: Stage) -> str:
        """What a stage is made with and cannot be had from outside, or nothing; tried once."""
        if stage.prepare not in self._lacking:
            try:
                stage.prepare(self.state.workspace)
                self._lacking[stage.prepare] = ""
            except Lacking as lacking:
                self._lacking[stage.prepare] = str(lacking)
        return self._lacking[stage.prepare]

    def on_demand(self, stage: Stage) -> list[str]:
        """The partitions that nothing wants, though they could be made."""
        wanted = self.selection[stage.key]
        return [] if self.absent(stage) else [one for one in stage.partitions if one not in wanted]

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
        """What the checks found wrong with samples or a champion, or nothing."""
        if stage.group == "champions":
            refused = champions.refusal(self.state.workspace, stage.key.partition("/")[2])
            return str(refused) if refused else ""
        if not stage.key.startswith(SAMPLES):
            return ""
        found = validation.verdict(self.state.workspace, get_dataset(_name(stage)))
        return found.failures if found is not None and not found.passed else ""


def record_observations(look: Look) -> None:
    """Tell Dagster what the raw sources of a selection are now, where that is news; no run."""
    wanted = {needs.key for stage in look.stages for needs in stage.needs}
    for key in (f"{RAW}{name}" for name in look.pipeline.datasets):
        if key not in wanted:
            continue
        found = look.state.source(key)
        if isinstance(found, Observation):
            record_observation(look.instance, key, found)


def _name(stage: Stage) -> str:
    return stage.key.removeprefix(SAMPLES)
