"""Average precision of the boxes that a detector found, over all pictures and by size of the truth.

Boxes are as in `metrics.detection`: (n, 4), left, top, right and bottom in pixels.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from emotion_pipeline.metrics.detection import match

HeightsPx = tuple[float, float]
"""Least height, and the one that is too high."""
ALL_HEIGHTS_PX: HeightsPx = (0.0, math.inf)
FACE_HEIGHTS_PX: dict[str, HeightsPx] = {
    "below_16_px": (0.0, 16.0),
    "16_to_32_px": (16.0, 32.0),
    "32_to_64_px": (32.0, 64.0),
    "from_64_px": (64.0, math.inf),
}


@dataclass(frozen=True)
class FoundBoxes:
    """What was found in one picture, in any order, and what there is: (n, 4), (n,) and (m, 4)."""

    boxes: np.ndarray
    scores: np.ndarray
    truth: np.ndarray

    def __post_init__(self) -> None:
        if self.scores.shape != (len(self.boxes),):
            raise ValueError(f"{len(self.boxes)} boxes, but scores of shape {self.scores.shape}")


@dataclass(frozen=True)
class PrecisionRecall:
    """Precision and recall as ever less sure boxes are let in, one point per box that counts.

    `scores` (k,) fall; `precision` and `recall` (k,) float64 are those of all boxes up to there,
    recall NaN where there is no true box. `n_truth` is the number of true boxes.
    """

    scores: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    n_truth: int

    @property
    def average_precision_score(self) -> float:
        """Area below the highest precision at each recall or beyond, 0 to 1; NaN without truth.

        All points, as in Everingham et al. 2015, "The Pascal Visual Object Classes Challenge: A
        Retrospective", not COCO's 101.
        """
        if self.n_truth == 0:
            return float("nan")
        highest = np.maximum.accumulate(self.precision[::-1])[::-1]
        return float((np.diff(self.recall, prepend=0.0) * highest).sum())


def precision_recall(
    pictures: Iterable[FoundBoxes], min_iou: float = 0.5, heights_px: HeightsPx = ALL_HEIGHTS_PX
) -> PrecisionRecall:
    """The curve over all pictures, of true boxes within a range of heights.

    Found boxes are matched as in `metrics.detection.match`, surest first. As in COCO (Lin et al.
    2014), true boxes out of the range neither count as missed, nor the found boxes that match them
    as wrong, nor do found boxes that match nothing and are out of the range themselves. Of equal
    scores the first picture's come first.
    """
    judged = [_judged(picture, min_iou, heights_px) for picture in pictures]
    nothing = (np.zeros(0), np.zeros(0, dtype=bool))
    scores, right = (
        np.concatenate(parts) for parts in zip(nothing, *(one[:2] for one in judged), strict=True)
    )
    n_truth = sum(one[2] for one in judged)
    order = np.argsort(-scores, kind="stable")
    n_right = np.cumsum(right[order], dtype=np.float64)
    recall = n_right / n_truth if n_truth else np.full(len(order), np.nan)
    return PrecisionRecall(scores[order], n_right / np.arange(1, len(order) + 1), recall, n_truth)


def _judged(
    picture: FoundBoxes, min_iou: float, heights_px: HeightsPx
) -> tuple[np.ndarray, np.ndarray, int]:
    """Scores of the found boxes that count, whether each is right, and the number of true boxes.

    A box takes one of the true boxes out of the range only where none within it is left for it, so
    these can be given away afterwards.
    """
    order = np.argsort(-picture.scores, kind="stable")
    boxes, scores = picture.boxes[order].astype(np.float64), picture.scores[order]
    wanted = _within(picture.truth, heights_px)
    right = match(boxes, picture.truth[wanted], min_iou).truth_of >= 0
    excused = ~_within(boxes, heights_px)
    excused[~right] |= match(boxes[~right], picture.truth[~wanted], min_iou).truth_of >= 0
    counts = right | ~excused
    return scores[counts], right[counts], int(wanted.sum())


def _within(boxes: np.ndarray, heights_px: HeightsPx) -> np.ndarray:
    heights = boxes[:, 3] - boxes[:, 1]
    return (heights >= heights_px[0]) & (heights < heights_px[1])
