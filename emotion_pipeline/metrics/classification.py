"""Accuracy, precision, recall and F1, all read off one matrix of confusion counts.

Counts are (..., c, c) with the truth in rows and the prediction in columns. Leading axes may hold
bootstrap resamples, so an interval costs one call and no loop. What is undefined (the recall of a
class without rows) is NaN, never a silent 0.
"""

from collections.abc import Sequence

import numpy as np


def confusion_counts(
    truth: Sequence[str] | np.ndarray, predicted: Sequence[str] | np.ndarray, classes: Sequence[str]
) -> np.ndarray:
    """Counts (c, c) int64 of `truth` (rows) against `predicted` (columns), in order of `classes`.

    Both are n class names. Raises ValueError for unequal lengths and for a name not in `classes`.
    """
    if len(truth) != len(predicted):
        raise ValueError(f"{len(truth)} truths but {len(predicted)} predictions")
    cells = _positions(truth, classes) * len(classes) + _positions(predicted, classes)
    return np.bincount(cells, minlength=len(classes) ** 2).reshape(len(classes), len(classes))


def _positions(names: Sequence[str] | np.ndarray, classes: Sequence[str]) -> np.ndarray:
    position = {name: index for index, name in enumerate(classes)}
    unknown = set(names) - set(position)
    if unknown:
        raise ValueError(f"not in the class set {tuple(classes)}: {sorted(map(str, unknown))}")
    return np.array([position[name] for name in names], dtype=np.int64)


def accuracy_score(counts: np.ndarray) -> np.ndarray:
    """Share of rows (...) on the diagonal; NaN where there are no rows."""
    return _ratio(_hits(counts).sum(axis=-1), counts.sum(axis=(-2, -1)))


def precision_scores(counts: np.ndarray) -> np.ndarray:
    """Share of right ones among the rows predicted as each class (..., c); NaN where none is."""
    return _ratio(_hits(counts), counts.sum(axis=-2))


def recall_scores(counts: np.ndarray) -> np.ndarray:
    """Share of each class (..., c) that was found; NaN where the class has no rows."""
    return _ratio(_hits(counts), counts.sum(axis=-1))


def f1_scores(counts: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and recall (..., c); NaN where a class is neither true nor said.

    A class that has rows and is never predicted scores 0.
    """
    return _ratio(2 * _hits(counts), counts.sum(axis=-1) + counts.sum(axis=-2))


def macro_f1_score(counts: np.ndarray) -> np.ndarray:
    """Mean F1 (...) over the classes that occur in the truth; NaN where there are no rows."""
    occurs = counts.sum(axis=-1) > 0
    return _ratio(np.where(occurs, f1_scores(counts), 0.0).sum(axis=-1), occurs.sum(axis=-1))


def _hits(counts: np.ndarray) -> np.ndarray:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
