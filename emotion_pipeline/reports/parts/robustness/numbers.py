"""What gray, noisy, blurred and aged pictures cost a model, measured on the same pictures.

Every number of a model is over the test pictures that are in all of its domains, and in all of the
reference's; its interval is drawn from the same resamples of these pictures.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.metrics.intervals import bootstrap_interval
from emotion_pipeline.metrics.robustness import (
    corruption_scores,
    flip_rates,
    lost_rates,
    mean_corrupted_score,
    mean_corruption_error,
    relative_corrupted_score,
    relative_mean_corruption_error,
    severities,
)
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.comparisons import baseline
from emotion_pipeline.reports.parts.robustness.outcomes import Outcomes, outcomes_of
from emotion_pipeline.reports.parts.robustness.trained_on import trained_corruptions

DEGRADED, UNSEEN = "degraded", "unseen"
"""Means over all corruptions, and over those that the model was not trained on."""

ACCURACY, CHANGE, FLIPS, RIGHT_TO_WRONG = "accuracy", "change", "flips", "right_to_wrong"
RELATIVE, ERROR, RELATIVE_ERROR = "rPC", "mCE", "relative_mCE"

Key = tuple[str, str]
"""A measure, and the domain, corruption or mean that it is about."""


class Measured(NamedTuple):
    """A number with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def columns(self, name: str) -> dict[str, float]:
        """As the columns of a table that hold it."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


UNKNOWN = Measured(np.nan, np.nan, np.nan)


@dataclass(frozen=True, eq=False)
class Robustness:
    """One model under corruption. `reference` is None where it shares no corrupted pictures."""

    model: ModelResult
    outcomes: Outcomes
    reference: Outcomes | None

    @property
    def n(self) -> int:
        """Pictures that every number is over."""
        return len(self.outcomes.sample_ids)

    @cached_property
    def severities(self) -> dict[str, tuple[int, ...]]:
        """The severities that it was tested on, by corruption."""
        return severities(self.outcomes.domains)

    @cached_property
    def unseen(self) -> tuple[str, ...]:
        """The corruptions that it was tested on and not trained on."""
        trained = trained_corruptions(self.model)
        return tuple(one for one in self.severities if one not in trained)

    def get(self, measure: str, about: str = "") -> Measured:
        """A number; not a number where it was not measured."""
        return self._measured.get((measure, about), UNKNOWN)

    @cached_property
    def _measured(self) -> dict[Key, Measured]:
        ones = np.ones(self.n, dtype=np.int64)
        values = self._statistics(ones[None])
        low, high = bootstrap_interval(
            ones, lambda drawn: np.column_stack(list(self._statistics(drawn).values()))
        )
        numbers = zip((value[0] for value in values.values()), low, high, strict=True)
        return {
            key: Measured(*map(float, number)) for key, number in zip(values, numbers, strict=True)
        }

    def _statistics(self, drawn: np.ndarray) -> dict[Key, np.ndarray]:
        """All numbers of resampled pictures (b, n), each (b,)."""
        one, drawn = self.outcomes, drawn.astype(np.float64)
        scores = _accuracies(one, drawn)
        accuracy = self._with_means(scores)
        flips = self._with_means(_by_domain(one, flip_rates(one.said, one.before, drawn)))
        lost = self._with_means(_by_domain(one, lost_rates(one.said, one.before, one.truth, drawn)))
        found: dict[Key, np.ndarray] = {}
        for name, value in accuracy.items():
            found[ACCURACY, name] = value
            found[CHANGE, name] = value - accuracy[ORIGINAL]
            found[FLIPS, name] = flips[name]
            found[RIGHT_TO_WRONG, name] = lost[name] / np.where(
                flips[name] > 0, flips[name], np.nan
            )
        if self.severities:
            found[RELATIVE, ""] = relative_corrupted_score(scores)
        if self.reference is not None:
            reference = _accuracies(self.reference, drawn)
            found[ERROR, ""] = mean_corruption_error(scores, reference)
            found[RELATIVE_ERROR, ""] = relative_mean_corruption_error(scores, reference)
        return found

    def _with_means(self, scores: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return with_means(scores, self.unseen)


def with_means(scores: dict[str, np.ndarray], unseen: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Scores by domain, and their means: by corruption, over all, and over the unseen ones."""
    by_corruption = corruption_scores(scores)
    means = {DEGRADED: mean_corrupted_score(scores)} if by_corruption else {}
    if unseen:
        means[UNSEEN] = np.mean([by_corruption[one] for one in unseen], axis=0)
    return {**scores, **by_corruption, **means}


def _accuracies(one: Outcomes, drawn: np.ndarray) -> dict[str, np.ndarray]:
    return _by_domain(one, drawn @ one.right.astype(np.float64) / len(one.truth))


def _by_domain(one: Outcomes, values: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(one.domains, values.T, strict=True))


def reference_of(models: list[ModelResult]) -> ModelResult | None:
    """Whose errors are 100 %: the baseline of the models that were tested on corruptions."""
    return baseline([one for one in models if severities(one.domains)])


def robustness_of(models: list[ModelResult]) -> list[Robustness]:
    """The models that were tested on more than original pictures, in the same order."""
    reference = reference_of(models)
    against = outcomes_of(reference) if reference is not None else None
    found = [(one, outcomes_of(one)) for one in models if len(one.domains) > 1]
    return [
        _on_shared_pictures(one, outcomes, against)
        for one, outcomes in found
        if len(outcomes.truth)
    ]


def _on_shared_pictures(
    model: ModelResult, own: Outcomes, reference: Outcomes | None
) -> Robustness:
    """On the pictures that the reference has seen too, where both know a corruption."""
    if reference is None or not severities(_shared(own.domains, reference.domains)):
        return Robustness(model, own, None)
    both = own.sample_ids.intersection(reference.sample_ids)
    if both.empty:
        return Robustness(model, own, None)
    return Robustness(model, own.of(both), reference.of(both))


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(domain for domain in one if domain in other)


def over_seeds(one: Robustness) -> list[dict[str, float]]:
    """Accuracy by domain, corruption and mean, of each seed that was tested on all domains."""
    found = []
    for seed in one.model.seeds:
        outcomes = outcomes_of(one.model, seed)
        if outcomes.domains == one.outcomes.domains and len(outcomes.truth):
            scores = _by_domain(outcomes, outcomes.right.mean(axis=0)[None])
            means = with_means(scores, one.unseen)
            found.append({name: float(value[0]) for name, value in means.items()})
    return found
