"""Noise of sensors and of film, fresh for every picture.

Each random byte picks one of 256 equally likely quantiles of the distribution wanted, so noise is
one look-up in a table of levels by quantiles.
"""

from functools import lru_cache
from statistics import NormalDist

import cv2
import numpy as np

from emotion_pipeline.imaging.degrade.chance import Chance
from emotion_pipeline.imaging.degrade.scale import growth
from emotion_pipeline.imaging.degrade.tables import LEVELS, N_LEVELS, as_table, look_up

QUANTILES = (LEVELS + 0.5) / N_LEVELS

_CLUMP_PX = 0.5  # standard deviation of a clump of grain, for a side of 48 px
_BYTE_SD = ((N_LEVELS**2 - 1) / 12) ** 0.5  # of bytes that are all equally likely


def gaussian_noise(image: np.ndarray, deviation: float, chance: Chance) -> np.ndarray:
    """Normal noise of a sensor, drawn per colour."""
    return look_up(_normal_table(deviation * growth(image)), image, chance.bytes(image.shape))


def shot_noise(image: np.ndarray, white_photons: float, chance: Chance) -> np.ndarray:
    """Poisson noise of counted light, drawn per colour: its variance grows with the level."""
    table = _shot_table(white_photons / growth(image) ** 2)
    return look_up(table, image, chance.bytes(image.shape))


def film_grain(image: np.ndarray, deviation: float, chance: Chance) -> np.ndarray:
    """Clumps of silver, the same in all colours, strongest in the middle tones."""
    return look_up(grain_table(deviation, clump_px(image)), image, grain(image, chance))


def grain(image: np.ndarray, chance: Chance) -> np.ndarray:
    """(height, width) bytes of grain for a picture, to be looked up in `grain_table`."""
    return cv2.GaussianBlur(chance.bytes(image.shape[:2]), (0, 0), clump_px(image))


def clump_px(image: np.ndarray) -> float:
    """Standard deviation of a clump of grain."""
    return _CLUMP_PX * growth(image)


def poisson_quantiles(means: np.ndarray) -> np.ndarray:
    """(n, 256) counts: the middles of 256 equally likely parts of each Poisson distribution.

    `means` is (n,) float64, not negative.
    """
    highest = means.max()
    counts = np.arange(int(highest + 6 * highest**0.5) + 8)
    log_factorials = np.concatenate([[0.0], np.cumsum(np.log(counts[1:]))])
    with np.errstate(divide="ignore", invalid="ignore"):
        log_likely = counts * np.log(means)[:, None] - means[:, None] - log_factorials
    cumulated = np.cumsum(np.exp(np.where(np.isnan(log_likely), 0.0, log_likely)), axis=1)
    return np.stack([np.searchsorted(row, QUANTILES) for row in cumulated]).astype(np.float64)


@lru_cache(maxsize=1)
def _normal_quantiles() -> np.ndarray:
    """(256,) float64, stretched to a variance of 1."""
    normal = NormalDist()
    quantiles = np.array([normal.inv_cdf(share) for share in QUANTILES])
    return quantiles / quantiles.std()


@lru_cache(maxsize=128)
def _normal_table(deviation: float) -> np.ndarray:
    return as_table(LEVELS[:, None] + deviation * _normal_quantiles())


@lru_cache(maxsize=128)
def _shot_table(white_photons: float) -> np.ndarray:
    per_level = white_photons / 255
    return as_table(poisson_quantiles(LEVELS * per_level) / per_level)


@lru_cache(maxsize=128)
def grain_table(deviation: float, clump_px: float) -> np.ndarray:
    """(256, 256) uint8: gray levels by bytes of grain, which blurring has made less various."""
    impulse = np.zeros((65, 65), np.float32)
    impulse[32, 32] = 1
    grain_sd = _BYTE_SD * np.linalg.norm(cv2.GaussianBlur(impulse, (0, 0), clump_px))
    tone = LEVELS / 255
    strength = 0.3 + 0.7 * 4 * tone * (1 - tone)
    change = deviation * strength[:, None] * (LEVELS - LEVELS.mean()) / grain_sd
    return as_table(LEVELS[:, None] + change)
