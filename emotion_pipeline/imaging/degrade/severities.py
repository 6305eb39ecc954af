"""What each severity does: the numbers of the suite.

Changing any of them changes the suite: raise `SUITE_VERSION` with it. Nothing but values belongs
here: pictures of a domain are made again for the values of its own severity, not for this file.
"""

from typing import NamedTuple


class Wear(NamedTuple):
    """How many marks a print bears; the number does not depend on its size."""

    n_scratches: int
    n_fibres: int
    n_specks: int


class OldPhoto(NamedTuple):
    """What one severity of `old_photo` does, in the units of the single corruptions."""

    blur: float
    vignette: float
    grain: float
    contrast: float
    wear: Wear
    jpeg: float


# One value per severity, 1 to 5.
SEVERITY_VALUES: dict[str, tuple] = {
    # standard deviation in gray levels of 255, for a side of 48 px
    "gaussian_noise": (6.0, 11.0, 18.0, 28.0, 42.0),
    # photons counted at white, for a side of 48 px
    "shot_noise": (800.0, 280.0, 120.0, 55.0, 25.0),
    # standard deviation in the middle tones, in gray levels of 255
    "film_grain": (6.0, 10.0, 15.0, 22.0, 31.0),
    # standard deviation as a fraction of the smaller side
    "gaussian_blur": (0.011, 0.017, 0.024, 0.032, 0.041),
    # radius as a fraction of the smaller side
    "defocus_blur": (0.022, 0.034, 0.047, 0.062, 0.079),
    # length as a fraction of the smaller side
    "motion_blur": (0.06, 0.10, 0.14, 0.18, 0.23),
    # quantiser in percent of the standard tables (100 is quality 50, 200 is 25, 500 is 10),
    # for a side of 48 px
    "jpeg": (90.0, 180.0, 330.0, 560.0, 900.0),
    # side of a pixel as a fraction of the picture's smaller side
    "downscale": (0.028, 0.038, 0.050, 0.063, 0.078),
    # share of the contrast that is left
    "fading": (0.85, 0.70, 0.55, 0.42, 0.30),
    "scratches": (
        Wear(3, 1, 6),
        Wear(6, 2, 12),
        Wear(11, 4, 22),
        Wear(18, 7, 36),
        Wear(28, 11, 56),
    ),
    # share of the light that is lost in the corners
    "vignette": (0.25, 0.40, 0.55, 0.70, 0.85),
    # share of the light that is left
    "low_light": (0.70, 0.45, 0.28, 0.16, 0.09),
    "old_photo": (
        OldPhoto(0.007, 0.20, 3.5, 0.90, Wear(2, 0, 4), 20.0),
        OldPhoto(0.009, 0.30, 6.0, 0.80, Wear(3, 1, 7), 30.0),
        OldPhoto(0.011, 0.40, 8.5, 0.70, Wear(4, 2, 11), 40.0),
        OldPhoto(0.014, 0.50, 11.0, 0.60, Wear(6, 3, 16), 55.0),
        OldPhoto(0.017, 0.60, 14.0, 0.50, Wear(8, 4, 24), 70.0),
    ),
}
