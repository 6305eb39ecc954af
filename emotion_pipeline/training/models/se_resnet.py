"""Residual blocks that weigh their channels, in four stages, for faces of about 64 pixels.

He et al. 2016, "Deep Residual Learning for Image Recognition" (the 18 layers), and Hu et al. 2018,
"Squeeze-and-Excitation Networks". The stem keeps the size, because the pictures are small.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from emotion_pipeline.training.layers import convolution, head, require_values
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.values import Model

N_STAGES = 4
REDUCTION = 16
# Fewer units could all fall silent at once.
LEAST_SQUEEZED = 4


def build(values: Model, sizes: Sizes) -> nn.Module:
    """The network of a recipe's `model` section, in channels-last layout.

    Raises ValueError unless `widths` has one value per stage and pictures are the only input.
    """
    sizes.require("se_resnet", pictures=True, features=False)
    require_values("se_resnet", values, n_widths=N_STAGES)
    return SEResNet(values, sizes).to(memory_format=torch.channels_last)


class SEResNet(nn.Module):
    """(n, n_channels, h, w) normalised pictures, h and w at least 32, to logits (n, n_classes)."""

    def __init__(self, values: Model, sizes: Sizes) -> None:
        super().__init__()
        widths = values.widths
        self.stem = nn.Sequential(convolution(sizes.n_channels, widths[0]), nn.ReLU(inplace=True))
        steps = pairwise((widths[0], *widths))
        self.stages = nn.Sequential(
            *(
                nn.Sequential(
                    Block(n_in, n_out, stride=1 if number == 0 else 2),
                    Block(n_out, n_out),
                    nn.Dropout2d(values.dropout),
                )
                for number, (n_in, n_out) in enumerate(steps)
            )
        )
        self.head = head(widths[-1], values.dense, sizes.n_classes, values.head_dropout)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes)."""
        maps = self.stages(self.stem(images.contiguous(memory_format=torch.channels_last)))
        logits: torch.Tensor = self.head(maps.mean((2, 3)))
        return logits


class Block(nn.Module):
    """Two 3x3 convolutions, their channels weighed, beside a shortcut; the shortcut alone at first.

    That start is of Goyal et al. 2017, "Accurate, Large Minibatch SGD".
    """

    def __init__(self, n_in: int, n_out: int, stride: int = 1) -> None:
        super().__init__()
        self.first = convolution(n_in, n_out, stride=stride)
        self.second = convolution(n_out, n_out)
        self.excitation = Excitation(n_out)
        same = n_in == n_out and stride == 1
        self.shortcut = nn.Identity() if same else convolution(n_in, n_out, kernel_px=1)
        self.stride = stride
        nn.init.zeros_(self.second.get_parameter("1.weight"))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Features (n, n_in, h, w) to (n, n_out, h/stride, w/stride), rounded up."""
        changed = self.second(functional.relu(self.first(maps), inplace=True))
        # What a convolution with a stride would do, but with few channels oneDNN's gradient of that
        # writes where it may not (torch 2.15, a processor with AVX2).
        thinned = maps[:, :, :: self.stride, :: self.stride]
        return functional.relu(self.excitation(changed) + self.shortcut(thinned), inplace=True)


class Excitation(nn.Module):
    """Weighs every channel of (n, n_channels, h, w) by what all of them show on average."""

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        n_squeezed = max(LEAST_SQUEEZED, n_channels // REDUCTION)
        self.squeeze = nn.Linear(n_channels, n_squeezed)
        self.excite = nn.Linear(n_squeezed, n_channels)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """The same shape, each channel times a factor in (0, 1)."""
        squeezed = functional.relu(self.squeeze(maps.mean((2, 3))))  # (n, n_squeezed)
        factors = self.excite(squeezed).sigmoid()  # (n, n_channels)
        return maps * factors[:, :, None, None]
