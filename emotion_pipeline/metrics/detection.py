"""How well the boxes that a detector found agree with the true ones.

Boxes are (n, 4) float64: left, top, right and bottom, in pixels of one picture. One whose right is
not beyond its left, or whose bottom is not below its top, has no area and overlaps nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Matches:
    """Which found box is which true one in a picture.

    `truth_of` (n,) int64 is the row of the true box that each found one matches, -1 for none.
    """

    truth_of: np.ndarray
    n_truth: int

    @property
    def n_true_positives(self) -> int:
        """Found boxes that match a true one."""
        return int((self.truth_of >= 0).sum())

    @property
    def n_false_positives(self) -> int:
        """Found boxes that match none: extra ones, and second ones of the same truth."""
        return len(self.truth_of) - self.n_true_positives

    @property
    def n_false_negatives(self) -> int:
        """True boxes that were not found."""
        return self.n_truth - self.n_true_positives


def match(found: np.ndarray, truth: np.ndarray, min_iou: float = 0.5) -> Matches:
    """Give each found box (n, 4), in order, the true box (m, 4) it overlaps most, if not yet given.

    A pair needs an IoU of `min_iou` (above 0) or more, and the first of equal ones is taken. Sort
    `found` by falling score, so that the surest go first. The greedy matching of COCO: Lin et al.
    2014, "Microsoft COCO: Common Objects in Context". Raises ValueError for other shapes.
    """
    iou = iou_matrix(found, truth)
    truth_of = np.full(len(found), -1, dtype=np.int64)
    for row, overlaps in enumerate(iou):
        if (overlaps >= min_iou).any():
            truth_of[row] = overlaps.argmax()
            iou[:, truth_of[row]] = 0.0
    return Matches(truth_of, len(truth))


def recall_score(pictures: Iterable[Matches]) -> float:
    """Share of the true boxes of all pictures that were found; NaN where there is no true box."""
    matches = tuple(pictures)
    n_truth = sum(one.n_truth for one in matches)
    return sum(one.n_true_positives for one in matches) / n_truth if n_truth else float("nan")


def iou_matrix(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union (n, m) float64, 0 to 1, of boxes (n, 4) with others (m, 4).

    Jaccard 1912, "The distribution of the flora in the alpine zone", on areas. Raises ValueError
    for other shapes.
    """
    left_top, right_bottom = _corners(boxes)
    other_left_top, other_right_bottom = _corners(others)
    shared = _areas(
        np.maximum(left_top[:, None], other_left_top),
        np.minimum(right_bottom[:, None], other_right_bottom),
    )
    own = _areas(left_top, right_bottom)[:, None]
    union = own + _areas(other_left_top, other_right_bottom) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _corners(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"boxes of shape {boxes.shape}; expected (n, 4), also where n is 0")
    return boxes[:, :2], boxes[:, 2:]


def _areas(left_top: np.ndarray, right_bottom: np.ndarray) -> np.ndarray:
    return np.maximum(right_bottom - left_top, 0.0).prod(axis=-1)
