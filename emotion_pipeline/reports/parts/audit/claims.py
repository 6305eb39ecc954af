"""What is left of a claimed accuracy once the test rows that may have been learned from are out."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.reports.parts.page import percent

MIN_ROWS = 100
"""Leak-free test rows below which no claim is judged: the interval is some 20 points wide."""


class Verdict(StrEnum):
    """What an audit says of a claim."""

    SUPPORTED = "supported"
    UNDERSTATED = "understated"
    LEAKED = "only with leaked pictures"
    NOT_SUPPORTED = "not supported"
    UNJUDGED = "cannot be judged"
    NO_CLAIM = "no claim"

    @property
    def holds(self) -> bool:
        """Whether the model is as good as was claimed."""
        return self in (Verdict.SUPPORTED, Verdict.UNDERSTATED)


@dataclass(frozen=True)
class Measured:
    """An accuracy: `n_right` of `n` rows, with its Wilson interval (NaN for no rows)."""

    n_right: int
    n: int

    @classmethod
    def of(cls, right: np.ndarray) -> "Measured":
        """Of rows (n,) bool."""
        return cls(int(right.sum()), len(right))

    @property
    def score(self) -> float:
        return self.n_right / self.n if self.n else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        low, high = wilson_interval(self.n_right, self.n)
        return float(low), float(high)

    def with_missing(self, n: int) -> "Measured":
        """As if so many more rows had been predicted wrongly."""
        return Measured(self.n_right, self.n + n)

    def __str__(self) -> str:
        low, high = self.interval
        between = f"{percent(low)}–{percent(high)}"
        return f"{percent(self.score)} % ({between}, n = {self.n:,})"


def verdict_of(
    claim: float, official: Measured, leak_free: Measured, n_missing: int
) -> tuple[Verdict, str]:
    """The verdict on a claim (0 to 1) and a sentence why.

    `n_missing` test rows without a prediction may not decide it: a verdict that turns where they
    count as wrong is none.
    """
    said = f"The claim is {percent(claim)} %"
    if leak_free.n < MIN_ROWS:
        return Verdict.UNJUDGED, (
            f"{said}, but only {leak_free.n:,} test rows are free of leaks; {MIN_ROWS} are needed."
        )
    found = _compared(claim, official, leak_free)
    worst = _compared(claim, official.with_missing(n_missing), leak_free.with_missing(n_missing))
    if found.holds and not worst.holds:
        return Verdict.UNJUDGED, (
            f"{said}, and the rows that are there reach {leak_free} without leaks, but"
            f" {n_missing:,} test rows have no prediction and would decide it if they were wrong."
        )
    words = {
        Verdict.SUPPORTED: f"within the interval of the leak-free accuracy, {leak_free}",
        Verdict.UNDERSTATED: f"below what was measured without leaks, {leak_free}",
        Verdict.LEAKED: (
            f"within reach of the official accuracy, {official}, but above the leak-free one,"
            f" {leak_free}"
        ),
        Verdict.NOT_SUPPORTED: (
            f"above both the official accuracy, {official}, and the leak-free one, {leak_free}"
        ),
    }
    return found, f"{said}: {words[found]}."


def _compared(claim: float, official: Measured, leak_free: Measured) -> Verdict:
    low, high = leak_free.interval
    if claim < low:
        return Verdict.UNDERSTATED
    if claim <= high:
        return Verdict.SUPPORTED
    leaks = official.n > leak_free.n
    return Verdict.LEAKED if leaks and claim <= official.interval[1] else Verdict.NOT_SUPPORTED
