"""What years do to a print: it fades, and it is scratched and gathers dust."""

from functools import lru_cache

import cv2
import numpy as np

from emotion_pipeline.imaging.degrade.chance import Chance
from emotion_pipeline.imaging.degrade.scale import growth
from emotion_pipeline.imaging.degrade.severities import Wear
from emotion_pipeline.imaging.degrade.tables import LEVELS, as_table, look_up

_PAPER = 150  # the gray that a fading print drifts to
_WHITE = 245  # where the picture's layer is gone
_CLEAN = 128  # wear above it is lighter than the picture, below it darker
_LINE_PX = 0.5  # width of a scratch, for a side of 48 px
_SUBPIXEL_BITS = 4  # cv2 takes points as fixed-point numbers
_N_PATCHES = 12  # along a side: within one, a mark is about equally deep
_ALONG = np.linspace(0, 1, 7)  # the points of a curve


def fading(image: np.ndarray, contrast: float, _: Chance) -> np.ndarray:
    """Only a share of the contrast is left, around the gray of the paper."""
    return cv2.LUT(image, faded(contrast))


@lru_cache(maxsize=32)
def faded(contrast: float) -> np.ndarray:
    """(256,) uint8: what each gray level becomes."""
    return as_table(_PAPER + contrast * (LEVELS - _PAPER))


def scratches(image: np.ndarray, wear: Wear, chance: Chance) -> np.ndarray:
    """Long light scratches, dark fibres, and specks of dust, light or dark."""
    worn = np.full(image.shape[:2], _CLEAN, np.uint8)
    width_px = _LINE_PX * growth(image)
    x, y, turn, length, bend, tone = chance.uniform(6, wear.n_scratches)
    angle = np.pi * (0.5 + 4 * (turn - 0.5) ** 3)  # mostly along the height
    curves = _curves(x, y, angle, 0.2 + 0.8 * length**2, 0.3 * (bend - 0.5))
    _draw_lines(worn, curves, 0.4 + 0.6 * tone, width_px)
    x, y, turn, length, bend, tone = chance.uniform(6, wear.n_fibres)
    curves = _curves(x, y, 2 * np.pi * turn, 0.05 + 0.12 * length, 2 * (bend - 0.5))
    _draw_lines(worn, curves, -0.4 - 0.4 * tone, 0.8 * width_px)
    x, y, size, tone = chance.uniform(4, wear.n_specks)
    places = np.stack([x, y], axis=1)
    _draw_specks(worn, places, width_px * (0.3 + 1.2 * size**3), 1 - 1.6 * tone**2)
    patches = cv2.resize(chance.bytes((_N_PATCHES, _N_PATCHES)), worn.shape[::-1])
    return look_up(_wear_table(), image, look_up(_depth_table(), worn, patches))


def _curves(
    x: np.ndarray, y: np.ndarray, angle: np.ndarray, length: np.ndarray, bend: np.ndarray
) -> np.ndarray:
    """(n, points, 2) places of n curves around (x, y), in fractions of the width and height."""
    away = _ALONG - 0.5
    sideways = bend[:, None] * (0.25 - away**2)
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    across = x[:, None] + length[:, None] * (away * cos - sideways * sin)
    down = y[:, None] + length[:, None] * (away * sin + sideways * cos)
    return np.stack([across, down], axis=2)


def _draw_lines(
    worn: np.ndarray, curves: np.ndarray, strengths: np.ndarray, width_px: float
) -> None:
    """Draw smooth lines; where they are thinner than a pixel, they are drawn fainter instead."""
    thickness, tones = max(1, round(width_px)), _tones(strengths * min(1.0, width_px))
    for curve, tone in zip(_fixed_point(curves, worn), tones, strict=True):
        cv2.polylines(worn, [curve], False, tone, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _draw_specks(
    worn: np.ndarray, places: np.ndarray, radii_px: np.ndarray, strengths: np.ndarray
) -> None:
    """Draw round specks; those thinner than a pixel are drawn fainter instead."""
    radii = np.rint(radii_px * 2**_SUBPIXEL_BITS).astype(int).tolist()
    tones = _tones(strengths * np.minimum(1.0, 2 * radii_px))
    centres = _fixed_point(places, worn).tolist()
    for centre, radius, tone in zip(centres, radii, tones, strict=True):
        cv2.circle(worn, centre, radius, tone, cv2.FILLED, cv2.LINE_AA, _SUBPIXEL_BITS)


def _fixed_point(places: np.ndarray, worn: np.ndarray) -> np.ndarray:
    """Places in fractions of the width and height as cv2 takes them, int32."""
    return np.rint(places * worn.shape[::-1] * 2**_SUBPIXEL_BITS).astype(np.int32)


def _tones(strengths: np.ndarray) -> list[int]:
    """From -1, black, to 1, white paper."""
    return np.rint(_CLEAN + (255 - _CLEAN) * strengths).astype(int).tolist()


@lru_cache(maxsize=1)
def _wear_table() -> np.ndarray:
    strength = (LEVELS - _CLEAN) / (255 - _CLEAN)
    target = np.where(strength > 0, _WHITE, 0)
    return as_table(LEVELS[:, None] + abs(strength) * (target - LEVELS[:, None]))


@lru_cache(maxsize=1)
def _depth_table() -> np.ndarray:
    """Nothing goes equally deep everywhere: marks are whole in some patches, gone in others."""
    depth = np.clip((LEVELS - 60) / 110, 0, 1)
    return as_table(_CLEAN + (LEVELS[:, None] - _CLEAN) * depth)
