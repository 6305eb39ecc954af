"""Which asset partitions are missing or stale, and why; pure comparison, nothing is run.

A partition is up to date when it was made by the present code from the present inputs and the lake
still holds what was made. Staleness is direct: what lies below a stale asset is looked at again
once that asset has been made, and stays untouched if its content came out the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from emotion_pipeline.datasets.raw_files import SourceMissing
from emotion_pipeline.stages.base import Stage
from emotion_pipeline.stages.state import RAW, LakeState


class Status(StrEnum):
    """Where an asset partition stands."""

    FRESH = "fresh"
    MISSING = "missing"
    STALE = "stale"
    ABSENT = "absent"
    """It cannot be made: raw files that it follows from are not there."""


@dataclass(frozen=True)
class Standing:
    """Status of one asset partition, and the reason in words."""

    key: str
    partition: str | None
    status: Status
    reason: str = ""

    @property
    def due(self) -> bool:
        return self.status in (Status.MISSING, Status.STALE)


Recorded = Mapping[tuple[str, str | None], str]
"""Data versions that the orchestrator has on record."""


def standings(
    stage: Stage, partitions: Iterable[str | None], state: LakeState, recorded: Recorded
) -> list[Standing]:
    """The standings of some partitions of a stage; its only one is None where it has none."""
    reason = absent(stage.key, state)
    if reason:
        return [Standing(stage.key, partition, Status.ABSENT, reason) for partition in partitions]
    return [_standing(stage, name, state, recorded.get((stage.key, name))) for name in partitions]


def absent(key: str, state: LakeState) -> str:
    """Why an asset cannot be made for want of raw files, or nothing; worked out once per state."""
    if key not in state.absences:
        state.absences[key] = _absent(key, state)
    return state.absences[key]


def _absent(key: str, state: LakeState) -> str:
    if key.startswith(RAW):
        found = state.source(key)
        return str(found) if isinstance(found, SourceMissing) else ""
    stage = state.graph[key]
    reasons = [absent(needs.key, state) for needs in stage.needs]
    wanting = all(reasons) if stage.needs_any else any(reasons)
    return next(filter(None, reasons), "") if wanting else ""


def _standing(stage: Stage, name: str | None, state: LakeState, recorded: str | None) -> Standing:
    receipt = state.workspace.lake.receipts.read(stage.key, name)
    present = state.version(stage.key, name)
    if receipt is None or recorded is None:
        made = "never made" if present is None else "in the lake, but no refresh has looked at it"
        return Standing(stage.key, name, Status.MISSING, made)
    if present is None:
        return Standing(
            stage.key, name, Status.MISSING, "its files in the lake are gone or damaged"
        )
    reasons = _changed_inputs(state.inputs(stage, name), receipt.inputs)
    if receipt.code != stage.code:
        reasons.append("its code or recipe has changed")
    if not present == receipt.version == recorded:
        reasons.append("the lake holds something else than was recorded")
    return Standing(stage.key, name, Status.STALE if reasons else Status.FRESH, "; ".join(reasons))


def _changed_inputs(present: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    words = {
        "has changed": (key for key in present if key in before and present[key] != before[key]),
        "is new": present.keys() - before.keys(),
        "is gone": before.keys() - present.keys(),
    }
    return [f"{key} {word}" for word, keys in words.items() for key in sorted(keys)]
