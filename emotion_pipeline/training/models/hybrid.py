"""Pictures and what was measured on the face mesh, joined: the blocks of `cnn5` beside dense
layers, and dense layers on both."""

import torch
from torch import nn

from emotion_pipeline.training.layers import dense_layers, head, require_values
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.models.cnn5 import N_BLOCKS, FiveBlocks
from emotion_pipeline.training.scaling import Standardise
from emotion_pipeline.training.values import Model

LAYER_WIDTHS = (256, 128)


def build(values: Model, sizes: Sizes) -> nn.Module:
    """The network of a recipe's `model` section, in channels-last layout.

    `dense` is what follows where both are joined; the layers on the features alone have fixed
    widths. Raises ValueError unless `widths` has one value per block of `cnn5` and both inputs are
    there.
    """
    sizes.require("hybrid", pictures=True, features=True)
    require_values("hybrid", values, n_widths=N_BLOCKS)
    return Hybrid(values, sizes).to(memory_format=torch.channels_last)


class Hybrid(nn.Module):
    """Pictures (n, n_channels, h, w) and features (n, n_features), NaN where nothing was measured,
    to logits (n, n_classes).

    `stem` and `blocks` are named as in `cnn5`, so that a model of that family can be the start.
    """

    def __init__(self, values: Model, sizes: Sizes) -> None:
        super().__init__()
        pictures = FiveBlocks(sizes, values.widths, values.dropout, values.head_dropout)
        self.stem, self.blocks = pictures.stem, pictures.blocks
        self.scaler = Standardise(sizes.n_features)
        self.layers = dense_layers(sizes.n_features, LAYER_WIDTHS, values.head_dropout)
        n_joined = values.widths[-1] + LAYER_WIDTHS[-1]
        self.head = head(n_joined, values.dense, sizes.n_classes, values.head_dropout)

    def forward(self, images: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes)."""
        maps = self.blocks(self.stem(images.contiguous(memory_format=torch.channels_last)))
        joined = torch.cat((maps.mean((2, 3)), self.layers(self.scaler(features))), dim=1)
        logits: torch.Tensor = self.head(joined)
        return logits
