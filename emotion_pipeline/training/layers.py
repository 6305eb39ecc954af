"""What several architecture families are made of, and what they refuse."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from emotion_pipeline.training.values import Model


def require_values(
    family: str,
    values: Model,
    *,
    n_widths: int = 0,
    variants: Sequence[str] = (),
    unused: Sequence[str] = (),
) -> None:
    """ValueError unless `values` has that many widths, one of these variants if there are any,
    and nothing in the fields that the family makes no use of."""
    if len(values.widths) != n_widths:
        found = len(values.widths)
        raise ValueError(f"{family} takes {n_widths} values in model.widths, not {found}")
    if values.variant not in (variants or (None,)):
        known = f"needs model.variant {' or '.join(variants)}" if variants else "has no variants"
        raise ValueError(f"{family} {known}: model.variant is {values.variant!r}")
    for name in unused:
        if getattr(values, name):
            raise ValueError(f"{family} makes no use of model.{name}: leave it out")


def convolution(n_in: int, n_out: int, kernel_px: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution that keeps height and width, or divides them; the normalisation has the bias."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel_px, stride, padding=kernel_px // 2, bias=False),
        nn.BatchNorm2d(n_out),
    )


def dense_layers(n_in: int, widths: Sequence[int], dropout: float) -> nn.Sequential:
    """Fully connected layers (n, n_in) to (n, widths[-1]), each normalised, with ReLU, dropped."""
    return nn.Sequential(
        *(
            nn.Sequential(
                nn.Linear(before, after, bias=False),
                nn.BatchNorm1d(after),
                nn.ReLU(inplace=True),
                nn.Dropout(dropout),
            )
            for before, after in pairwise((n_in, *widths))
        )
    )


def head(n_in: int, widths: Sequence[int], n_classes: int, dropout: float) -> nn.Sequential:
    """Dense layers and the last one, (n, n_in) to logits (n, n_classes); dropout before each."""
    dense = dense_layers(n_in, widths, dropout)
    last = nn.Linear(widths[-1] if widths else n_in, n_classes)
    return nn.Sequential(nn.Dropout(dropout), *dense, last)


def as_rgb(images: torch.Tensor) -> torch.Tensor:
    """(n, 1 or 3, h, w) to (n, 3, h, w) in channels-last layout, gray as three equal channels."""
    return images.expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
