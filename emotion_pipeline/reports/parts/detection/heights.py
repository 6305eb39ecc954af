"""How large a face has to be to be found."""

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.detection import match
from emotion_pipeline.metrics.intervals import bootstrap_interval
from emotion_pipeline.reports.parts.detection.numbers import MIN_PICTURES, Detected, shares

EDGES_PX = (0, 6, 8, 12, 16, 24, 32, 48, 64, 128, np.inf)
LABELS = (
    *("under 6", "6 to 8", "8 to 12", "12 to 16", "16 to 24", "24 to 32", "32 to 48", "48 to 64"),
    *("64 to 128", "128 or more"),
)


def height_table(one: Detected) -> pd.DataFrame:
    """Recall by face height, at the detector's threshold and of all its boxes, with intervals.

    Ranges without faces are left out; so is the threshold where there is none. No interval where
    fewer than `MIN_PICTURES` pictures hold such faces.
    """
    n, at_threshold, by_any = _found(one)
    ones = np.ones(len(n), dtype=np.int64)
    kinds = {"recall_score": at_threshold, "any_box_recall_score": by_any}
    if np.isnan(one.threshold):
        del kinds["recall_score"]
    numbers: dict[str, object] = {
        "face_height_px": LABELS,
        "n_faces": n.sum(axis=0),
    }
    for name, found in kinds.items():
        ends = bootstrap_interval(ones, shares(found, n))
        low, high = (np.where((n > 0).sum(axis=0) < MIN_PICTURES, np.nan, end) for end in ends)
        share = found.sum(axis=0) / np.maximum(n.sum(axis=0), 1)
        numbers |= {name: share, f"{name}_low": low, f"{name}_high": high}
    table = pd.DataFrame(numbers)
    return table[table["n_faces"] > 0].reset_index(drop=True)


def _found(one: Detected) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, k) true faces by picture and height; found above the threshold; found at all."""
    counts: list[list[np.ndarray]] = []
    for picture in one.test.pictures:
        order = np.argsort(-picture.scores, kind="stable")
        truth_of = match(picture.boxes[order].astype(np.float64), picture.truth).truth_of
        sure = picture.scores[order] >= one.threshold
        bins = np.digitize(picture.truth[:, 3] - picture.truth[:, 1], EDGES_PX[1:-1])
        rows = (bins, bins[truth_of[sure & (truth_of >= 0)]], bins[truth_of[truth_of >= 0]])
        counts.append([np.bincount(row, minlength=len(LABELS)) for row in rows])
    n, at_threshold, by_any = np.array(counts).transpose(1, 0, 2)
    return n, at_threshold, by_any
