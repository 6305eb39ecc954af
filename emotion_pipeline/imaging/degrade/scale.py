"""How a severity follows the size of a picture.

Lengths are fractions of the smaller side. What acts on single pixels grows with the square root of
that side: a severity then means about the same for a face of 48 px and for one of 500 px.
"""

import numpy as np

REFERENCE_SIDE_PX = 48


def side_px(image: np.ndarray) -> int:
    """The smaller side."""
    return min(image.shape[:2])


def growth(image: np.ndarray) -> float:
    """How much more what acts on single pixels does than in a picture of 48 px."""
    return (side_px(image) / REFERENCE_SIDE_PX) ** 0.5
