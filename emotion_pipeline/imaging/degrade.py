"""Repeatable damage to pictures: sensor noise, blur, JPEG, and the look of an old photograph.

The same picture, corruption and severity give the same result in every process and on every day:
the random numbers come from a digest of the picture's key. Lengths are fractions of the picture's
smaller side, and what acts on single pixels grows with the square root of that side, so that a
severity means about the same for a face of 48 px and for one of 500 px (compare CIFAR-10-C and
ImageNet-C, Hendrycks and Dietterich 2019, https://arxiv.org/abs/1903.12261).
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from emotion_pipeline.domains import Degradation
from emotion_pipeline.imaging.codec import decode

# Enters every seed: a new version draws new random numbers everywhere.
SUITE_VERSION = "1"

REFERENCE_SIDE_PX = 48


class OldPhoto(NamedTuple):
    """What one severity of `old_photo` does; see the units at `PARAMETERS`."""

    contrast: float  # share of the contrast that is left
    vignette: float  # share of the light that is lost in the corners
    blur: float
    grain: float
    n_scratches: int
    n_specks: int
    jpeg: float


# One value per severity, 1 to 5.
#   noise and grain: standard deviation in gray levels of 255, for a side of 48 px
#   blur:            standard deviation as a fraction of the smaller side
#   jpeg:            quantiser in percent of the standard tables (100 is quality 50, 200 is 25,
#                    500 is 10), for a side of 48 px
PARAMETERS: dict[str, tuple] = {
    "gaussian_noise": (6.0, 11.0, 18.0, 28.0, 42.0),
    "gaussian_blur": (0.012, 0.019, 0.028, 0.038, 0.049),
    "jpeg": (90.0, 180.0, 330.0, 560.0, 900.0),
    "old_photo": (
        OldPhoto(0.90, 0.20, 0.008, 3.0, 1, 3, 40.0),
        OldPhoto(0.80, 0.30, 0.011, 5.0, 2, 5, 60.0),
        OldPhoto(0.70, 0.40, 0.015, 7.5, 3, 8, 90.0),
        OldPhoto(0.60, 0.50, 0.019, 9.5, 4, 12, 115.0),
        OldPhoto(0.50, 0.60, 0.023, 12.0, 6, 18, 150.0),
    ),
}

_PAPER = 150  # the gray that a fading print drifts to
_LINE_WIDTH = 0.01  # of scratches and specks; like the next, a fraction of the smaller side
_GRAIN_SIZE = 0.01
_SUBPIXEL_BITS = 4  # cv2 takes line ends as fixed-point numbers


def degrade(image: np.ndarray, degradation: Degradation, key: str) -> np.ndarray:
    """The picture after one corruption at one severity.

    `image` is (height, width) gray or (height, width, 3) RGB, uint8; the result is a new array of
    the same shape and dtype. `key` names the picture and picks the random numbers.
    Raises ValueError for an array that is no such picture.
    """
    is_picture = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype != np.uint8 or not is_picture or image.size == 0:
        raise ValueError(f"not a gray or RGB uint8 picture: {image.dtype} {image.shape}")
    parameters = PARAMETERS[degradation.corruption][degradation.severity - 1]
    return _CORRUPT[degradation.corruption](image, parameters, _rng(degradation, key))


def _rng(degradation: Degradation, key: str) -> np.random.Generator:
    text = "\0".join((SUITE_VERSION, key, degradation.corruption, str(degradation.severity)))
    return np.random.default_rng(
        int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
    )


def _gaussian_noise(image: np.ndarray, deviation: float, rng: np.random.Generator) -> np.ndarray:
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return _rounded(image + noise * np.float32(deviation * _growth(image)))


def _gaussian_blur(image: np.ndarray, blur: float, _: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), blur * _side_px(image))


def _jpeg(image: np.ndarray, quantiser: float, _: np.random.Generator) -> np.ndarray:
    percent = quantiser * _growth(image)
    quality = 5000 / percent if percent > 100 else 100 - percent / 2
    options = (cv2.IMWRITE_JPEG_QUALITY, max(1, round(quality)))
    blue_first = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return decode(cv2.imencode(".jpg", blue_first, options)[1].tobytes())


def _old_photo(image: np.ndarray, look: OldPhoto, rng: np.random.Generator) -> np.ndarray:
    """A soft lens and dark corners, faded and grainy paper, wear, and then a scan as JPEG."""
    light = 1 - look.vignette * _distance_from_centre(*image.shape[:2])
    light *= look.contrast
    grain = _grain(image, look.grain, rng)
    grain += _PAPER * (1 - look.contrast)
    if image.ndim == 3:
        light, grain = light[..., None], grain[..., None]
    photo = _rounded(_gaussian_blur(image, look.blur, rng) * light + grain)
    lighter, darker = _wear(photo, look, rng)
    return _jpeg(cv2.subtract(cv2.add(photo, lighter), darker), look.jpeg, rng)


def _grain(image: np.ndarray, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """(height, width) float32 noise of mean 0, whose clumps grow with the picture."""
    height, width = image.shape[:2]
    clump_px = max(1.0, _GRAIN_SIZE * _side_px(image))
    shape = (max(1, round(height / clump_px)), max(1, round(width / clump_px)))
    grain = rng.standard_normal(shape, dtype=np.float32) * np.float32(deviation)
    return grain if clump_px == 1 else cv2.resize(grain, (width, height))


def _wear(
    photo: np.ndarray, look: OldPhoto, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Gray levels that scratches and specks add, and those that specks take away."""
    lighter, darker = np.zeros_like(photo), np.zeros_like(photo)
    for x, y, lean, length, tone in rng.random((look.n_scratches, 5)).tolist():
        top = y * 1.2 - 0.4
        end = (x + 0.3 * (lean - 0.5), top + 0.25 + 0.75 * length)
        _draw_line(lighter, (x, top), end, 30 + 50 * tone)
    for x, y, dx, dy, tone in rng.random((look.n_specks, 5)).tolist():
        end = (x + 0.04 * (dx - 0.5), y + 0.04 * (dy - 0.5))
        _draw_line(lighter if tone < 0.5 else darker, (x, y), end, 30 + 120 * abs(tone - 0.5))
    return lighter, darker


def _draw_line(
    layer: np.ndarray, start: tuple[float, float], end: tuple[float, float], tone: float
) -> None:
    """Draw a thin smooth line between points given in fractions of the layer's width and height."""
    height, width = layer.shape[:2]
    ends = [
        (int(x * width * 2**_SUBPIXEL_BITS), int(y * height * 2**_SUBPIXEL_BITS))
        for x, y in (start, end)
    ]
    width_px = max(1, round(_LINE_WIDTH * _side_px(layer)))
    cv2.line(layer, ends[0], ends[1], (tone, tone, tone), width_px, cv2.LINE_AA, _SUBPIXEL_BITS)


@lru_cache(maxsize=64)
def _distance_from_centre(height: int, width: int) -> np.ndarray:
    """(height, width) float32, squared: 0 in the middle, 1 in the corners; not to be changed."""
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    distance = (x * x + y * y) / 2
    distance.flags.writeable = False
    return distance


def _side_px(image: np.ndarray) -> int:
    return min(image.shape[:2])


def _growth(image: np.ndarray) -> float:
    return (_side_px(image) / REFERENCE_SIDE_PX) ** 0.5


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


_CORRUPT: dict[str, Callable[..., np.ndarray]] = {
    "gaussian_noise": _gaussian_noise,
    "gaussian_blur": _gaussian_blur,
    "jpeg": _jpeg,
    "old_photo": _old_photo,
}
