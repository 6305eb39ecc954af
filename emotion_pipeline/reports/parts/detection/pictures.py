"""Test pictures with the boxes that a detector found: a bad one, a middling one and a good one.

They are picked out of a few that a hash of their names chooses: at random, but the same every time.
"""

from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.imaging.contact_sheet import palette_png
from emotion_pipeline.metrics.detection import match
from emotion_pipeline.metrics.operating_point import counts_at
from emotion_pipeline.reports.base import Pictures
from emotion_pipeline.reports.parts.contact import shrunk
from emotion_pipeline.reports.parts.detection.numbers import Detected
from emotion_pipeline.reports.parts.page import percent
from emotion_pipeline.reports.parts.sections import Strip, Thumbnail

N_CANDIDATES = 60
SIDE_PX = 640
RIGHT, WRONG, MISSED = (0, 200, 140), (255, 110, 40), (120, 200, 255)
LEGEND = (
    "A green frame is a face that was found, an orange cross a box without a face, a blue ellipse a"
    " face that was missed. The pictures are brightened; the detector saw them as they are."
)

_BRIGHTER = np.round(255 * np.sqrt(np.arange(256) / 255)).astype(np.uint8)


class Chosen(NamedTuple):
    """A picture by its row among the detector's test pictures, and its F1 score."""

    label: str
    row: int
    f1_score: float


def chosen(one: Detected) -> list[Chosen]:
    """The worst, the middle and the best of `N_CANDIDATES` test pictures with faces, by F1.

    None where there is no threshold, or where fewer than three pictures have faces.
    """
    counts = counts_at(one.test.boxes, one.threshold)
    order = pd.util.hash_array(one.test.rows["sample_id"].to_numpy(object)).argsort(kind="stable")
    rows = order[counts[order, 2] > 0][:N_CANDIDATES]
    if np.isnan(one.threshold) or len(rows) < 3:
        return []
    right, wrong, truth = counts[rows].T
    f1 = 2 * right / (right + wrong + truth)
    ranked = np.argsort(f1, kind="stable")
    places = {"Worst": 0, "Middle": len(rows) // 2, "Best": -1}
    return [
        Chosen(f"{label} of {len(rows)} pictures", int(rows[ranked[at]]), float(f1[ranked[at]]))
        for label, at in places.items()
    ]


def strips(one: Detected, pictures: Pictures) -> list[Strip]:
    """The chosen pictures that are to be had, brightened, with their boxes."""
    wanted = chosen(one)
    names = one.test.rows["sample_id"]
    found = pictures(one.detector.pictures_from, ORIGINAL, [names[row] for _, row, _ in wanted])
    return [
        Strip(label, [_thumbnail(one, row, f1, found[names[row]])], wide=True)
        for label, row, f1 in wanted
        if names[row] in found
    ]


def _thumbnail(one: Detected, row: int, f1: float, picture: np.ndarray) -> Thumbnail:
    boxes = one.test.pictures[row]
    order = np.argsort(-boxes.scores, kind="stable")
    order = order[boxes.scores[order] >= one.threshold]
    found = boxes.boxes[order].astype(np.float64)
    matches = match(found, boxes.truth)
    right = matches.truth_of >= 0
    missed = np.setdiff1d(np.arange(matches.n_truth), matches.truth_of)
    marked = _marked(picture, found[right], found[~right], boxes.truth[missed])
    name = str(one.test.rows["sample_id"][row])
    note = (
        f"{matches.n_true_positives} found, {matches.n_false_negatives} missed,"
        f" {matches.n_false_positives} wrong: F1 {percent(f1)} %"
    )
    return Thumbnail(palette_png(marked), f"{name}: {note}", name, note)


def _marked(
    picture: np.ndarray, right: np.ndarray, wrong: np.ndarray, missed: np.ndarray
) -> np.ndarray:
    """The picture, smaller and brighter: found faces framed, wrong boxes crossed, missed circled.

    The shapes differ too, for eyes that do not see the colours, and stay clear of the faces.
    """
    small = _BRIGHTER[shrunk(picture, SIDE_PX)]
    scale = max(small.shape[:2]) / max(picture.shape[:2])
    drawn = small if small.ndim == 3 else cv2.cvtColor(small, cv2.COLOR_GRAY2RGB)
    for left, top, right_end, bottom in _places(missed, scale, margin_px=3):
        centre = ((left + right_end) // 2, (top + bottom) // 2)
        axes = ((right_end - left) // 2, (bottom - top) // 2)
        cv2.ellipse(drawn, centre, axes, 0, 0, 360, MISSED, 1, cv2.LINE_AA)
    for left, top, right_end, bottom in _places(wrong, scale, margin_px=1):
        cv2.line(drawn, (left, top), (right_end, bottom), WRONG, 1, cv2.LINE_AA)
        cv2.line(drawn, (left, bottom), (right_end, top), WRONG, 1, cv2.LINE_AA)
    for left, top, right_end, bottom in _places(right, scale, margin_px=1):
        cv2.rectangle(drawn, (left, top), (right_end, bottom), RIGHT, 1)
    return drawn


def _places(boxes: np.ndarray, scale: float, margin_px: int) -> list[list[int]]:
    """Left, top, right and bottom in the small picture, with a margin around them."""
    margin = margin_px * np.array([-1, -1, 1, 1])
    places: list[list[int]] = (np.round(boxes * scale).astype(int) + margin).tolist()
    return places
