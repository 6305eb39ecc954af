"""Repeatable damage to pictures: noise, blur, compression, wear, light, and the old photograph.

The same picture, corruption and severity give the same result in every process and on every day:
the random numbers come from a digest of the picture's key. What each severity does stands in
`severities`; docs/degradations.md shows it (compare CIFAR-10-C and ImageNet-C, Hendrycks and
Dietterich 2019, https://arxiv.org/abs/1903.12261).
"""

from collections.abc import Callable

import numpy as np

from emotion_pipeline.domains import Degradation
from emotion_pipeline.imaging.degrade.blur import defocus_blur, gaussian_blur, motion_blur
from emotion_pipeline.imaging.degrade.chance import Chance
from emotion_pipeline.imaging.degrade.light import low_light, vignette
from emotion_pipeline.imaging.degrade.noise import film_grain, gaussian_noise, shot_noise
from emotion_pipeline.imaging.degrade.old_photo import old_photo
from emotion_pipeline.imaging.degrade.resolution import downscale, jpeg
from emotion_pipeline.imaging.degrade.severities import SEVERITY_VALUES
from emotion_pipeline.imaging.degrade.wear import fading, scratches

# Enters every seed: a new version draws new random numbers everywhere.
SUITE_VERSION = "2"

_CORRUPT: dict[str, Callable[..., np.ndarray]] = {
    "gaussian_noise": gaussian_noise,
    "shot_noise": shot_noise,
    "film_grain": film_grain,
    "gaussian_blur": gaussian_blur,
    "defocus_blur": defocus_blur,
    "motion_blur": motion_blur,
    "jpeg": jpeg,
    "downscale": downscale,
    "fading": fading,
    "scratches": scratches,
    "vignette": vignette,
    "low_light": low_light,
    "old_photo": old_photo,
}


def degrade(image: np.ndarray, degradation: Degradation, key: str) -> np.ndarray:
    """The picture after one corruption at one severity.

    `image` is (height, width) gray or (height, width, 3) RGB, uint8; the result is a new array of
    the same shape and dtype. `key` names the picture and picks the random numbers.
    Raises ValueError for an array that is no such picture.
    """
    is_picture = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype != np.uint8 or not is_picture or image.size == 0:
        raise ValueError(f"not a gray or RGB uint8 picture: {image.dtype} {image.shape}")
    corruption, severity = degradation.corruption, degradation.severity
    value = SEVERITY_VALUES[corruption][severity - 1]
    chance = Chance(SUITE_VERSION, key, corruption, str(severity))
    return _CORRUPT[corruption](image, value, chance)
