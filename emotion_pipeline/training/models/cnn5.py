"""Five residual blocks, each halving the picture: a small network for faces of about 48 pixels."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from emotion_pipeline.training.layers import convolution, require_values
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.values import Model

N_BLOCKS = 5


def build(values: Model, sizes: Sizes) -> nn.Module:
    """The network of a recipe's `model` section, in channels-last layout (fastest on CPU and GPU).

    Raises ValueError unless `widths` has one value per block and pictures are the only input.
    """
    sizes.require("cnn5", pictures=True, features=False)
    require_values("cnn5", values, n_widths=N_BLOCKS, unused=("dense",))
    network = FiveBlocks(sizes, values.widths, values.dropout, values.head_dropout)
    return network.to(memory_format=torch.channels_last)


class FiveBlocks(nn.Module):
    """(n, n_channels, h, w) normalised pictures, h and w at least 32, to logits (n, n_classes)."""

    def __init__(
        self, sizes: Sizes, widths: tuple[int, ...], dropout: float, head_dropout: float
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(convolution(sizes.n_channels, widths[0]), nn.ReLU(inplace=True))
        steps = pairwise((widths[0], *widths))
        self.blocks = nn.Sequential(*(Block(n_in, n_out, dropout) for n_in, n_out in steps))
        self.dropout = nn.Dropout(head_dropout)
        self.head = nn.Linear(widths[-1], sizes.n_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes)."""
        features = self.blocks(self.stem(images.contiguous(memory_format=torch.channels_last)))
        pooled = features.mean((2, 3))  # (n, widths[-1])
        logits: torch.Tensor = self.head(self.dropout(pooled))
        return logits


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut, then half the size and whole channels dropped."""

    def __init__(self, n_in: int, n_out: int, dropout: float) -> None:
        super().__init__()
        self.first = convolution(n_in, n_out)
        self.second = convolution(n_out, n_out)
        same = n_in == n_out
        self.shortcut = nn.Identity() if same else convolution(n_in, n_out, kernel_px=1)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features (n, n_in, h, w) to (n, n_out, h/2, w/2), rounded up."""
        changed = self.second(functional.relu(self.first(features), inplace=True))
        joined = functional.relu(changed + self.shortcut(features), inplace=True)
        halved = functional.max_pool2d(joined, 2, ceil_mode=True)  # (n, n_out, h/2, w/2)
        dropped: torch.Tensor = self.dropout(halved)
        return dropped
