"""Probabilities of a trained network for pictures."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from emotion_pipeline.training.data import standardise, to_tensor
from emotion_pipeline.training.recipe import Recipe

BATCH = 256


def predict(
    model: nn.Module,
    recipe: Recipe,
    images: np.ndarray | Sequence[np.ndarray],
    device: str = "auto",
    batch_size: int = BATCH,
) -> np.ndarray:
    """Probabilities (N, C) float32, rows that sum to 1, columns in the order of `recipe.emotions`.

    `images` are gray: (N, H, W) uint8, or N arrays (h, w) uint8 of any sizes. The mean of a
    picture and its mirror image is taken where the recipe says `flip_at_test`. Always in full
    precision, whatever the recipe trains with: half precision would make a picture's numbers
    depend on the pictures beside it. Moves the model to `device` and switches it to evaluation.
    """
    place = choose_device(device)
    model = model.to(place).eval()
    pictures = to_tensor(images, recipe.model.input_px)
    parts = [np.zeros((0, len(recipe.emotions)), np.float32)]
    with torch.inference_mode():
        for batch in torch.split(pictures, batch_size) if len(pictures) else ():
            shares = _probabilities(model, standardise(batch.to(place)), recipe.flip_at_test)
            parts.append(shares.cpu().numpy())
    return np.concatenate(parts)  # (N, C)


def choose_device(name: str) -> torch.device:
    """The device of a setting; `auto` is the first GPU if there is one."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _probabilities(model: nn.Module, images: torch.Tensor, flipped_too: bool) -> torch.Tensor:
    shares = torch.softmax(model(images).float(), dim=1)
    if flipped_too:
        shares = (shares + torch.softmax(model(images.flip(3)).float(), dim=1)) / 2
    return shares  # (n, C)
