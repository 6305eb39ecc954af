"""Pictures with what was found in them drawn over it, to look at."""

import cv2
import numpy as np

from emotion_pipeline.imaging.grayscale import to_rgb

COLOR = (0, 220, 90)


def with_boxes(image: np.ndarray, boxes_px: np.ndarray) -> np.ndarray:
    """RGB copy of a picture with boxes (n, 4: left, top, right, bottom) drawn on it."""
    marked = to_rgb(image).copy()
    width_px = max(1, round(max(image.shape[:2]) / 100))
    for left, top, right, bottom in boxes_px.round().astype(int).tolist():
        cv2.rectangle(marked, (left, top), (right, bottom), COLOR, width_px)
    return marked


def with_points(image: np.ndarray, points: np.ndarray, size_px: int) -> np.ndarray:
    """RGB copy of a face picture, resized to a square, with points (n, 2) in widths and heights."""
    marked = cv2.resize(to_rgb(image), (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    for x, y in (points * size_px).round().astype(int).tolist():
        cv2.circle(marked, (x, y), 0, COLOR)
    return marked
