"""A trained model on disk: `weights.safetensors` and `meta.json`, which says what they are.

A model folder may come from anywhere: nothing in it is ever executed, and every value is checked
against the recipe that it carries before it is used.
"""

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from emotion_pipeline.training import models
from emotion_pipeline.training.recipe import Recipe

WEIGHTS = "weights.safetensors"
META = "meta.json"
LARGEST_META_BYTES = 1024 * 1024
LIBRARIES = ("torch", "lightning", "numpy", "opencv-contrib-python-headless")


class ModelError(ValueError):
    """A model folder that cannot be used; the message says what is wrong, where, and what next."""


def describe(
    recipe: Recipe, *, seed: int, n_parameters: int, digests: dict[str, str]
) -> dict[str, Any]:
    """Everything that `meta.json` says about a model; `digests` name its inputs and its code."""
    return {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "emotions": list(recipe.emotions),
        "input_px": recipe.model.input_px,
        "normalisation": recipe.data.normalisation,
        "digests": digests,
        "libraries": {name: _version(name) for name in LIBRARIES},
        "n_parameters": n_parameters,
    }


def save(folder: Path, state_dict: dict[str, torch.Tensor], meta: dict[str, Any]) -> None:
    """Write both files; a folder with a `meta.json` is complete, whenever the run was killed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / META).unlink(missing_ok=True)
    tensors = {name: value.detach().cpu().contiguous() for name, value in state_dict.items()}
    save_file(tensors, folder / f"{WEIGHTS}.part")
    (folder / f"{WEIGHTS}.part").replace(folder / WEIGHTS)
    text = json.dumps(meta, indent=2, ensure_ascii=False, sort_keys=True, allow_nan=False)
    (folder / f"{META}.part").write_text(text + "\n", encoding="utf-8")
    (folder / f"{META}.part").replace(folder / META)


def load(folder: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The network on the CPU, in evaluation mode, and what `meta.json` says about it.

    Raises ModelError unless both files are there, whole, and agree with one another.
    """
    meta = read_meta(folder / META)
    recipe = recipe_of(meta, folder)

    def build() -> nn.Module:
        return models.build(recipe.model.name, recipe.model, recipe.sizes)

    try:
        return filled(build, folder / WEIGHTS).eval(), meta
    except ModelError:
        raise
    except ValueError as error:
        raise ModelError(f"{folder / META}: {error}") from error


def filled(build: Callable[[], nn.Module], path: Path) -> nn.Module:
    """What `build` makes, with the weights of a file; ModelError unless they fit.

    Nothing is allocated before they are known to: a recipe may name a network of any size.
    """
    with torch.device("meta"):
        outline = build()
    weights = read_weights(path, outline)
    network = build()
    network.load_state_dict(weights)
    return network


def recipe_of(meta: dict[str, Any], folder: Path) -> Recipe:
    """The recipe in a model's description, which has to agree with the rest of it."""
    try:
        recipe = Recipe.model_validate(meta.get("recipe"))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(map(str, fault["loc"]))
        raise ModelError(f"{folder / META}: recipe {field}: {fault['msg']}") from None
    expected = {
        "emotions": list(recipe.emotions),
        "input_px": recipe.model.input_px,
        "normalisation": recipe.data.normalisation,
    }
    for name, value in expected.items():
        if meta.get(name) != value:
            raise ModelError(f"{folder / META}: {name} is {meta.get(name)!r:.200}, not {value!r}")
    return recipe


def read_meta(path: Path) -> dict[str, Any]:
    """What a description says, unchecked; ModelError where it cannot be read."""
    try:
        if path.stat().st_size > LARGEST_META_BYTES:
            raise ModelError(f"{path}: larger than {LARGEST_META_BYTES} bytes, so not ours")
        meta = json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(f"{path}: no finished model here; train the recipe first") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(f"{path}: not readable as JSON; train the recipe again") from error
    if not isinstance(meta, dict):
        raise ModelError(f"{path}: not an object; train the recipe again")
    return meta


def read_weights(path: Path, network: nn.Module) -> dict[str, torch.Tensor]:
    """Tensors with exactly the names, shapes and types of the network's, all of them finite."""
    expected = network.state_dict()
    n_bytes = sum(tensor.nbytes for tensor in expected.values())
    try:
        if path.stat().st_size > n_bytes + LARGEST_META_BYTES:
            raise ModelError(f"{path}: larger than the {n_bytes:,} bytes of the recipe's network")
        tensors: dict[str, torch.Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: missing or damaged; train the recipe again") from error
    if wrong := sorted(tensors.keys() ^ expected.keys()):
        raise ModelError(f"{path}: tensors of another architecture: {', '.join(wrong[:5])}")
    for name, tensor in tensors.items():
        ours = expected[name]
        if tensor.shape != ours.shape or tensor.dtype != ours.dtype:
            found, wanted = (f"{tuple(t.shape)} {t.dtype}" for t in (tensor, ours))
            raise ModelError(f"{path}: {name} is {found}, but the recipe makes it {wanted}")
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ModelError(f"{path}: {name} has values that are no numbers")
    return tensors


def _version(library: str) -> str:
    try:
        return version(library)
    except ModuleNotFoundError:
        return "absent"
