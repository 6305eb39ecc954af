"""Losses that a recipe can name, against a distribution over the classes, and class weights."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch.nn import functional

from emotion_pipeline.training.devices import moved
from emotion_pipeline.training.values import Loss

FOCAL_GAMMA = 2.0
EFFECTIVE_NUMBER_BETA = 0.999
UNNAMED = 0.001

LossFunction = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def soft_cross_entropy(
    logits: torch.Tensor,
    targets: torch.Tensor,
    label_smoothing: float = 0.0,
    class_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Mean cross-entropy in nats, a float32 scalar.

    `logits` (n, C) of any float type; `targets` (n, C), rows that sum to 1. Smoothing mixes that
    share of the uniform distribution into the targets. A row counts by the weights (C,) of its own
    targets: torch's `cross_entropy` weighs what smoothing added, so that a rare class grows by it.
    """
    shares = _shares(targets, label_smoothing, class_weights)
    return -(shares * functional.log_softmax(logits.float(), dim=1)).sum(1).mean()


def focal(
    logits: torch.Tensor,
    targets: torch.Tensor,
    label_smoothing: float = 0.0,
    class_weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """Cross-entropy in which a class counts by (1 - its probability) ** 2; arguments as there.

    Lin et al. 2017, "Focal Loss for Dense Object Detection", over a softmax and for soft targets.
    """
    log_probabilities = functional.log_softmax(logits.float(), dim=1)
    missing = (1 - log_probabilities.exp()) ** FOCAL_GAMMA
    shares = _shares(targets, label_smoothing, class_weights)
    return -(shares * missing * log_probabilities).sum(1).mean()


def multi_target(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean of -log of the largest probability among the classes that a row's targets name.

    Arguments as in `soft_cross_entropy`; every class with a share is named, however small it is.
    Barsoum et al. 2016, "Training Deep Networks for Facial Expression Recognition with
    Crowd-Sourced Label Distribution"; their released code lets the other classes count by 0.001.
    """
    named = torch.where(targets > 0, 1.0, UNNAMED)
    return -(functional.log_softmax(logits.float(), dim=1) + named.log()).amax(1).mean()


def drawn_labels(targets: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """One class of each row (n, C), drawn by its shares, as a one-hot row: label drawing, ibid."""
    draws = torch.rand(len(targets), 1, generator=generator, device=generator.device)
    sums = targets.cumsum(1)  # the last one may miss 1 by a rounding error
    chosen = (sums <= moved(draws, targets.device) * sums[:, -1:]).sum(1)
    return functional.one_hot(chosen, targets.shape[1]).to(targets.dtype)


WEIGHED = {"soft_cross_entropy": soft_cross_entropy, "focal": focal}


def build_loss(values: Loss, class_weights: torch.Tensor | None) -> LossFunction:
    """The recipe's loss: logits (n, C) and targets (n, C) to a float32 scalar."""
    if values.name == "multi_target":
        return multi_target
    return partial(
        WEIGHED[values.name],
        label_smoothing=values.label_smoothing,
        class_weights=class_weights,
    )


def class_weights(rule: str, targets: np.ndarray) -> np.ndarray | None:
    """Weight of each class (C,) float32 by a rule of `values.Loss`; None for `none`.

    `targets` (N, C) are those of the training rows, which sum to 1: a row counts for a class by
    its share of it. The weights' mean over the rows is 1; a class without rows has weight 0.
    """
    if rule == "none":
        return None
    n_rows = targets.sum(axis=0, dtype=np.float64)
    if rule == "effective_number":
        beta = EFFECTIVE_NUMBER_BETA
        divisors = (1 - beta**n_rows) / (1 - beta)
    else:
        divisors = n_rows
    weights = np.divide(1, divisors, out=np.zeros_like(n_rows), where=n_rows > 0)
    return (weights * n_rows.sum() / (weights @ n_rows)).astype(np.float32)


def _shares(
    targets: torch.Tensor, label_smoothing: float, class_weights: torch.Tensor | None
) -> torch.Tensor:
    """What each class counts in each row, (n, C)."""
    weighted = targets
    if class_weights is not None:
        weighted = targets * moved(class_weights, targets.device)
    uniform = weighted.sum(1, keepdim=True) / targets.shape[1]
    return weighted * (1 - label_smoothing) + uniform * label_smoothing
