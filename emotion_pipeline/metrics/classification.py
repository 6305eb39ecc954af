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
    given = np.asarray(names, dtype=object)
    positions = np.full(len(given), -1, dtype=np.int64)
    for position, name in enumerate(classes):
        positions[given == name] = position
    if (positions < 0).any():
        unknown = sorted(map(str, set(given[positions < 0])))
        raise ValueError(f"not in the class set {tuple(classes)}: {unknown}")
    return positions


def paired_counts(
    truth: Sequence[str] | np.ndarray,
    first: Sequence[str] | np.ndarray,
    second: Sequence[str] | np.ndarray,
    classes: Sequence[str],
) -> np.ndarray:
    """Counts (c, c, c) int64 of the truth against what two models say of the same rows.

    Summed over the last axis they are the confusion counts of the first model, over the one before
    it those of the second. Raises ValueError as `confusion_counts`.
    """
    n_classes = len(classes)
    if not len(truth) == len(first) == len(second):
        raise ValueError(f"{len(truth)} truths but {len(first)} and {len(second)} predictions")
    cells = _positions(truth, classes)
    for predicted in (first, second):
        cells = cells * n_classes + _positions(predicted, classes)
    return np.bincount(cells, minlength=n_classes**3).reshape((n_classes,) * 3)


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


def macro_precision_score(counts: np.ndarray) -> np.ndarray:
    """Mean precision (...) over the classes that occur in the truth; NaN where there are no rows.

    A class that is never predicted counts as 0.
    """
    return _mean_over_truth(precision_scores(counts), counts)


def macro_recall_score(counts: np.ndarray) -> np.ndarray:
    """Mean recall (...) over the classes that occur in the truth; NaN where there are no rows.

    The same as balanced accuracy: Brodersen et al. 2010, "The balanced accuracy and its posterior
    distribution".
    """
    return _mean_over_truth(recall_scores(counts), counts)


def macro_f1_score(counts: np.ndarray) -> np.ndarray:
    """Mean F1 (...) over the classes that occur in the truth; NaN where there are no rows."""
    return _mean_over_truth(f1_scores(counts), counts)


def weighted_precision_score(counts: np.ndarray) -> np.ndarray:
    """Mean precision (...), every class weighted with its rows; NaN where there are no rows.

    A class that is never predicted counts as 0.
    """
    return _weighted(precision_scores(counts), counts)


def weighted_recall_score(counts: np.ndarray) -> np.ndarray:
    """Mean recall (...), every class weighted with its rows, which is the accuracy."""
    return _weighted(recall_scores(counts), counts)


def weighted_f1_score(counts: np.ndarray) -> np.ndarray:
    """Mean F1 (...), every class weighted with its rows; NaN where there are no rows."""
    return _weighted(f1_scores(counts), counts)


def _mean_over_truth(scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    occurs = counts.sum(axis=-1) > 0
    return _ratio(np.where(occurs, np.nan_to_num(scores), 0.0).sum(axis=-1), occurs.sum(axis=-1))


def _weighted(scores: np.ndarray, counts: np.ndarray) -> np.ndarray:
    n = counts.sum(axis=-1)
    return _ratio((np.nan_to_num(scores) * n).sum(axis=-1), n.sum(axis=-1))


def _hits(counts: np.ndarray) -> np.ndarray:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
