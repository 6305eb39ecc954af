"""Faces that a trained detector finds in pictures."""

import math
from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from emotion_pipeline.training.detection.data import as_rgb, to_tensor
from emotion_pipeline.training.devices import full_precision

MOST_ELONGATED = 32
"""Times as long as wide, or as wide as long, that a picture is seen as it is."""


def predict(
    detector: nn.Module, pictures: Iterable[np.ndarray], device: torch.device
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Boxes (n, 4) float32 in px of each picture, left, top, right, bottom, and scores (n,).

    Pictures are (h, w) gray or (h, w, 3) RGB uint8, of any sizes, and seen one by one in full
    precision, so that no picture's numbers depend on another. Scores fall from box to box. Moves
    the detector to the device and switches it to evaluation.
    """
    detector = detector.to(device).eval()
    for picture in pictures:
        with torch.inference_mode(), full_precision():
            found = detector([network_input(to_tensor(as_rgb(picture)).to(device))])
        yield found_boxes(found[0])


def network_input(picture: torch.Tensor) -> torch.Tensor:
    """(3, h, w) uint8 to float32, 0 to 1.

    Black is added to the right of, or below, a picture so narrow that scaling would leave nothing.
    """
    height, width = picture.shape[1:]
    least = math.ceil(max(height, width) / MOST_ELONGATED)
    added = (0, max(0, least - width), 0, max(0, least - height))
    return functional.pad(picture.float() / 255, added)


def found_boxes(found: dict[str, torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """What torchvision's detectors give for a picture as float32 arrays, surest box first."""
    boxes, scores = (found[name].float().cpu().numpy() for name in ("boxes", "scores"))
    order = np.argsort(-scores, kind="stable")
    return boxes[order], scores[order]
