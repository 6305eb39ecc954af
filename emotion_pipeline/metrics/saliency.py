"""What a saliency map is worth: is it like another one, and which pixels does it point at?

Maps are (n, h, w), larger where a picture matters more; only their order within a picture counts.
"""

import numpy as np
from scipy.stats import rankdata


def rank_similarity(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of the maps (n, h, w) of each picture, (n,) float64, -1 to 1.

    A map of one value has no order: its similarity is 0. Used on maps by Adebayo et al. 2018,
    "Sanity Checks for Saliency Maps". Raises ValueError for unequal shapes.
    """
    if first.shape != second.shape:
        raise ValueError(f"not maps of the same pictures: {first.shape} and {second.shape}")
    one, other = (_centred_ranks(maps) for maps in (first, second))
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    products = (one * other).sum(axis=1)
    return np.divide(products, norms, out=np.zeros(len(first)), where=norms > 0)


def most_salient(maps: np.ndarray, share: float, ties: np.ndarray) -> np.ndarray:
    """Masks (n, h, w) bool of that share of the pixels, the most salient ones.

    Among equally salient pixels those come first that are larger in `ties` (n, h, w).
    """
    n = len(maps)
    flat = maps.reshape(n, -1)
    n_chosen = round(share * flat.shape[1])
    order = np.lexsort((ties.reshape(n, -1), flat), axis=1)[:, ::-1]
    masks = np.zeros(flat.shape, dtype=bool)
    np.put_along_axis(masks, order[:, :n_chosen], True, axis=1)
    return masks.reshape(maps.shape)


def _centred_ranks(maps: np.ndarray) -> np.ndarray:
    """Ranks (n, h * w) float64 with mean 0."""
    flat = maps.reshape(len(maps), -1)
    return rankdata(flat, axis=1) - (flat.shape[1] + 1) / 2
