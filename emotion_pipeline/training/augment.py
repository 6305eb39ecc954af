"""Augmentation of a whole batch at once, on the device that the batch is on.

Every draw comes from the generator that is passed in, so the same generator state gives the same
pictures. How far pictures are moved stands in `policies`; what a policy leaves out draws nothing.
"""

import math

import numpy as np
import torch
from torch.nn import functional

from emotion_pipeline.training.devices import moved
from emotion_pipeline.training.policies import Policy

WIDTH, HEIGHT = 3, 2  # dimensions of a batch


def augment(images: torch.Tensor, policy: Policy, generator: torch.Generator) -> torch.Tensor:
    """Normalised pictures (n, c, h, w) float32, changed at random: same shape and type.

    All that a policy says but `flip_probability`, which is for `mirroring`: what is measured on a
    face is mirrored with it. Works in float32 even under autocast: half-precision coordinates would
    shake the pictures.
    """
    with torch.autocast(images.device.type, enabled=False):
        if policy.vertical_flip_probability:
            images = turn_over(images, policy.vertical_flip_probability, generator)
        if policy.rotation_degrees or policy.scale or policy.shift or policy.shear:
            images = move(images, policy, generator)
        if policy.blur:
            images = blur(images, policy.blur, generator)
        if policy.noise:
            images = add_noise(images, policy.noise, generator)
        if policy.erase_probability:
            images = erase(images, policy, generator)
        if policy.contrast:
            images = images * (1 + _between(-1, 1, images, generator) * policy.contrast)
    return images


def turn_over(images: torch.Tensor, probability: float, generator: torch.Generator) -> torch.Tensor:
    """Mirror some pictures top to bottom."""
    chosen = _between(0, 1, images, generator) < probability
    return torch.where(chosen, images.flip(HEIGHT), images)


def move(images: torch.Tensor, policy: Policy, generator: torch.Generator) -> torch.Tensor:
    """Rotate, scale, shift and shear every picture; what comes in from outside is mirrored."""
    angle, scale, right, down, shear = (
        _up_to(largest, images, generator)
        for largest in (
            math.radians(policy.rotation_degrees),
            policy.scale,
            2 * policy.shift,  # torch counts from -1 to 1, two units for a side
            2 * policy.shift,
            policy.shear,
        )
    )
    cosine, sine = torch.cos(angle) * (1 + scale), torch.sin(angle) * (1 + scale)
    across = torch.stack([cosine, cosine * shear - sine, right], 1)
    downwards = torch.stack([sine, sine * shear + cosine, down], 1)
    grid = functional.affine_grid(
        torch.stack((across, downwards), 1), list(images.shape), align_corners=False
    )
    return functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )  # (n, c, h, w)


def blur(images: torch.Tensor, largest: float, generator: torch.Generator) -> torch.Tensor:
    """Blur every picture by a Gaussian of its own, cut off at the border of the picture.

    Two products with a matrix of weights take less time than convolutions with n kernels.
    """
    deviation = _between(0, largest, images, generator)  # (n, 1, 1, 1), a share of the side
    rows = _gaussian_weights(images.shape[HEIGHT], deviation)  # (n, 1, h, h)
    columns = _gaussian_weights(images.shape[WIDTH], deviation)  # (n, 1, w, w)
    return rows @ images @ columns.mT


def add_noise(images: torch.Tensor, largest: float, generator: torch.Generator) -> torch.Tensor:
    """Add Gaussian noise, stronger in some pictures than in others.

    The generator only draws a seed: noise of a whole batch takes long to draw on a CPU, so that it
    is drawn where the pictures are.
    """
    deviation = _between(0, largest, images, generator)
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    local = torch.Generator(images.device).manual_seed(seed)
    noise = torch.randn(images.shape, generator=local, device=images.device)
    return images + noise * deviation


def erase(images: torch.Tensor, policy: Policy, generator: torch.Generator) -> torch.Tensor:
    """Paint squares of the mean, which is 0 in a normalised picture, over some pictures."""
    height, width = images.shape[2:]
    n = policy.erase_squares
    chosen = _between(0, 1, images, generator, n) < policy.erase_probability  # (n, squares, 1, 1)
    half_side = _between(*policy.erase_side, images, generator, n) * width / 2
    y = torch.arange(height, device=images.device).view(1, 1, height, 1)
    x = torch.arange(width, device=images.device).view(1, 1, 1, width)
    near_y = (y - _between(0, height, images, generator, n)).abs() < half_side
    near_x = (x - _between(0, width, images, generator, n)).abs() < half_side
    return images.masked_fill((chosen & near_y & near_x).any(1, keepdim=True), 0.0)


def crop(images: torch.Tensor, side_px: int, generator: torch.Generator) -> torch.Tensor:
    """A square of each picture at a place of its own, (n, c, side_px, side_px)."""
    height, width = images.shape[2:]
    top = _between(0, height - side_px + 1, images, generator).long()  # (n, 1, 1, 1)
    left = _between(0, width - side_px + 1, images, generator).long()
    steps = torch.arange(side_px, device=images.device)
    rows = (top + steps.view(1, 1, -1, 1)).clamp_(max=height - 1)
    columns = (left + steps.view(1, 1, 1, -1)).clamp_(max=width - 1)
    pictures = torch.arange(len(images), device=images.device).view(-1, 1, 1, 1)
    channels = torch.arange(images.shape[1], device=images.device).view(1, -1, 1, 1)
    return images[pictures, channels, rows, columns]


def mixup(
    inputs: tuple[torch.Tensor, ...],
    targets: torch.Tensor,
    alpha: float,
    generator: torch.Generator,
) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """Mix every row of a batch with another one: Zhang et al. 2018, "mixup".

    One share for the whole batch, drawn from Beta(alpha, alpha); the inputs, each (n, ...), and
    targets (n, C) of a row have the same partner. A feature is NaN, which is not measured, unless
    both partners have it. `alpha` 0 changes nothing.
    """
    if not alpha:
        return inputs, targets
    seed = int(torch.randint(2**62, (), generator=generator, device=generator.device))
    share = float(np.random.default_rng(seed).beta(alpha, alpha))  # torch's own takes no generator
    partners = torch.randperm(len(targets), generator=generator, device=generator.device)

    def mixed(values: torch.Tensor) -> torch.Tensor:
        return share * values + (1 - share) * values[moved(partners, values.device)]

    return tuple(mixed(values) for values in inputs), mixed(targets)


def _gaussian_weights(side_px: int, deviation: torch.Tensor) -> torch.Tensor:
    """Weight of every pixel in every blurred one, (n, 1, side_px, side_px), rows that sum to 1."""
    place = torch.arange(side_px, device=deviation.device)
    deviation_px = (deviation * side_px).clamp(min=0.01)  # less changes no pixel
    weights = torch.exp(-0.5 * ((place - place.view(-1, 1)) / deviation_px) ** 2)
    return weights / weights.sum(-1, keepdim=True)


def _up_to(largest: float, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """One draw per picture between -largest and largest, (n,)."""
    if not largest:
        return images.new_zeros(len(images))
    return _between(-1, 1, images, generator).flatten() * largest


def _between(
    low: float, high: float, images: torch.Tensor, generator: torch.Generator, n_draws: int = 1
) -> torch.Tensor:
    """Uniform draws for every picture, (n, n_draws, 1, 1)."""
    draws = torch.rand(len(images), n_draws, 1, 1, generator=generator, device=generator.device)
    return moved(draws, images.device) * (high - low) + low
