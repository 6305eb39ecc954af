"""Inputs of a face as its mirror image has them: what is right becomes left, in pictures and in
what was measured on the face mesh alike."""

from functools import cache

import torch

from emotion_pipeline.blendshapes import BLENDSHAPES
from emotion_pipeline.training.devices import moved
from emotion_pipeline.training.values import N_FEATURES, Data

# Points of the face mesh between its halves. The others come in pairs: the first of the right half
# has the first of the left half as its partner, and so on. Found on the median mesh of 32,670 faces
# of FER2013, turned to the front; its edges lie as before, but for 6 of 1,322 across the middle.
MIDDLE_POINTS = (
    *(0, 1, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19),
    *(94, 151, 152, 164, 168, 175, 195, 197, 199, 200),
)


def mirrored(inputs: tuple[torch.Tensor, ...], data: Data) -> tuple[torch.Tensor, ...]:
    """The mirror images of normalised inputs, pictures (n, c, h, w) and features (n, f)."""
    return tuple(
        one.flip(3) if one.ndim == 4 else _mirrored_features(one, data.features) for one in inputs
    )


def mirror_some(
    inputs: tuple[torch.Tensor, ...], data: Data, probability: float, generator: torch.Generator
) -> tuple[torch.Tensor, ...]:
    """Mirror some rows, chosen by one draw for each; probability 0 draws nothing."""
    if not probability:
        return inputs
    draws = torch.rand(len(inputs[0]), generator=generator, device=generator.device)
    chosen = moved(draws, inputs[0].device) < probability
    return tuple(
        torch.where(chosen.view(-1, *(1,) * (one.ndim - 1)), image, one)
        for one, image in zip(inputs, mirrored(inputs, data), strict=True)
    )


def _mirrored_features(features: torch.Tensor, names: tuple[str, ...]) -> torch.Tensor:
    """(n, f) with every column from its partner; to the right is now to the left, so minus."""
    partners, signs = (moved(one, features.device) for one in _columns(names))
    return features[:, partners] * signs


@cache
def _columns(names: tuple[str, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Number of the partner of every column, (f,) int64, and what to multiply it by, (f,)."""
    partners = {"landmarks": _partners_of_coordinates(), "blendshapes": _partners_of_blendshapes()}
    axes = {"landmarks": (-1.0, 1.0, 1.0), "blendshapes": (1.0,)}
    numbers: list[int] = []
    signs: list[float] = []
    for name in names:
        numbers += [len(signs) + number for number in partners[name]]
        signs += axes[name] * (N_FEATURES[name] // len(axes[name]))
    return torch.tensor(numbers), torch.tensor(signs)


def _partners_of_coordinates() -> list[int]:
    n_points = N_FEATURES["landmarks"] // 3
    sides = [point for point in range(n_points) if point not in MIDDLE_POINTS]
    right, left = sides[: len(sides) // 2], sides[len(sides) // 2 :]
    partner = dict(zip(right + left, left + right, strict=True))
    return [3 * partner.get(point, point) + axis for point in range(n_points) for axis in range(3)]


def _partners_of_blendshapes() -> list[int]:
    partner = {name: name.replace("Left", "Right") for name in BLENDSHAPES if "Left" in name}
    partner |= {right: left for left, right in partner.items()}
    return [BLENDSHAPES.index(partner.get(name, name)) for name in BLENDSHAPES]
