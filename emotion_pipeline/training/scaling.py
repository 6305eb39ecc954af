"""Scaling of measured features inside the network, so that it travels with the weights."""

import torch
from torch import nn

LARGEST = 10.0


class Standardise(nn.Module):
    """Features (n, n_features) to deviations from the training rows' mean, at most ±10.

    What was not measured (NaN) becomes 0: a face without landmarks is the average face. Before
    `fit`, features pass unscaled.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("deviation", torch.ones(n_features))

    @torch.no_grad()
    def fit(self, features: torch.Tensor) -> None:
        """Take mean and standard deviation of every column from (n, n_features), NaN left out.

        A column that is constant, or was never measured, gets the deviation 1. Raises ValueError
        for another number of columns and for infinite values.
        """
        n_features = len(self.mean)
        if features.ndim != 2 or features.shape[1] != n_features:
            raise ValueError(f"features must be (n, {n_features}), got {tuple(features.shape)}")
        if features.isinf().any():
            raise ValueError("features must be finite, or NaN where nothing was measured")
        exact = features.double()
        mean = exact.nanmean(0).nan_to_num(0)
        deviation = (exact - mean).square().nanmean(0).sqrt()
        first_to_last = exact.nan_to_num(torch.inf).amin(0) < exact.nan_to_num(-torch.inf).amax(0)
        self.mean.copy_(mean)
        self.deviation.copy_(deviation.where(first_to_last, 1.0))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Scaled features (n, n_features), float32 in [-10, 10], none of them NaN."""
        scaled = (features - self.mean) / self.deviation
        return torch.where(scaled.isnan(), 0.0, scaled).clamp(-LARGEST, LARGEST)


def fit_scalers(network: nn.Module, features: torch.Tensor) -> None:
    """Fit every `Standardise` of a network to training features (n, n_features) with NaN."""
    for module in network.modules():
        if isinstance(module, Standardise):
            module.fit(features)
