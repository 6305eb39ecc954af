"""The old photograph: the single corruptions in the order in which life applies them."""

from functools import lru_cache

import numpy as np

from emotion_pipeline.imaging.degrade.blur import gaussian_blur
from emotion_pipeline.imaging.degrade.chance import Chance
from emotion_pipeline.imaging.degrade.light import vignette
from emotion_pipeline.imaging.degrade.noise import clump_px, grain, grain_table
from emotion_pipeline.imaging.degrade.resolution import jpeg
from emotion_pipeline.imaging.degrade.severities import OldPhoto
from emotion_pipeline.imaging.degrade.tables import look_up
from emotion_pipeline.imaging.degrade.wear import faded, scratches


def old_photo(image: np.ndarray, look: OldPhoto, chance: Chance) -> np.ndarray:
    """A soft lens with dark corners, grainy film, a faded and worn print, and its scan as JPEG."""
    image = vignette(gaussian_blur(image, look.blur, chance), look.vignette, chance)
    table = _print_table(look.grain, clump_px(image), look.contrast)
    image = look_up(table, image, grain(image, chance))
    return jpeg(scratches(image, look.wear, chance), look.jpeg, chance)


@lru_cache(maxsize=128)
def _print_table(deviation: float, clump_px: float, contrast: float) -> np.ndarray:
    """Grain, then fading, in one look-up."""
    return faded(contrast)[grain_table(deviation, clump_px)]
