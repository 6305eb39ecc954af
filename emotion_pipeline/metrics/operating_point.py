"""A detector at work: how sure it has to be, and what it then finds and what it gets wrong."""

import numpy as np

from emotion_pipeline.metrics.average_precision import JudgedBoxes, PrecisionRecall

RATES = ("precision_score", "recall_score", "f1_score", "false_positives_per_picture")


def best_f1_threshold(curve: PrecisionRecall) -> float:
    """The least score that boxes need for the highest F1 score; the higher of equal ones.

    Boxes of equal scores stay together. NaN where no box is right. Choose it on other pictures than
    those that it is tested on. F1: van Rijsbergen 1979, "Information Retrieval".
    """
    if not len(curve.scores) or not curve.precision.any():
        return float("nan")
    f1 = 2 * curve.precision * curve.recall / np.maximum(curve.precision + curve.recall, 1e-12)
    last_of_equals = np.append(np.diff(curve.scores) != 0, True)
    return float(curve.scores[np.where(last_of_equals, f1, -1.0).argmax()])


def counts_at(boxes: JudgedBoxes, threshold: float) -> np.ndarray:
    """Right and wrong found boxes, and true ones, of each picture (n, 3) int64.

    Only boxes of the threshold's score or a higher one count.
    """
    n = len(boxes.n_truth)
    sure = boxes.scores >= threshold
    right, wrong = (
        np.bincount(boxes.picture[sure & kind], minlength=n) for kind in (boxes.right, ~boxes.right)
    )
    return np.column_stack([right, wrong, boxes.n_truth])


def rates(counts: np.ndarray, times: np.ndarray) -> np.ndarray:
    """`RATES` (b, 4) where each picture of `counts_at` (n, 3) is there `times` (b, n) over.

    Boxes are counted over all pictures before they are divided. NaN where there is nothing to
    divide by: precision without a found box, recall without a true one.
    """
    right, wrong, truth = (times @ counts).T.astype(np.float64)
    pairs = ((right, right + wrong), (right, truth), (2 * right, right + wrong + truth))
    return np.column_stack([*(_ratio(*pair) for pair in pairs), wrong / times.sum(axis=1)])


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
