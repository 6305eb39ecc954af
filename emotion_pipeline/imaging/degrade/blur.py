"""Blur of the lens and of the hand, as wide as a fraction of the picture.

Where a blur is many pixels wide, fine pixels carry nothing: it is done at a lower resolution, with
what shrinking and enlarging blur by themselves taken off.
"""

from functools import lru_cache
from math import ceil, cos, log2, radians, sin
from typing import NamedTuple

import cv2
import numpy as np

from emotion_pipeline.imaging.degrade.chance import Chance
from emotion_pipeline.imaging.degrade.scale import side_px

_ENOUGH_SD_PX = 1.5  # a Gaussian this wide survives resampling unharmed
_ENOUGH_RADIUS_PX = 4.0  # so does a disk
_SHORT_LINE_PX = 6.0  # OpenCV takes small kernels directly, and large ones slowly
_POINTS_PER_PX = 16


def gaussian_blur(image: np.ndarray, deviation: float, _: Chance) -> np.ndarray:
    """A soft lens; `deviation` is a fraction of the smaller side."""
    sd_px = deviation * side_px(image)
    factor = max(1, int(sd_px / _ENOUGH_SD_PX))
    small_sd_px = (sd_px**2 - _resampling_variance(factor)) ** 0.5 / factor
    return _enlarged(cv2.GaussianBlur(_shrunk(image, factor), (0, 0), small_sd_px), image)


def defocus_blur(image: np.ndarray, radius: float, _: Chance) -> np.ndarray:
    """A lens out of focus: a disk; `radius` is a fraction of the smaller side."""
    radius_px = radius * side_px(image)
    factor = max(1, int(radius_px / _ENOUGH_RADIUS_PX))
    # The variance of a disk along one axis is a quarter of its squared radius.
    small_radius_px = (radius_px**2 - 4 * _resampling_variance(factor)) ** 0.5 / factor
    return _enlarged(cv2.filter2D(_shrunk(image, factor), -1, _disk(small_radius_px)), image)


def motion_blur(image: np.ndarray, length: float, chance: Chance) -> np.ndarray:
    """A straight move at a random angle; `length` is a fraction of the smaller side.

    A long line is a short one, averaged again and again with itself moved along the line.
    """
    angle_degrees = int(180 * chance.uniform(1)[0])
    motion = _motion(length * side_px(image), angle_degrees)
    image = cv2.filter2D(image, -1, motion.kernel)
    for dx, dy in motion.moves:
        image = _averaged_with_moved(image, dx, dy)
    return image


def _shrunk(image: np.ndarray, factor: int) -> np.ndarray:
    if factor == 1:
        return image
    size = tuple(max(1, round(side / factor)) for side in image.shape[1::-1])
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _enlarged(small: np.ndarray, like: np.ndarray) -> np.ndarray:
    if small.shape == like.shape:
        return small
    return cv2.resize(small, like.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def _resampling_variance(factor: int) -> float:
    """What averaging over `factor` pixels and interpolating linearly add, in squared pixels."""
    return (factor**2 - 1) / 12 + (factor**2 - 1) / 6


@lru_cache(maxsize=128)
def _disk(radius_px: float) -> np.ndarray:
    """Square float32 kernel of sum 1; pixels on the rim count in part."""
    reach = np.arange(-ceil(radius_px), ceil(radius_px) + 1)
    inside = np.clip(radius_px + 0.5 - np.hypot(reach[:, None], reach), 0, 1)
    return (inside / inside.sum()).astype(np.float32)


class _Motion(NamedTuple):
    """A short line as a kernel, and the moves in whole pixels that make a long one of it."""

    kernel: np.ndarray
    moves: list[tuple[int, int]]


@lru_cache(maxsize=1024)
def _motion(length_px: float, angle_degrees: int) -> _Motion:
    direction = np.array([cos(radians(angle_degrees)), sin(radians(angle_degrees))])
    n_doublings = max(0, ceil(log2(length_px / _SHORT_LINE_PX)))
    step_px = length_px / 2**n_doublings
    moves = np.rint(direction * step_px * 2 ** np.arange(n_doublings)[:, None]).astype(int)
    # An odd move has no middle pixel; the kernel makes up for these halves.
    centre = -(moves % 2).sum(axis=0) / 2
    return _Motion(_line(direction * step_px, centre), [(dx, dy) for dx, dy in moves.tolist()])


def _line(vector_px: np.ndarray, centre_px: np.ndarray) -> np.ndarray:
    """Square float32 kernel of sum 1: many points on the line, shared among the pixels around."""
    n_points = ceil(np.hypot(*vector_px) * _POINTS_PER_PX)
    along = (np.arange(n_points) + 0.5) / n_points - 0.5
    x, y = centre_px[:, None] + vector_px[:, None] * along
    reach = ceil(max(abs(x).max(), abs(y).max()))
    places = np.arange(-reach, reach + 1)[:, None]
    across, down = (np.clip(1 - abs(places - part), 0, 1) for part in (x, y))
    return (down @ across.T / n_points).astype(np.float32)


def _averaged_with_moved(image: np.ndarray, dx: int, dy: int) -> np.ndarray:
    """The mean of the picture moved back by half the way, and moved on by the other half."""
    margin = max(abs(dx), abs(dy))
    padded = cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_REFLECT_101)
    back = _window(padded, margin - dx // 2, margin - dy // 2, image)
    on = _window(padded, margin + dx - dx // 2, margin + dy - dy // 2, image)
    return cv2.addWeighted(back, 0.5, on, 0.5, 0)


def _window(padded: np.ndarray, left_px: int, top_px: int, like: np.ndarray) -> np.ndarray:
    height, width = like.shape[:2]
    return padded[top_px : top_px + height, left_px : left_px + width]
