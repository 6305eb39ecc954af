"""Probabilities of a trained network for pictures."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from emotion_pipeline.training.data import Inputs, as_tensors, network_inputs
from emotion_pipeline.training.devices import choose_device, full_precision
from emotion_pipeline.training.mirroring import mirrored
from emotion_pipeline.training.recipe import Recipe

BATCH = 256


def predict(
    model: nn.Module,
    recipe: Recipe,
    inputs: tuple[np.ndarray, ...],
    device: str = "auto",
    batch_size: int = BATCH,
) -> np.ndarray:
    """Probabilities (N, C) float32, rows that sum to 1, columns in the order of `recipe.emotions`.

    `inputs` are those of `TrainingData.inputs`, N rows each. The mean over the recipe's
    `test_views` of a picture is taken. Always in full precision, whatever the recipe trains with:
    half precision would make a picture's numbers depend on the pictures beside it, and NVIDIA's
    TensorFloat-32 would make them others than a CPU's. Moves the model to `device` and switches it
    to evaluation. Raises ValueError where the network answers with values that are no numbers.
    """
    parts = [np.zeros((0, len(recipe.emotions)), np.float32)]
    for logits in _logits(model, recipe, inputs, device, batch_size):
        parts.append(torch.softmax(logits, dim=2).mean(0).cpu().numpy())
    found = np.concatenate(parts)  # (N, C)
    if not np.isfinite(found).all():
        raise ValueError("the network answers with values that are no numbers; train it again")
    return found


def logits_of_views(
    model: nn.Module, recipe: Recipe, inputs: tuple[np.ndarray, ...], device: str = "auto"
) -> np.ndarray:
    """What the softmax of `predict` is taken of, (views, N, C) float32; N at least 1."""
    found = _logits(model, recipe, inputs, device, BATCH)
    return np.concatenate([logits.cpu().numpy() for logits in found], axis=1)


@torch.inference_mode()
def _logits(
    model: nn.Module,
    recipe: Recipe,
    inputs: tuple[np.ndarray, ...],
    device: str,
    batch_size: int,
) -> Iterator[torch.Tensor]:
    """Logits (views, n, C) float32 of one batch after the other."""
    place = choose_device(device)
    model = model.to(place).eval()
    tensors = as_tensors(inputs, recipe.sizes, recipe.model.input_px)
    for start in range(0, len(tensors[0]), batch_size):
        batch = tuple(one[start : start + batch_size].to(place) for one in tensors)
        seen = views(network_inputs(batch, recipe.data), recipe)
        with full_precision():
            logits = torch.stack([model(*view).float() for view in seen])
        yield logits


def views(inputs: Inputs, recipe: Recipe) -> Iterator[Inputs]:
    """The views of normalised inputs that the recipe's `test_views` asks for.

    `flip` adds the mirror image; `ten_crop` takes the four corners and the middle, each with its
    mirror image: Krizhevsky et al. 2012, "ImageNet Classification with Deep Convolutional Neural
    Networks". Features are those of the whole face, mirrored where it is.
    """
    crop_px = recipe.augment.crop_px if recipe.test_views == "ten_crop" else None
    for image in _five_crops(inputs[0], crop_px) if crop_px else inputs[:1]:
        view = (image, *inputs[1:])
        yield view
        if recipe.test_views != "one":
            yield mirrored(view, recipe.data)


def _five_crops(images: torch.Tensor, side_px: int) -> Iterator[torch.Tensor]:
    below, beside = (length - side_px for length in images.shape[2:])
    middle = (below // 2, beside // 2)
    for top, left in ((0, 0), (0, beside), (below, 0), (below, beside), middle):
        yield images[:, :, top : top + side_px, left : left + side_px]
