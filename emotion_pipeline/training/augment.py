"""Augmentation of a whole batch at once, on the device that the batch is on.

Every draw comes from the generator that is passed in, so the same generator state gives the same
pictures. How far pictures are moved stands in `policies`.
"""

import math

import torch
from torch.nn import functional

from emotion_pipeline.training.policies import Policy


def augment(images: torch.Tensor, policy: Policy, generator: torch.Generator) -> torch.Tensor:
    """Standardised pictures (n, 1, h, w) float32, changed at random: same shape and type.

    Works in float32 even under autocast: half-precision coordinates would shake the pictures.
    """
    with torch.autocast(images.device.type, enabled=False):
        if policy.flip_probability:
            images = flip(images, policy, generator)
        if policy.rotation_degrees or policy.scale or policy.shift:
            images = move(images, policy, generator)
        if policy.erase_probability:
            images = erase(images, policy, generator)
        if policy.contrast:
            images = images * (1 + _between(-1, 1, images, generator) * policy.contrast)
    return images


def flip(images: torch.Tensor, policy: Policy, generator: torch.Generator) -> torch.Tensor:
    """Mirror some pictures left to right."""
    chosen = _between(0, 1, images, generator) < policy.flip_probability
    return torch.where(chosen, images.flip(3), images)


def move(images: torch.Tensor, policy: Policy, generator: torch.Generator) -> torch.Tensor:
    """Rotate, scale and shift every picture; what comes in from outside is mirrored."""
    angle, scale, right, down = (
        _between(-1, 1, images, generator).flatten() * largest
        for largest in (math.radians(policy.rotation_degrees), policy.scale, *_shift(policy))
    )
    cosine, sine = torch.cos(angle) * (1 + scale), torch.sin(angle) * (1 + scale)
    rows = (torch.stack([cosine, -sine, right], 1), torch.stack([sine, cosine, down], 1))
    grid = functional.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )  # (n, 1, h, w)


def erase(images: torch.Tensor, policy: Policy, generator: torch.Generator) -> torch.Tensor:
    """Paint a square of the mean gray, which is 0 after standardising, over some pictures."""
    height, width = images.shape[2:]
    chosen = _between(0, 1, images, generator) < policy.erase_probability
    half_side = _between(*policy.erase_side, images, generator) * width / 2
    y = torch.arange(height, device=images.device).view(1, 1, height, 1)
    x = torch.arange(width, device=images.device).view(1, 1, 1, width)
    near_y = (y - _between(0, height, images, generator)).abs() < half_side  # (n, 1, h, 1)
    near_x = (x - _between(0, width, images, generator)).abs() < half_side  # (n, 1, 1, w)
    return images.masked_fill(chosen & near_y & near_x, 0.0)


def _shift(policy: Policy) -> tuple[float, float]:
    """Largest shift to the side and down; torch counts from -1 to 1, two units for a side."""
    return 2 * policy.shift, 2 * policy.shift


def _between(
    low: float, high: float, images: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """One uniform draw per picture, (n, 1, 1, 1)."""
    draws = torch.rand(len(images), 1, 1, 1, generator=generator, device=generator.device)
    return draws.to(images.device) * (high - low) + low
