"""YuNet, OpenCV's face detector: boxes, five points and a score for every face of a picture.

Wu, Peng and Yu 2023, "YuNet: A Tiny Millisecond-level Face Detector". It was trained on faces of 10
to 300 pixels: small pictures are enlarged, and large faces looked for in a smaller copy.
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

MIN_SCORE = 0.6  # finds 42 of 43 faces of a set of photographs with 2 boxes too many
OVERLAP = 0.3
MAX_FACES = 500

SHORT_SIDE_PX = 192
"""Smaller pictures are enlarged: at 48 px four of five faces are found, at 192 px nearly all."""
LONG_SIDE_PX = 1280
"""Larger pictures are reduced, since the time grows with the area."""
OVERVIEW_PX = 320
"""Long side of the copy in which large faces are looked for."""
LARGE = 0.25
"""What a large face is: its longer side as a share of the picture's."""


class Detection(NamedTuple):
    """One face: box (left, top, right, bottom) and points (5, 2) in pixels, score 0 to 1."""

    box_px: np.ndarray
    five_points_px: np.ndarray
    score: float

    @property
    def side_px(self) -> float:
        """The longer side of the box."""
        return float(max(self.box_px[2:] - self.box_px[:2]))

    def is_within(self, other: "Detection") -> bool:
        """Whether the middle of this box lies in another one."""
        middle = (self.box_px[:2] + self.box_px[2:]) / 2
        return bool((other.box_px[:2] < middle).all() and (middle < other.box_px[2:]).all())


class YuNet:
    """The detector with its model file; for one thread at a time."""

    def __init__(self, model: Path) -> None:
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        try:
            self._detector = cv2.FaceDetectorYN.create(
                str(model), "", (0, 0), MIN_SCORE, OVERLAP, MAX_FACES
            )
        finally:
            cv2.utils.logging.setLogLevel(level)

    def find(self, image: np.ndarray, min_score: float = MIN_SCORE) -> list[Detection]:
        """Faces of a picture (h, w, 3) uint8, best first."""
        short_px, long_px = sorted(image.shape[:2])
        scale = min(max(1.0, SHORT_SIDE_PX / short_px), LONG_SIDE_PX / long_px)
        faces = self._find_at(scale, image, min_score)
        if long_px * scale > OVERVIEW_PX * 1.5:
            overview = self._find_at(OVERVIEW_PX / long_px, image, min_score)
            large = [face for face in overview if face.side_px >= LARGE * long_px]
            faces = large + [face for face in faces if not any(map(face.is_within, large))]
        return sorted(faces, key=lambda face: -face.score)

    def sees_face(self, picture: np.ndarray, side_px: int, min_score: float) -> bool:
        """Whether there is a face in a face picture, looked at with its sides that long."""
        small = cv2.resize(picture, (side_px, side_px), interpolation=cv2.INTER_LINEAR)
        return bool(self._find(small, min_score))

    def _find_at(self, scale: float, image: np.ndarray, min_score: float) -> list[Detection]:
        found = self._find(_scaled(image, scale), min_score)
        return [
            Detection(one.box_px / scale, one.five_points_px / scale, one.score) for one in found
        ]

    def _find(self, image: np.ndarray, min_score: float) -> list[Detection]:
        self._detector.setInputSize(image.shape[1::-1])
        self._detector.setScoreThreshold(min_score)
        rows = self._detector.detect(np.ascontiguousarray(image[..., ::-1]))[1]
        return [] if rows is None else [_detection(row) for row in rows.astype(np.float64)]


def _detection(row: np.ndarray) -> Detection:
    left, top, width, height = row[:4]
    box = np.array([left, top, left + width, top + height])
    return Detection(box, row[4:14].reshape(5, 2), float(row[14]))


def _scaled(image: np.ndarray, scale: float) -> np.ndarray:
    if scale == 1:
        return image
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    size = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=how)
