"""One table instead of arithmetic on every pixel.

A corruption that changes a gray level by one more byte - a random one, the grain, the distance from
the centre, the wear - is a table of 256 levels by 256 such bytes. Looking up costs the same for any
table, and no processor rounds it otherwise.
"""

import cv2
import numpy as np

N_LEVELS = 256
LEVELS = np.arange(N_LEVELS, dtype=np.float64)


def as_table(values: np.ndarray) -> np.ndarray:
    """Round and clip to uint8; the result is not to be changed, for it is shared."""
    table = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    table.flags.writeable = False
    return table


def look_up(table: np.ndarray, image: np.ndarray, plane: np.ndarray) -> np.ndarray:
    """`table[image, plane]` with a (256, 256) table, all uint8.

    `plane` has the image's shape, or is (height, width) and serves all colours alike.
    """
    height = image.shape[0]
    if plane.ndim < image.ndim:
        plane = cv2.merge([plane] * image.shape[2])
    pairs = cv2.merge([plane.reshape(height, -1), image.reshape(height, -1)])
    index = pairs.view("<u2")  # the image's level is the upper byte, so it picks the row
    return cv2.LUT(index, table.reshape(1, -1)).reshape(image.shape)
