"""Four blocks of two convolutions and dense layers, after VGG, for faces of about 48 pixels.

Simonyan and Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image Recognition",
with batch normalisation.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from emotion_pipeline.training.layers import convolution, head, require_values
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.values import Model

N_BLOCKS = 4
# What the blocks leave of 48 pixels, and of crops down to 33: these are seen as they are.
GRID = 3


def build(values: Model, sizes: Sizes) -> nn.Module:
    """The network of a recipe's `model` section, in channels-last layout.

    Raises ValueError unless `widths` has one value per block and pictures are the only input.
    """
    sizes.require("vgg4", pictures=True, features=False)
    require_values("vgg4", values, n_widths=N_BLOCKS)
    return VGG(values, sizes).to(memory_format=torch.channels_last)


class VGG(nn.Module):
    """(n, n_channels, h, w) normalised pictures, h and w at least 32, to logits (n, n_classes)."""

    def __init__(self, values: Model, sizes: Sizes) -> None:
        super().__init__()
        steps = pairwise((sizes.n_channels, *values.widths))
        self.blocks = nn.Sequential(*(_block(*step, values.dropout) for step in steps))
        n_pooled = values.widths[-1] * GRID**2
        self.head = head(n_pooled, values.dense, sizes.n_classes, values.head_dropout)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes)."""
        maps = self.blocks(images.contiguous(memory_format=torch.channels_last))
        if maps.shape[2:] != (GRID, GRID):  # its gradients on GPUs are not repeatable
            maps = functional.adaptive_avg_pool2d(maps, GRID)
        logits: torch.Tensor = self.head(maps.flatten(1))
        return logits


def _block(n_in: int, n_out: int, dropout: float) -> nn.Sequential:
    """Features (n, n_in, h, w) to (n, n_out, h/2, w/2), rounded up."""
    return nn.Sequential(
        convolution(n_in, n_out),
        nn.ReLU(inplace=True),
        convolution(n_out, n_out),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.Dropout2d(dropout),
    )
