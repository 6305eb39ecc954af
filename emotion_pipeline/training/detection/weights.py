"""A trained face detector on disk, in the same files as any model: see `training.weights`."""

from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from torch import nn

from emotion_pipeline.training.detection import network
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.weights import (
    LIBRARIES,
    META,
    WEIGHTS,
    ModelError,
    filled,
    read_meta,
)


def describe(
    recipe: FaceRecipe, *, seed: int, n_parameters: int, digests: dict[str, str]
) -> dict[str, Any]:
    """Everything that `meta.json` says about a detector; `digests` name its inputs and its code."""
    libraries = (*LIBRARIES, "torchvision", "albumentations")
    return {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "digests": digests,
        "libraries": {name: version(name) for name in dict.fromkeys(libraries)},
        "n_parameters": n_parameters,
    }


def load(folder: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The detector on the CPU, in evaluation mode, and what `meta.json` says about it.

    Raises ModelError unless both files are there, whole, and agree with one another.
    """
    meta = read_meta(folder / META)
    try:
        recipe = FaceRecipe.model_validate(meta.get("recipe"))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        field = ".".join(map(str, fault["loc"]))
        raise ModelError(f"{folder / META}: recipe {field}: {fault['msg']}") from None
    build = partial(network.build, recipe.model, pretrained=recipe.initial is not None)
    return filled(build, folder / WEIGHTS).eval(), meta
