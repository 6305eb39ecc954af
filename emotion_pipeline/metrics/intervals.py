"""How sure a number is: intervals for proportions and for statistics of resampled rows.

These cover the chance of having drawn this test set and no other. What another training seed
would have given is a different uncertainty, reported beside it as a spread over seeds.
"""

from collections.abc import Callable

import numpy as np

Interval = tuple[np.ndarray, np.ndarray]

_MAX_CELLS = 4_000_000  # resampled at a time: 32 MB


def wilson_interval(
    n_right: np.ndarray | int, n: np.ndarray | int, confidence: float = 0.95
) -> Interval:
    """Score interval (low, high) for the proportion `n_right / n`; NaN where n is 0.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    n_right, n = np.asarray(n_right, dtype=np.float64), np.asarray(n, dtype=np.float64)
    total = np.where(n > 0, n, np.nan)
    rate = n_right / total
    from scipy.special import ndtri

    z = ndtri(0.5 + confidence / 2)
    centre = rate + z**2 / (2 * total)
    half = z * np.sqrt(rate * (1 - rate) / total + (z / (2 * total)) ** 2)
    scale = 1 + z**2 / total
    return np.clip((centre - half) / scale, 0, rate), np.clip((centre + half) / scale, rate, 1)


def bootstrap_interval(
    counts: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    n_resamples: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Percentile interval (low, high) of a statistic of rows drawn again with replacement.

    `counts` and `statistic` are those of `bootstrap_values`.
    Efron 1979, "Bootstrap methods: another look at the jackknife". Equal seeds, equal interval.
    """
    tail = (1 - confidence) / 2
    values = bootstrap_values(counts, statistic, n_resamples=n_resamples, seed=seed)
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    return low, high


def bootstrap_values(
    counts: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
) -> np.ndarray:
    """A statistic (n_resamples, ...) of rows drawn again with replacement.

    `counts` (any shape) says how often each kind of row occurs: confusion counts, or ones where
    every row is a kind of its own. `statistic` maps resampled counts (b, *counts.shape) to
    (b, ...).
    Drawing rows again is drawing multinomial counts of their kinds, which needs no loop over rows.
    """
    rng = np.random.default_rng(seed)
    step = max(1, _MAX_CELLS // max(counts.size, 1))
    sizes = [min(step, n_resamples - start) for start in range(0, n_resamples, step)]
    return np.concatenate(
        [statistic(_drawn(rng, counts.ravel(), size).reshape(-1, *counts.shape)) for size in sizes]
    )


def _drawn(rng: np.random.Generator, counts: np.ndarray, n_resamples: int) -> np.ndarray:
    """Resampled counts (n_resamples, kinds) int64."""
    n, n_kinds = int(counts.sum()), len(counts)
    if n and (counts == 1).all():  # the same distribution, a fifth of the time
        rows = rng.integers(0, n, size=(n_resamples, n)) + n * np.arange(n_resamples)[:, None]
        return np.bincount(rows.ravel(), minlength=n_resamples * n).reshape(-1, n)
    return rng.multinomial(n, counts / max(n, 1), size=n_resamples).reshape(-1, n_kinds)


def bootstrap_mean_interval(values: np.ndarray, *, seed: int = 0) -> Interval:
    """Percentile interval of the mean over rows of `values` (n, ...); NaN where n is 0."""
    n = len(values)
    if n == 0:
        return np.full(values.shape[1:], np.nan), np.full(values.shape[1:], np.nan)
    ones = np.ones(n, dtype=np.int64)
    return bootstrap_interval(ones, lambda drawn: drawn @ values / n, seed=seed)
