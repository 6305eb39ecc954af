"""How near predicted probabilities come to the shares of human votes, row by row.

A row that is hard for people has no single right answer; these measures do not pretend that it has.
"""

import numpy as np
from scipy.special import rel_entr


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
