"""Dense layers on what was measured on the face mesh, without any picture."""

import torch
from torch import nn

from emotion_pipeline.training.layers import dense_layers, require_values
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.scaling import Standardise
from emotion_pipeline.training.values import Model


def build(values: Model, sizes: Sizes) -> nn.Module:
    """The network of a recipe's `model` section; `head_dropout` follows every dense layer.

    Raises ValueError unless `dense` has at least one value and features are the only input.
    """
    sizes.require("landmark_mlp", pictures=False, features=True)
    require_values("landmark_mlp", values, unused=("dropout",))
    if not values.dense:
        raise ValueError("landmark_mlp needs at least one value in model.dense")
    return LandmarkMLP(values, sizes)


class LandmarkMLP(nn.Module):
    """Features (n, n_features), NaN where nothing was measured, to logits (n, n_classes).

    The dense layers are `layers.0`, `layers.1` and so on.
    """

    def __init__(self, values: Model, sizes: Sizes) -> None:
        super().__init__()
        self.scaler = Standardise(sizes.n_features)
        self.layers = dense_layers(sizes.n_features, values.dense, values.head_dropout)
        self.head = nn.Linear(values.dense[-1], sizes.n_classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (n, n_classes)."""
        logits: torch.Tensor = self.head(self.layers(self.scaler(features)))
        return logits
