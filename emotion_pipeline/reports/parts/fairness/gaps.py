"""One model's values by group and their gaps, of the shown seed on original test pictures.

A gap is the value of the highest group minus that of the lowest, among groups with pictures and
persons enough.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from emotion_pipeline.metrics import fairness
from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.reports.parts.fairness.people import (
    MIN_PERSONS,
    MIN_ROWS,
    Grouped,
)

ACCURACY, MACRO_F1, RECALL, FALSE = "accuracy", "macro F1", "recall", "false positive rate"


@dataclass(frozen=True, eq=False)
class Compared:
    """One model by one column. Arrays (g, k) have a row per group and a column per measure."""

    rows: Grouped

    @property
    def names(self) -> list[tuple[str, str]]:
        """Measure and emotion, k of them; no emotion where the measure is over all."""
        emotions = self.rows.model.emotions
        each = [(measure, emotion) for measure in (RECALL, FALSE) for emotion in emotions]
        return [(ACCURACY, ""), (MACRO_F1, ""), *each]

    @property
    def is_share(self) -> np.ndarray:
        """(k,) bool: a share of pictures, as all but macro-F1 are."""
        return np.array([measure != MACRO_F1 for measure, _ in self.names])

    @cached_property
    def values(self) -> np.ndarray:
        """(g, k); no number where a group has no pictures for it."""
        one = self.rows
        return fairness.values_by_group(one.truth, one.said, one.group, len(one.model.emotions))

    @cached_property
    def n(self) -> np.ndarray:
        """(g, k) pictures."""
        return fairness.measured_rows(self.rows.counts)

    @cached_property
    def n_units(self) -> np.ndarray:
        """(g, k) persons, or pictures where nobody says who is shown."""
        return self.rows.n_units(fairness.measured_rows(self.rows.unit_counts))

    @cached_property
    def enough(self) -> np.ndarray:
        """(g, k) bool: pictures and persons enough to stand in a gap."""
        found = (self.n >= MIN_ROWS) & (self.n_units >= (MIN_PERSONS if self.rows.by_person else 1))
        emotions = self.rows.counts.sum(axis=2) > 0
        # A mean over other emotions is another measure.
        found[:, 1] &= (emotions == emotions[found[:, 1]].any(axis=0)).all(axis=1)
        return found

    @cached_property
    def resampled(self) -> np.ndarray:
        """Confusion counts (b, g, c, c) of units drawn again within their groups."""
        one = self.rows
        weights = fairness.drawn_units(one.unit_groups)
        return fairness.sums_by_group(weights, one.unit_groups, one.unit_counts, len(one.levels))

    @cached_property
    def resampled_values(self) -> np.ndarray:
        """(b, g, k) of the resamples."""
        return fairness.measures(self.resampled)

    @cached_property
    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Low and high ends (g, k) of the values' intervals."""
        low, high = quantiles(self.resampled_values)
        own_low, own_high = wilson_interval(np.rint(self.values * self.n), self.n)
        if self.rows.by_person:  # a few persons who are alike by chance would make it too narrow
            own_low, own_high = np.fmin(low, own_low), np.fmax(high, own_high)
        return np.where(self.is_share, own_low, low), np.where(self.is_share, own_high, high)

    @cached_property
    def n_groups(self) -> np.ndarray:
        """(k,) how many groups stand in each gap: below 2 there is none."""
        return self.enough.sum(axis=0)

    @cached_property
    def ranked(self) -> tuple[np.ndarray, np.ndarray]:
        """The highest and the lowest group (k,) of each measure, of those with enough."""
        return (
            np.where(self.enough, self.values, -np.inf).argmax(axis=0),
            # The last of equals, so that two equal groups are two.
            len(self.values) - 1 - np.where(self.enough, self.values, np.inf)[::-1].argmin(axis=0),
        )

    def gaps(self, values: np.ndarray) -> np.ndarray:
        """Highest minus lowest group (..., k) of values (..., g, k)."""
        measure = np.arange(values.shape[-1])
        highest, lowest = self.ranked
        found = values[..., highest, measure] - values[..., lowest, measure]
        return np.where(self.n_groups > 1, found, np.nan)

    @cached_property
    def p_values(self) -> np.ndarray:
        """(k,); no number where fewer than two groups have enough."""
        found = np.full(len(self.names), np.nan)
        tested = np.flatnonzero(self.n_groups > 1)
        for kept in sorted({tuple(np.flatnonzero(self.enough[:, one])) for one in tested}):
            alike = [one for one in tested if tuple(np.flatnonzero(self.enough[:, one])) == kept]
            found[alike] = self._tested(np.array(kept), np.array(alike))
        return found

    def _tested(self, kept: np.ndarray, tested: np.ndarray) -> np.ndarray:
        """P-values of the gaps in the tested measures between the kept groups, all with enough."""
        found = _dealt_p_values(self.rows.of_groups(kept))[tested]
        if self.rows.by_person:
            return found
        n = self.n[np.ix_(kept, tested)]
        hits = np.rint(self.values[np.ix_(kept, tested)] * n)
        shares = zip(hits.T, n.T, strict=True)
        exact = np.array([fairness.proportions_p_value(*one) for one in shares])
        return np.where(self.is_share[tested], exact, found)


def _dealt_p_values(rows: Grouped) -> np.ndarray:
    """P-values (k,) of the gaps over all groups of these rows, which are dealt out to the units."""
    groups = rows.unit_groups
    dealt = fairness.dealt_groups(groups)
    ones = np.ones((1, len(groups)), dtype=np.float32)
    counts = fairness.sums_by_group(ones, dealt, rows.unit_counts, len(rows.levels))
    found = np.ptp(fairness.measures(rows.counts), axis=0)
    return fairness.dealt_p_values(found, np.ptp(fairness.measures(counts), axis=1), groups)


def quantiles(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % percentile ends of values (b, ...); resamples without a number do not count."""
    if not np.isnan(values).any():
        low, high = np.quantile(values, [0.025, 0.975], axis=0)  # much faster
        return low, high
    nowhere = np.isnan(values).all(axis=0)
    low, high = np.nanquantile(np.where(nowhere, 0.0, values), [0.025, 0.975], axis=0)
    return np.where(nowhere, np.nan, low), np.where(nowhere, np.nan, high)
