"""Optimisers and learning rate schedules that a recipe can name."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from emotion_pipeline.training.values import Optimiser, Schedule


def build_optimiser(network: nn.Module, values: Optimiser) -> Optimizer:
    """The recipe's optimiser; biases and normalisation layers are free of weight decay.

    It holds all parameters and moves those that have a gradient, so that parts of the network may
    be frozen and freed at any time.
    """
    groups: list[dict[str, Any]] = [
        {"params": [p for p in network.parameters() if p.ndim > 1]},
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimiser = _first_order(groups, values)
    if values.sam_rho > 0:
        _look_for_sharpness(optimiser, network, values.sam_rho)
    return optimiser


def learning_rate_factor(values: Schedule, n_steps: int) -> Callable[[int], float]:
    """Function from the step (0 to n_steps - 1) to the share (0 to 1) of the full rate.

    It knows the step alone; what `plateau` makes of the curve comes on top.
    """
    n_warmup = max(1, round(values.warmup_fraction * n_steps))

    def factor(step: int) -> float:
        warm = min(1.0, (step + 1) / n_warmup)
        if values.name != "cosine":
            return warm
        return warm * 0.5 * (1 + math.cos(math.pi * step / n_steps))

    return factor


def plateau_factor(values: Schedule, validation_losses: Sequence[float]) -> float:
    """Share of the full rate after these epochs: `factor` once for every exhausted patience."""
    share, best, n_waited = 1.0, math.inf, 0
    for loss in validation_losses:
        n_waited = 0 if loss < best else n_waited + 1
        best = min(best, loss)
        if n_waited == values.patience_epochs:
            share, n_waited = share * values.factor, 0
    return share


def build_schedule(
    optimiser: Optimizer, values: Schedule, n_steps: int, rows: Sequence[Mapping[str, Any]]
) -> LambdaLR:
    """The recipe's schedule, to be stepped after every batch.

    `rows` is the learning curve, one row with `validation_loss` per epoch, to which the training
    appends. A new row counts from the next step on; since the rate of an epoch's first batch is
    set before the epoch's end, a plateau is answered with the second batch of the next epoch.
    """
    by_step = learning_rate_factor(values, n_steps)
    if values.name != "plateau":
        return LambdaLR(optimiser, by_step)

    def factor(step: int) -> float:
        return by_step(step) * plateau_factor(values, [row["validation_loss"] for row in rows])

    return LambdaLR(optimiser, factor)


def _first_order(groups: list[dict[str, Any]], values: Optimiser) -> Optimizer:
    rate, decay = values.learning_rate, values.weight_decay
    if values.name == "adamw":
        return AdamW(groups, lr=rate, weight_decay=decay)
    if values.name == "adam":
        return Adam(groups, lr=rate, weight_decay=decay)
    nesterov = values.momentum > 0  # torch refuses Nesterov's form without momentum
    return SGD(groups, lr=rate, momentum=values.momentum, weight_decay=decay, nesterov=nesterov)


def _look_for_sharpness(optimiser: Optimizer, network: nn.Module, rho: float) -> None:
    """Make every step use the gradient at w + rho g / |g| instead of g, the one at w.

    Foret et al. 2021, "Sharpness-Aware Minimization for Efficiently Improving Generalization". It
    has no state, so that the optimiser's is all that a checkpoint needs.
    """

    def before_step(
        _: Optimizer, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            raise ValueError(
                "sam_rho needs a step with a closure, which precision 16-mixed does not allow: "
                "use bf16-mixed or 32-true, or set sam_rho to 0"
            )
        loss = closure()
        moving: list[torch.Tensor] = [p for p in network.parameters() if p.grad is not None]
        with _climbed(moving, rho), _running_statistics_kept(network):
            closure()
        return args[:1], {"closure": lambda: loss}

    optimiser.register_step_pre_hook(before_step)


@contextmanager
def _climbed(parameters: list[torch.Tensor], rho: float) -> Iterator[None]:
    """Move the parameters along their gradients by rho, and exactly back in the end."""
    with torch.no_grad():
        gradients = [p.grad for p in parameters if p.grad is not None]
        length = nn.utils.get_total_norm(gradients).clamp(min=1e-12)
        before = [p.clone() for p in parameters]
        torch._foreach_add_(parameters, torch._foreach_mul(gradients, rho / length))
    try:
        yield
    finally:
        with torch.no_grad():
            torch._foreach_copy_(parameters, before)


@contextmanager
def _running_statistics_kept(network: nn.Module) -> Iterator[None]:
    """BatchNorm normalises by the batch as ever, but does not learn from the shifted weights."""
    layers = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    before = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, before, strict=True):
            layer.momentum = momentum
