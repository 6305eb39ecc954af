"""Augmentation policies as values: how far a training picture may be moved, and how often.

The functions that do it are in `augment`. This file knows nothing of torch, so that a recipe can be
checked without it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """Largest changes, drawn uniformly and per picture; zero means never.

    Shift and side of the erased square are fractions of the picture's side, scale and contrast are
    fractions around 1, probabilities are 0 to 1.
    """

    flip_probability: float = 0.0
    rotation_degrees: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    contrast: float = 0.0
    erase_probability: float = 0.0
    erase_side: tuple[float, float] = (0.1, 0.4)


POLICIES: dict[str, Policy] = {
    "none": Policy(),
    "flip": Policy(flip_probability=0.5),
    # A vertical flip is left out on purpose: it hurts faces.
    "moderate": Policy(
        flip_probability=0.5,
        rotation_degrees=15.0,
        scale=0.15,
        shift=0.06,
        contrast=0.2,
        erase_probability=0.5,
    ),
}
