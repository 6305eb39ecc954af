"""MobileNetV2 of torchvision, four convolutions on what it sees, and dense layers.

Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks". The part called
`features` has torchvision's names, so that its ImageNet weights fit.
"""

from itertools import pairwise

import torch
import torchvision
from torch import nn

from emotion_pipeline.training.layers import as_rgb, convolution, head, require_values
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.values import Model

N_BLOCKS = 4
N_FEATURES = 1280


def build(values: Model, sizes: Sizes) -> nn.Module:
    """The network of a recipe's `model` section, in channels-last layout.

    Raises ValueError unless `widths` has one value for each convolution after MobileNet and
    pictures are the only input.
    """
    sizes.require("mobilenet_v2", pictures=True, features=False)
    require_values("mobilenet_v2", values, n_widths=N_BLOCKS)
    return MobileNetV2(values, sizes).to(memory_format=torch.channels_last)


class MobileNetV2(nn.Module):
    """(n, 1 or 3, h, w) normalised pictures, h and w at least 32, to logits (n, n_classes)."""

    def __init__(self, values: Model, sizes: Sizes) -> None:
        super().__init__()
        self.features = torchvision.models.mobilenet_v2().features
        steps = pairwise((N_FEATURES, *values.widths))
        self.blocks = nn.Sequential(*(_block(*step, values.dropout) for step in steps))
        self.head = head(values.widths[-1], values.dense, sizes.n_classes, values.head_dropout)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes)."""
        maps = self.blocks(self.features(as_rgb(images)))  # (n, widths[-1], h/32, w/32)
        logits: torch.Tensor = self.head(maps.mean((2, 3)))
        return logits


def _block(n_in: int, n_out: int, dropout: float) -> nn.Sequential:
    """Features (n, n_in, h, w) to (n, n_out, h, w): they are too small to be halved further."""
    return nn.Sequential(convolution(n_in, n_out), nn.ReLU(inplace=True), nn.Dropout2d(dropout))
