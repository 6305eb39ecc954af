"""Between pictures in color and in gray."""

import cv2
import numpy as np


def to_gray(image: np.ndarray) -> np.ndarray:
    """Luma by ITU-R BT.601 (0.299 R + 0.587 G + 0.114 B).

    Takes (height, width, 3) RGB uint8 and returns (height, width) uint8; a gray picture is
    returned as it is, not copied.
    """
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)


def to_rgb(image: np.ndarray) -> np.ndarray:
    """(height, width, 3) uint8 of a gray picture, all three alike; an RGB one as it is."""
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
