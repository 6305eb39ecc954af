"""One temperature that makes a network as sure as it is right, and then is part of its weights.

Guo et al. 2017, "On Calibration of Modern Neural Networks". A network that learned from votes is as
sure as a tagger, whose shares are flatter than the majority is right.
"""

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import nn

COLDEST, HOTTEST = 0.05, 20.0


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature, 0.05 to 20, with the least negative log likelihood of the labels.

    `logits` is (views, n, C), `labels` (n,) int. Below 1 the network becomes surer. That the
    logarithm of the temperature is near 0 counts as much as one row, or a few rows that are all
    right would make it as sure as can be.
    """
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        likelihood = probabilities_at(np.exp(log_temperature), logits)[rows, labels]
        misfit = -np.log(np.maximum(likelihood, 1e-12)).sum()
        return float(misfit + log_temperature**2) / len(labels)

    found = minimize_scalar(loss, bounds=np.log((COLDEST, HOTTEST)), method="bounded")
    return float(np.exp(found.x))


def probabilities_at(temperature: float, logits: np.ndarray) -> np.ndarray:
    """Probabilities (n, C) of rows: the mean of the softmax of their views, (views, n, C), at a
    temperature."""
    scaled = logits / temperature
    shares = np.exp(scaled - scaled.max(axis=2, keepdims=True))
    mean: np.ndarray = (shares / shares.sum(axis=2, keepdims=True)).mean(axis=0)
    return mean


@torch.no_grad()
def cool(network: nn.Module, temperature: float, n_classes: int) -> None:
    """Divide a network's logits by a temperature, in the weights of its last layer.

    Raises ValueError where the last layer is not linear with `n_classes` outputs.
    """
    linear = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not linear or linear[-1].out_features != n_classes:
        raise ValueError("calibration needs a network that ends with a linear layer of the classes")
    for parameter in linear[-1].parameters():
        parameter.div_(temperature)
