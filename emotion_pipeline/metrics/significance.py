"""Whether two models that saw the same rows differ by more than chance."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from emotion_pipeline.metrics.intervals import bootstrap_values


@dataclass(frozen=True)
class McNemar:
    """Rows that only one of two models got right, and how likely so uneven a split is by chance."""

    n_only_first: int
    n_only_second: int
    p_value: float


def exact_mcnemar(first_right: np.ndarray, second_right: np.ndarray) -> McNemar:
    """Exact two-sided McNemar test of two (n,) bool arrays over the same rows, in the same order.

    McNemar 1947, "Note on the sampling error of the difference between correlated proportions",
    with binomial probabilities in place of chi-square. Raises ValueError for unequal shapes.
    """
    if first_right.shape != second_right.shape:
        raise ValueError(f"not the same rows: {first_right.shape} and {second_right.shape}")
    n_first = int((first_right & ~second_right).sum())
    n_second = int((second_right & ~first_right).sum())
    n = n_first + n_second
    return McNemar(n_first, n_second, float(binomtest(n_first, n).pvalue) if n else 1.0)


@dataclass(frozen=True)
class PairedDifference:
    """A difference (...) with its percentile interval, and how likely one so large is by chance."""

    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p_value: np.ndarray


def paired_bootstrap(
    counts: np.ndarray,
    difference: Callable[[np.ndarray], np.ndarray],
    *,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> PairedDifference:
    """A difference of two models whose rows are drawn again together, the same ones for both.

    `counts` (any shape) says how often each kind of row occurs, where a row's kind is what both
    models make of it: `classification.paired_counts`, or ones where every row is a kind of its own.
    `difference` maps counts (b, *counts.shape) to (b, ...). The two-sided p-value is twice the
    share of resamples on the rarer side of 0, at least 2 / (n_resamples + 1).
    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapters 13 and 15.
    """
    values = bootstrap_values(counts, difference, n_resamples=n_resamples, seed=seed)
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    rarer = np.minimum((values <= 0).sum(axis=0), (values >= 0).sum(axis=0))
    p_value = np.minimum(1.0, 2 * (rarer + 1) / (n_resamples + 1))
    found = difference(counts[None])[0]
    return PairedDifference(found, low, high, np.where(np.isnan(found), np.nan, p_value))


def holm_adjusted(p_values: np.ndarray) -> np.ndarray:
    """P-values (k,) adjusted for being k tests: below 0.05, less than 5 % chance of any false find.

    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p_values[order] * factors))
    return adjusted
