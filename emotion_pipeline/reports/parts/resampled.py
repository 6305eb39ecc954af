"""Measures of weighted rows with their bootstrap intervals, many at a time.

Drawing rows again costs more than measuring them, so that measures over equally many rows share
their draws.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from emotion_pipeline.metrics.intervals import bootstrap_values

Statistic = Callable[[np.ndarray], np.ndarray]

_AT_A_TIME = 40


@dataclass(frozen=True, eq=False)
class Measure:
    """One or more numbers about n rows: `statistic` maps weights (..., n) to (..., k)."""

    key: Hashable
    names: tuple[str, ...]
    n: int
    statistic: Statistic

    def values(self, weights: np.ndarray) -> np.ndarray:
        """(..., k), also where there is one number without an axis of its own."""
        found = self.statistic(weights)
        return found if found.ndim == weights.ndim else found[..., None]


def with_intervals(*names: str) -> tuple[str, ...]:
    """Columns of these numbers and of their intervals."""
    return tuple(f"{name}{part}" for name in names for part in ("", "_low", "_high"))


def over_seeds(measures: Iterable[Measure]) -> dict[str, float]:
    """`<name>_mean` and `<name>_sd` over equal measures of several seeds; NaN for one alone."""
    alike = list(measures)
    values = [one.values(np.ones(one.n)) for one in alike]
    sd = np.std(values, axis=0, ddof=1) if len(values) > 1 else np.full(len(values[0]), np.nan)
    found: dict[str, float] = {}
    for name, mean, deviation in zip(alike[0].names, np.mean(values, axis=0), sd, strict=True):
        found |= {f"{name}_mean": float(mean), f"{name}_sd": float(deviation)}
    return found


def mean_of(values: np.ndarray) -> Statistic:
    """Means over the rows of `values` (n, k) or (n,); rows of NaN do not count."""
    rows = values.reshape(len(values), -1)
    there = ~np.isnan(rows)
    filled = np.where(there, rows, 0.0)

    def mean(weights: np.ndarray) -> np.ndarray:
        n = weights @ there.astype(weights.dtype)
        return np.where(n > 0, weights @ filled.astype(weights.dtype) / np.maximum(n, 1), np.nan)

    return mean


def measured(measures: Iterable[Measure]) -> dict[Hashable, dict[str, float]]:
    """By key every number as `<name>`, `<name>_low` and `<name>_high`; NaN where undefined.

    A percentile bootstrap of 1,000 resamples, moved so that its median is the measured number:
    resampling adds noise of its own to what is never negative, such as a calibration error, and the
    bare percentiles may then lie above the number.
    """
    found: dict[Hashable, dict[str, float]] = {}
    by_n: dict[int, list[Measure]] = {}
    for one in measures:
        found[one.key] = {}
        by_n.setdefault(one.n, []).append(one)
    for n, alike in by_n.items():
        for one, (value, low, high) in zip(alike, _with_intervals(n, alike), strict=True):
            for number, name in enumerate(one.names):
                ends = {f"{name}_low": float(low[number]), f"{name}_high": float(high[number])}
                found[one.key] |= {name: float(value[number]), **ends}
    return found


def _with_intervals(
    n: int, measures: list[Measure]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    if n == 0:
        return [(np.full(len(one.names), np.nan),) * 3 for one in measures]
    ones = np.ones(n, dtype=np.int64)
    value = np.concatenate([one.values(ones.astype(np.float64)) for one in measures])
    drawn = bootstrap_values(ones, lambda counts: _all_values(measures, counts))
    low, middle, high = np.quantile(drawn, [0.025, 0.5, 0.975], axis=0)
    ends = np.cumsum([len(one.names) for one in measures])[:-1]
    parts = [np.split(part, ends) for part in (value, low - middle + value, high - middle + value)]
    return list(zip(*parts, strict=True))


def _all_values(measures: list[Measure], counts: np.ndarray) -> np.ndarray:
    # Single precision holds counts exactly; few resamples at a time stay in the processor's cache.
    parts = np.array_split(counts.astype(np.float32), 1 + len(counts) // _AT_A_TIME)
    return np.concatenate(
        [np.concatenate([one.values(part) for one in measures], axis=1) for part in parts]
    )
