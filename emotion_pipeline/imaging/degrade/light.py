"""Too little light: everywhere, or in the corners."""

from functools import lru_cache

import numpy as np

from emotion_pipeline.imaging.degrade.chance import Chance
from emotion_pipeline.imaging.degrade.noise import poisson_quantiles
from emotion_pipeline.imaging.degrade.scale import growth
from emotion_pipeline.imaging.degrade.tables import LEVELS, as_table, look_up

_GAMMA = 2.2
_WHITE_PHOTONS = 2000  # at full exposure, for a side of 48 px


def low_light(image: np.ndarray, exposure: float, chance: Chance) -> np.ndarray:
    """A share of the light, counted photon by photon, and no gain to make up for it."""
    table = _exposure_table(exposure, _WHITE_PHOTONS / growth(image) ** 2)
    return look_up(table, image, chance.bytes(image.shape))


def vignette(image: np.ndarray, loss: float, _: Chance) -> np.ndarray:
    """Light lost towards the corners, with the square of the distance from the centre."""
    return look_up(_vignette_table(loss), image, _distance_from_centre(*image.shape[:2]))


@lru_cache(maxsize=128)
def _exposure_table(exposure: float, white_photons: float) -> np.ndarray:
    """Poisson noise acts on light, which gray levels encode with a gamma."""
    photons = poisson_quantiles((LEVELS / 255) ** _GAMMA * exposure * white_photons)
    return as_table(255 * (photons / white_photons) ** (1 / _GAMMA))


@lru_cache(maxsize=128)
def _vignette_table(loss: float) -> np.ndarray:
    return as_table(LEVELS[:, None] * (1 - loss * LEVELS / 255))


@lru_cache(maxsize=64)
def _distance_from_centre(height: int, width: int) -> np.ndarray:
    """(height, width) uint8, squared: 0 in the middle, 255 in the corners."""
    y, x = (np.linspace(-1, 1, side)[:, None] for side in (height, width))
    return as_table(255 / 2 * (y**2 + x.T**2))
