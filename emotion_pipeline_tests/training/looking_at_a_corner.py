"""A network that looks at the upper left corner of a picture and at nothing else."""

import numpy as np
import torch
from torch import nn

from emotion_pipeline_tests.training import tiny

SIDE_PX, CELL_PX, CORNER_PX = 32, 4, 8
BRIGHT = 3
"""The class of pictures whose corner is bright."""


class CornerNetwork(nn.Module):
    """(n, 1, 32, 32) to logits (n, 8): the brighter the corner, the more it is class `BRIGHT`."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.Conv2d(1, 1, CELL_PX, stride=CELL_PX)
        self.head = nn.Linear((SIDE_PX // CELL_PX) ** 2, tiny.N_CLASSES)
        weights = torch.zeros(tiny.N_CLASSES, SIDE_PX // CELL_PX, SIDE_PX // CELL_PX)
        weights[BRIGHT, : CORNER_PX // CELL_PX, : CORNER_PX // CELL_PX] = 1.0
        with torch.no_grad():
            self.cells.weight.fill_(1 / CELL_PX**2)
            self.cells.bias.zero_()
            self.head.weight.copy_(weights.flatten(1))
            self.head.bias.zero_()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.cells(images).relu().flatten(1))


def bright_corners(n: int) -> np.ndarray:
    """Noise (n, 32, 32, 1) uint8 with a bright upper left corner."""
    pictures = np.random.default_rng(n).integers(60, 120, (n, SIDE_PX, SIDE_PX, 1), dtype=np.uint8)
    pictures[:, :CORNER_PX, :CORNER_PX] += 100
    return pictures
