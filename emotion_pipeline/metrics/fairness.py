"""Whether groups are treated alike: values by group, their gaps, and how sure a gap is.

Pictures of one person are alike, so that persons are drawn again and dealt out, never their
pictures: a unit is a person, or a picture where nobody says who is shown. Values by group and the
differences over groups are fairlearn's. Intervals and tests start from confusion counts of units,
as its own bootstrap draws rows and knows no persons.
Bird et al. 2020, "Fairlearn: A toolkit for assessing and improving fairness in AI".
"""

from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    equalized_odds_difference,
)
from scipy.stats import chi2_contingency, fisher_exact

from emotion_pipeline.metrics import classification

N_DEALT = 1999
N_OVERALL = 2
"""Measures over all classes, which stand before those of each class."""

_ROUNDING = 1e-9


def measures(counts: np.ndarray) -> np.ndarray:
    """Accuracy, macro-F1, recall and false positive rate of each class, (..., 2 + 2c).

    Read off confusion counts (..., c, c); each class is taken against the rest.
    """
    overall = (classification.accuracy_score(counts), classification.macro_f1_score(counts))
    each = (classification.recall_scores(counts), false_positive_rates(counts))
    return np.concatenate([np.stack(overall, axis=-1), *each], axis=-1)


def false_positive_rates(counts: np.ndarray) -> np.ndarray:
    """Share of the rows of other classes that are taken for each class (..., c); NaN without."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    n_others = counts.sum(axis=(-2, -1))[..., None] - counts.sum(axis=-1)
    n_taken = counts.sum(axis=-2) - hits
    return np.where(n_others > 0, n_taken / np.maximum(n_others, 1), np.nan)


def measured_rows(counts: np.ndarray) -> np.ndarray:
    """How many rows each of the `measures` is over, (..., 2 + 2c)."""
    n, n_class = counts.sum(axis=(-2, -1))[..., None], counts.sum(axis=-1)
    return np.concatenate([n, n, n_class, n - n_class], axis=-1)


def values_by_group(truth: np.ndarray, said: np.ndarray, groups: np.ndarray, n: int) -> np.ndarray:
    """The `measures` of each group, (g, 2 + 2n), in fairlearn's frame, of n classes.

    All three are (rows,) int; groups are 0 to g - 1, and each has rows.
    """

    def measured(truth: np.ndarray, said: np.ndarray) -> np.ndarray:
        cells = np.bincount(np.asarray(truth) * n + np.asarray(said), minlength=n * n)
        return measures(cells.reshape(n, n))

    frame = MetricFrame(metrics=measured, y_true=truth, y_pred=said, sensitive_features=groups)
    return np.stack(list(frame.by_group.sort_index()))


def group_differences(counts: np.ndarray, one: int) -> tuple[float, float]:
    """Equalised odds and demographic parity difference of a class against the rest, 0 to 1.

    Of confusion counts (g, c, c) of the groups: the larger of the gaps in recall and in false
    positive rate (Hardt et al. 2016, "Equality of Opportunity in Supervised Learning"), and the gap
    in how often the class is predicted (Dwork et al. 2012, "Fairness Through Awareness"), as
    fairlearn computes them.
    """
    of_one, said_one = counts[:, one].sum(axis=-1), counts[:, :, one].sum(axis=-1)
    hits, n = counts[:, one, one], counts.sum(axis=(-2, -1))
    cells = np.stack([n - of_one - said_one + hits, said_one - hits, of_one - hits, hits], axis=1)
    groups, truth, said = np.indices((len(counts), 2, 2)).reshape(3, -1)
    given = {"sensitive_features": groups, "sample_weight": cells.ravel()}
    return (
        float(equalized_odds_difference(truth, said, **given)),
        float(demographic_parity_difference(truth, said, **given)),
    )


def resampled_differences(counts: np.ndarray, one: int) -> np.ndarray:
    """`group_differences` of resampled confusion counts (b, g, c, c), (b, 2)."""
    n_classes = counts.shape[-1]
    values = measures(counts)
    recall, false = (values[..., N_OVERALL + one + k * n_classes] for k in (0, 1))
    predicted = counts[..., one].sum(axis=-1) / np.maximum(counts.sum(axis=(-2, -1)), 1)
    odds = np.maximum(np.ptp(recall, axis=-1), np.ptp(false, axis=-1))
    return np.stack([odds, np.ptp(predicted, axis=-1)], axis=-1)


def sums_by_group(
    weights: np.ndarray, groups: np.ndarray, sums: np.ndarray, n_groups: int
) -> np.ndarray:
    """What the units of each group add up to, (b, g, ...), of `sums` (u, ...).

    `weights` (b, u) says how often each unit counts; `groups` (u,) or (b, u) where it belongs.
    """
    flat = sums.reshape(len(sums), -1).astype(np.float32)  # holds counts exactly
    totals = [(weights * (groups == one)).astype(np.float32) @ flat for one in range(n_groups)]
    stacked = np.stack(totals, axis=1).astype(np.float64)
    return stacked.reshape(len(stacked), n_groups, *sums.shape[1:])


def drawn_units(groups: np.ndarray, *, n_resamples: int = 1000, seed: int = 0) -> np.ndarray:
    """How often each unit (u,) is drawn, (n_resamples, u): again and again within its group.

    Davison & Hinkley 1997, "Bootstrap Methods and their Application", section 3.8.
    """
    return _drawn(groups.astype(np.int64).tobytes(), n_resamples, seed)


def dealt_groups(groups: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """The groups (u,) of 0 to g - 1 dealt out to the units by chance, (b, u).

    Every way there is, where two groups can be dealt out in at most `N_DEALT` ways, else so many
    at random. Fisher 1935, "The Design of Experiments", chapter 3.
    """
    return _dealt(groups.astype(np.int64).tobytes(), seed)


# All models that were tested on the same pictures ask for the same draws and deals.
@lru_cache(maxsize=4)
def _drawn(groups_in_bytes: bytes, n_resamples: int, seed: int) -> np.ndarray:
    groups, rng = np.frombuffer(groups_in_bytes, np.int64), np.random.default_rng(seed)
    weights = np.zeros((n_resamples, len(groups)), dtype=np.float32)
    for one in np.unique(groups):
        members = np.flatnonzero(groups == one)
        n = len(members)
        drawn = rng.integers(0, n, size=(n_resamples, n)) + n * np.arange(n_resamples)[:, None]
        weights[:, members] = np.bincount(drawn.ravel(), minlength=n_resamples * n).reshape(-1, n)
    weights.flags.writeable = False
    return weights


@lru_cache(maxsize=4)
def _dealt(groups_in_bytes: bytes, seed: int) -> np.ndarray:
    groups = np.frombuffer(groups_in_bytes, np.int64)
    n_ways = _n_ways(np.bincount(groups))
    if n_ways is None:
        rows = np.tile(groups.astype(np.int8), (N_DEALT, 1))  # small ones are dealt out faster
        dealt = np.random.default_rng(seed).permuted(rows, axis=1)
    else:
        chosen = np.array(list(combinations(range(len(groups)), int((groups == 1).sum()))))
        dealt = np.zeros((n_ways, len(groups)), dtype=np.int8)
        np.put_along_axis(dealt, chosen, 1, axis=1)
    dealt.flags.writeable = False
    return dealt


def _n_ways(sizes: np.ndarray) -> int | None:
    """In how many ways groups of these sizes can be dealt out; None for too many to try all."""
    if len(sizes) != 2:
        return None
    n_ways = comb(int(sizes.sum()), int(sizes[0]))
    return n_ways if n_ways <= N_DEALT else None


def dealt_p_values(found: np.ndarray, dealt: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Share of the deals (b, k) of `dealt_groups(groups)` that make gaps as large as found (k,).

    A gap that is no number counts as large. Where not all deals were tried, what was found counts
    as one of them: Phipson & Smyth 2010, "Permutation P-values Should Never Be Zero".
    """
    n_larger = (~(dealt < found - _ROUNDING)).sum(axis=0)
    n_own = 0 if _n_ways(np.bincount(groups)) else 1
    return (n_larger + n_own) / (len(dealt) + n_own)


def smallest_p_value(sizes: np.ndarray) -> float:
    """The least that `dealt_p_values` can be for groups of so many units, however large the gap."""
    n_ways = _n_ways(sizes)
    if n_ways is None:
        return 1 / (N_DEALT + 1)
    return (2 if sizes[0] == sizes[1] else 1) / n_ways  # the mirrored deal is as uneven


def proportions_p_value(n_hit: np.ndarray, n: np.ndarray) -> float:
    """How likely proportions `n_hit / n` (g,) of independent rows are so uneven by chance.

    Fisher's exact test for two groups (Fisher 1922, "On the interpretation of chi-square from
    contingency tables"), chi-square for more. Both are two-sided.
    """
    table = np.stack([n_hit, n - n_hit])
    if (table.sum(axis=1) == 0).any():
        return 1.0
    test = fisher_exact(table) if table.shape[1] == 2 else chi2_contingency(table, correction=False)
    return float(test.pvalue)
