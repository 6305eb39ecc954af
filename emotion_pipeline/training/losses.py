"""Losses that a recipe can name: functions of logits, target distribution and smoothing."""

from collections.abc import Callable

import torch
from torch.nn import functional

Loss = Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor]


def soft_cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor, label_smoothing: float = 0.0
) -> torch.Tensor:
    """Mean cross-entropy in nats, a float32 scalar.

    `logits` (n, C) of any float type; `targets` (n, C), rows that sum to 1. Smoothing mixes that
    share of the uniform distribution into the targets.
    """
    smooth = targets * (1 - label_smoothing) + label_smoothing / targets.shape[1]
    return -(smooth * functional.log_softmax(logits.float(), dim=1)).sum(1).mean()


LOSSES: dict[str, Loss] = {"soft_cross_entropy": soft_cross_entropy}
