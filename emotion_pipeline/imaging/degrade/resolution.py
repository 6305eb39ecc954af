"""Detail lost to compression and to too few pixels."""

import cv2
import numpy as np

from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.degrade.chance import Chance
from emotion_pipeline.imaging.degrade.scale import growth, side_px


def jpeg(image: np.ndarray, quantiser: float, _: Chance) -> np.ndarray:
    """Compressed once; `quantiser` is in percent of the standard tables."""
    percent = quantiser * growth(image)
    quality = 5000 / percent if percent > 100 else 100 - percent / 2
    options = (cv2.IMWRITE_JPEG_QUALITY, max(1, round(quality)))
    blue_first = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return decode(cv2.imencode(".jpg", blue_first, options)[1].tobytes())


def downscale(image: np.ndarray, pixel: float, _: Chance) -> np.ndarray:
    """Shrunk until a pixel is `pixel` of the smaller side, and enlarged again."""
    factor = max(1.0, pixel * side_px(image))
    size = tuple(max(1, round(side / factor)) for side in image.shape[1::-1])
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
