"""Optimisers and learning rate schedules that a recipe can name."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from emotion_pipeline.training.values import Optimiser, Schedule


def build_optimiser(network: nn.Module, values: Optimiser) -> Optimizer:
    """The recipe's optimiser; biases and normalisation layers are free of weight decay."""
    groups: list[dict[str, Any]] = [
        {"params": [p for p in network.parameters() if p.ndim > 1]},
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    rate, decay = values.learning_rate, values.weight_decay
    if values.name == "adamw":
        return AdamW(groups, lr=rate, weight_decay=decay)
    nesterov = values.momentum > 0  # torch refuses Nesterov's form without momentum
    return SGD(groups, lr=rate, momentum=values.momentum, weight_decay=decay, nesterov=nesterov)


def learning_rate_factor(values: Schedule, n_steps: int) -> Callable[[int], float]:
    """Function from the step (0 to n_steps - 1) to the share (0 to 1) of the full rate."""
    n_warmup = max(1, round(values.warmup_fraction * n_steps))

    def factor(step: int) -> float:
        warm = min(1.0, (step + 1) / n_warmup)
        if values.name == "constant":
            return warm
        return warm * 0.5 * (1 + math.cos(math.pi * step / n_steps))

    return factor


def build_schedule(
    optimiser: Optimizer, values: Schedule, n_steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The recipe's schedule, to be stepped after every batch."""
    factor = learning_rate_factor(values, n_steps)
    return torch.optim.lr_scheduler.LambdaLR(optimiser, factor)
