"""Whether two models that saw the same rows differ by more than chance."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest


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


def holm_adjusted(p_values: np.ndarray) -> np.ndarray:
    """P-values (k,) adjusted for being k tests: below 0.05, less than 5 % chance of any false find.

    Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p_values[order] * factors))
    return adjusted
