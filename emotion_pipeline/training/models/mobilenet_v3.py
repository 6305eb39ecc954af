"""MobileNetV3 of torchvision, large or small, with dense layers of its own.

Howard et al. 2019, "Searching for MobileNetV3". The part called `features` has torchvision's
names, so that its ImageNet weights fit; `head` is what follows.
"""

import torch
import torchvision
from torch import nn

from emotion_pipeline.training.layers import as_rgb, head, require_values
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.values import Model

# Builder of torchvision and the channels of its last feature map.
VARIANTS = {
    "large": (torchvision.models.mobilenet_v3_large, 960),
    "small": (torchvision.models.mobilenet_v3_small, 576),
}


def build(values: Model, sizes: Sizes) -> nn.Module:
    """The network of a recipe's `model` section, in channels-last layout.

    Raises ValueError unless `variant` is large or small and pictures are the only input.
    """
    sizes.require("mobilenet_v3", pictures=True, features=False)
    require_values("mobilenet_v3", values, variants=tuple(VARIANTS), unused=("dropout",))
    return MobileNetV3(values, sizes).to(memory_format=torch.channels_last)


class MobileNetV3(nn.Module):
    """(n, 1 or 3, h, w) normalised pictures, h and w at least 32, to logits (n, n_classes)."""

    def __init__(self, values: Model, sizes: Sizes) -> None:
        super().__init__()
        builder, n_features = VARIANTS[str(values.variant)]
        self.features = builder().features
        self.head = head(n_features, values.dense, sizes.n_classes, values.head_dropout)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes)."""
        maps = self.features(as_rgb(images))  # (n, n_features, h/32, w/32)
        logits: torch.Tensor = self.head(maps.mean((2, 3)))
        return logits
