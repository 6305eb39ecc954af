"""Average precision of the boxes that a detector found, over all pictures and by size of the truth.

Boxes are as in `metrics.detection`: (n, 4), left, top, right and bottom in pixels.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from emotion_pipeline.metrics.detection import match

HeightsPx = tuple[float, float]
"""Least height, and the one that is too high."""
ALL_HEIGHTS_PX: HeightsPx = (0.0, math.inf)
COCO_MIN_IOUS = tuple(np.linspace(0.5, 0.95, 10).tolist())
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
        return float((np.diff(self.recall, prepend=0.0) * _highest(self.precision)).sum())


@dataclass(frozen=True)
class JudgedBoxes:
    """Which of the found boxes of n pictures are right, surest first; only those that count.

    `scores` (k,) fall, `right` (k,) bool, and `picture` (k,) int64 is where a box was found.
    `n_truth` (n,) int64 are the true boxes of each picture.
    """

    scores: np.ndarray
    right: np.ndarray
    picture: np.ndarray
    n_truth: np.ndarray

    def curve(self) -> PrecisionRecall:
        """Precision and recall over all pictures."""
        n_right = np.cumsum(self.right, dtype=np.float64)
        n_truth = int(self.n_truth.sum())
        recall = n_right / n_truth if n_truth else np.full(len(n_right), np.nan)
        precision = n_right / np.arange(1, len(n_right) + 1)
        return PrecisionRecall(self.scores, precision, recall, n_truth)

    def average_precision_scores(self, times: np.ndarray) -> np.ndarray:
        """`average_precision_score` (b,) where each picture is there `times` (b, n) over."""
        return self._areas(times, lambda recall: recall)

    def coco_average_precision_scores(self, times: np.ndarray) -> np.ndarray:
        """The same by COCO's rule: the mean of the highest precision at 101 recalls."""
        return self._areas(
            times, lambda recall: np.searchsorted(_COCO_RECALLS, recall, side="right") / 101
        )

    def _areas(self, times: np.ndarray, covered: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        # Few at a time stay in the processor's cache; single precision counts boxes exactly.
        parts = np.array_split(times.astype(np.float32), 1 + len(times) // _AT_A_TIME)
        return np.concatenate([self._area(part, covered) for part in parts])

    def _area(self, times: np.ndarray, covered: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Precision is highest at right boxes, so that no others are looked at."""
        right = np.flatnonzero(self.right)
        n_found = np.cumsum(times[:, self.picture], axis=1)[:, right]
        n_right = np.cumsum(times[:, self.picture[right]], axis=1)
        highest = _highest(np.divide(n_right, np.maximum(n_found, 1), dtype=np.float64))
        n_truth = times @ self.n_truth.astype(np.float64)
        n_truth[n_truth == 0] = np.nan
        steps = np.diff(covered(n_right / n_truth[:, None]), prepend=0.0, axis=1)
        return np.where(np.isnan(n_truth), np.nan, (steps * highest).sum(axis=1))


_AT_A_TIME = 10
_COCO_RECALLS = np.linspace(0, 1, 101)


def _highest(precision: np.ndarray) -> np.ndarray:
    """The highest precision here or beyond, along the last axis."""
    return np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1]


def precision_recall(
    pictures: Iterable[FoundBoxes], min_iou: float = 0.5, heights_px: HeightsPx = ALL_HEIGHTS_PX
) -> PrecisionRecall:
    """The curve over all pictures, of true boxes within a range of heights; see `judged`."""
    return judged(pictures, min_iou, heights_px).curve()


def judged(
    pictures: Iterable[FoundBoxes], min_iou: float = 0.5, heights_px: HeightsPx = ALL_HEIGHTS_PX
) -> JudgedBoxes:
    """The found boxes of all pictures, of true boxes within a range of heights.

    Found boxes are matched as in `metrics.detection.match`, surest first. As in COCO (Lin et al.
    2014), true boxes out of the range neither count as missed, nor the found boxes that match them
    as wrong, nor do found boxes that match nothing and are out of the range themselves. Of equal
    scores the first picture's come first.
    """
    each = [_judged(picture, min_iou, heights_px) for picture in pictures]
    nothing = (np.zeros(0), np.zeros(0, dtype=bool))
    scores, right = (
        np.concatenate(parts) for parts in zip(nothing, *(one[:2] for one in each), strict=True)
    )
    picture = np.repeat(np.arange(len(each)), [len(one[0]) for one in each])
    order = np.argsort(-scores, kind="stable")
    n_truth = np.array([one[2] for one in each], dtype=np.int64)
    return JudgedBoxes(scores[order], right[order], picture[order], n_truth)


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
    if not wanted.all():
        excused[~right] |= match(boxes[~right], picture.truth[~wanted], min_iou).truth_of >= 0
    counts = right | ~excused
    return scores[counts], right[counts], int(wanted.sum())


def _within(boxes: np.ndarray, heights_px: HeightsPx) -> np.ndarray:
    heights = boxes[:, 3] - boxes[:, 1]
    return (heights >= heights_px[0]) & (heights < heights_px[1])
