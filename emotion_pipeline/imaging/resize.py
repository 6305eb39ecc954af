"""Pictures as squares of one size, as networks take them."""

import cv2
import numpy as np


def to_square(image: np.ndarray, side_px: int) -> np.ndarray:
    """(side_px, side_px[, 3]) uint8 of a picture (h, w[, 3]) uint8; of that size already, itself.

    Pixels are averaged where both sides shrink and interpolated linearly otherwise. Sides of
    different length are stretched to the same.
    """
    if image.shape[:2] == (side_px, side_px):
        return image
    shrinks = min(image.shape[:2]) > side_px
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side_px, side_px), interpolation=method))
