"""How near predicted probabilities come to the shares of human votes, row by row.

A row that is hard for people has no single right answer; these measures do not pretend that it has.
"""

import numpy as np
from scipy.special import entr, rel_entr
from scipy.stats import rankdata


def jensen_shannon_error(shares: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence (n,) in bits, 0 (equal) to 1 (disjoint), of rows (n, c) each.

    Rows sum to 1 and have their classes in the same order. Lin 1991, "Divergence measures based on
    the Shannon entropy". Raises ValueError for unequal shapes.
    """
    if shares.shape != probabilities.shape:
        raise ValueError(f"shares {shares.shape} but probabilities {probabilities.shape}")
    middle = (shares + probabilities) / 2
    nats = rel_entr(shares, middle).sum(axis=1) + rel_entr(probabilities, middle).sum(axis=1)
    return np.clip(nats / (2 * np.log(2)), 0, 1)  # rounding can leave a hair outside


def soft_accuracy_score(shares: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Share (n,) of the human votes that went to the predicted class of each row, 0 to 1.

    Both are (n, c) with their classes in the same order; the first of tied classes is predicted.
    """
    if shares.shape != probabilities.shape:
        raise ValueError(f"shares {shares.shape} but probabilities {probabilities.shape}")
    return np.take_along_axis(shares, probabilities.argmax(axis=1)[:, None], axis=1)[:, 0]


def top_two_agreement(shares: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """1 where the two most voted classes are the two most probable ones, else 0, of rows (n, c).

    NaN where the votes name no such pair: the second class has no vote, or as many as the third.
    Probabilities that tie are taken in order of the classes.
    """
    second, third = np.sort(shares, axis=1)[:, [-2, -3]].T
    voted = np.sort(np.argsort(-shares, axis=1, kind="stable")[:, :2], axis=1)
    probable = np.sort(np.argsort(-probabilities, axis=1, kind="stable")[:, :2], axis=1)
    same = (voted == probable).all(axis=1).astype(np.float64)
    return np.where((second > third) & (second > 0), same, np.nan)


def entropies(shares: np.ndarray) -> np.ndarray:
    """Shannon entropy (n,) in bits of rows (n, c) that sum to 1: 0 is one class alone.

    Rounded to 12 digits, so that the same shares in another order have the same entropy.
    """
    return np.round(entr(shares).sum(axis=1) / np.log(2), 12)


def squared_errors(shares: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Squared distance (n,), 0 to 2, of rows (n, c): Brier 1950, with shares as the truth."""
    return np.asarray(((shares - probabilities) ** 2).sum(axis=1))


def rank_correlation(weights: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's correlation (...) of two values (n,) of rows with weights (..., n).

    Spearman 1904, "The proof and measurement of association between two things". Ranks are those of
    the rows as they are; NaN where a value never changes.
    """
    ranks = [(rankdata(values) - (len(values) + 1) / 2) / len(values) for values in (first, second)]
    moments = np.column_stack([*ranks, ranks[0] ** 2, ranks[1] ** 2, ranks[0] * ranks[1]])
    total = weights.sum(axis=-1)
    x, y, xx, yy, xy = (
        np.moveaxis(weights @ moments.astype(np.result_type(weights, np.float32)), -1, 0) / total
    )
    spread = np.sqrt(np.maximum((xx - x**2) * (yy - y**2), 0))
    return np.where(spread > 1e-12, (xy - x * y) / np.maximum(spread, 1e-12), np.nan)
