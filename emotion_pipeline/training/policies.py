"""Augmentation policies as values: how far a training picture may be moved, and how often.

The functions that do it are in `augment`. This file knows nothing of torch, so that a recipe can be
checked without it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """Largest changes, drawn uniformly and per picture; zero means never.

    Shift, blur (the Gaussian's standard deviation) and the side of an erased square are fractions
    of the picture's side, scale and contrast are fractions around 1, shear is how far a picture of
    height 1 leans. Noise is a standard deviation in units of the normalised picture. Probabilities
    are 0 to 1; each of the `erase_squares` is painted with `erase_probability`.
    """

    flip_probability: float = 0.0
    vertical_flip_probability: float = 0.0
    rotation_degrees: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    shear: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    contrast: float = 0.0
    erase_probability: float = 0.0
    erase_squares: int = 1
    erase_side: tuple[float, float] = (0.1, 0.4)


POLICIES: dict[str, Policy] = {
    "none": Policy(),
    "flip": Policy(flip_probability=0.5),
    # For comparison only: upside down, faces are no longer what a model will be shown.
    "vertical_flip": Policy(vertical_flip_probability=0.5),
    "moderate": Policy(
        flip_probability=0.5,
        rotation_degrees=15.0,
        scale=0.15,
        shift=0.06,
        contrast=0.2,
        erase_probability=0.5,
    ),
    # What Keras' ImageDataGenerator is usually told to do with faces of 48 px; though it takes a
    # shear of 0.15 for degrees, so that what people mean by it never happened.
    "classic": Policy(
        flip_probability=0.5,
        rotation_degrees=15.0,
        scale=0.15,
        shift=0.15,
        shear=0.15,
    ),
    "all": Policy(
        flip_probability=0.5,
        rotation_degrees=15.0,
        scale=0.15,
        shift=0.06,
        blur=0.025,
        noise=0.2,
        contrast=0.2,
        erase_probability=0.5,
        erase_squares=4,
        erase_side=(0.1, 0.25),
    ),
}
