"""How far training pictures of a detector are changed, as values; `augment` does it.

This file knows nothing of torch and Albumentations, so that a recipe can be checked without them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FacePolicy:
    """How often (probabilities, 0 to 1) and how far a picture is changed.

    Brightness and contrast are fractions around 1, `blur_px` is the largest odd side of a Gaussian
    kernel. Equalising is CLAHE: Zuiderveld 1994, "Contrast Limited Adaptive Histogram
    Equalization".
    """

    flip_probability: float = 0.0
    light_probability: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    blur_probability: float = 0.0
    blur_px: int = 3
    equalise_probability: float = 0.0


FACE_POLICIES: dict[str, FacePolicy] = {
    "none": FacePolicy(),
    "flip": FacePolicy(flip_probability=0.5),
    # Pictures taken at night: their light differs more than anything else in them.
    "night": FacePolicy(
        flip_probability=0.5,
        light_probability=0.5,
        brightness=0.3,
        contrast=0.3,
        blur_probability=0.1,
        equalise_probability=0.3,
    ),
}
