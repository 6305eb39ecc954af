"""Square cut-outs of pictures, turned so that a face in them is upright."""

from typing import NamedTuple

import cv2
import numpy as np

_MUCH_SMALLER = 0.67  # below this scale single pixels would be skipped: average them first
_RIM_PX = 4  # what interpolation may look at beyond the square


class Square(NamedTuple):
    """A square in a picture: its centre and side in pixels, and how far it is turned clockwise."""

    center_x_px: float
    center_y_px: float
    side_px: float
    roll_degrees: float

    def with_margin(self, margin: float) -> "Square":
        """The same with a margin on each side, as a fraction of the side."""
        return self._replace(side_px=self.side_px * (1 + 2 * margin))


def to_crop(square: Square, size_px: int) -> np.ndarray:
    """(2, 3) float64: takes points (x, y, 1) of the picture to pixels of the cut-out."""
    angle = np.deg2rad(square.roll_degrees)
    turned = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned *= size_px / square.side_px
    shift = size_px / 2 - turned @ np.array([square.center_x_px, square.center_y_px])
    return np.column_stack([turned, shift])


def crop(image: np.ndarray, square: Square, size_px: int) -> np.ndarray:
    """The square as an upright picture of (size_px, size_px), gray or RGB as `image`, uint8.

    What lies outside the picture repeats its edge. ValueError for a square without an area, or so
    far outside that it could not touch the picture however it were turned.
    """
    image, square = _cut(image, square)
    scale = size_px / square.side_px
    if scale < _MUCH_SMALLER:
        height_px, width_px = image.shape[:2]
        size = (max(1, round(width_px * scale)), max(1, round(height_px * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        square = Square(
            square.center_x_px * size[0] / width_px,
            square.center_y_px * size[1] / height_px,
            size_px,
            square.roll_degrees,
        )
    # cv2 counts from the centre of the first pixel, `to_crop` from its corner.
    matrix = to_crop(square, size_px)
    matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    return cv2.warpAffine(
        image, matrix, (size_px, size_px), flags=how, borderMode=cv2.BORDER_REPLICATE
    )


def _cut(image: np.ndarray, square: Square) -> tuple[np.ndarray, Square]:
    """The part of the picture that the square needs, so that a large picture costs no more."""
    if not square.side_px > 0:
        raise ValueError(f"not a square with an area: {square}")
    height_px, width_px = image.shape[:2]
    reach_px = square.side_px * 0.5**0.5 + _RIM_PX
    left, top = (
        max(0, int(middle - reach_px)) for middle in (square.center_x_px, square.center_y_px)
    )
    right = min(width_px, int(square.center_x_px + reach_px) + 1)
    bottom = min(height_px, int(square.center_y_px + reach_px) + 1)
    if left >= right or top >= bottom:
        raise ValueError(f"outside a picture of {width_px} x {height_px} px: {square}")
    moved = square._replace(
        center_x_px=square.center_x_px - left, center_y_px=square.center_y_px - top
    )
    return image[top:bottom, left:right], moved
