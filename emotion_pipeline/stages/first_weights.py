"""Where a training starts: weights of another recipe's model, or of torchvision's on ImageNet."""

from pathlib import Path
from typing import TYPE_CHECKING

from emotion_pipeline.fetching import FetchFailed
from emotion_pipeline.fetching.model_files import IMAGENET, find
from emotion_pipeline.stages import model_folders
from emotion_pipeline.stages.base import Lacking, Needs, Workspace
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.recipe import Recipe

if TYPE_CHECKING:
    import torch

Starting = Recipe | FaceRecipe


def needs(recipe: Starting) -> tuple[Needs, ...]:
    """The edge to the model that training starts from."""
    initial = recipe.initial
    if initial is None or initial.recipe is None:
        return ()
    return (Needs(f"models/{initial.recipe}", (str(initial.seed),)),)


def prepare(workspace: Workspace, recipe: Starting) -> None:
    """Get the ImageNet weights that the recipe starts from; Lacking where they cannot be had."""
    if recipe.initial is not None and recipe.initial.imagenet:
        _imagenet_file(workspace, recipe)


def versions(workspace: Workspace, recipe: Starting) -> tuple[str, ...]:
    """Digest of the model that training starts from, if it is another recipe's; Lacking without."""
    initial = recipe.initial
    if initial is None or initial.recipe is None:
        return ()
    return (model_folders.trained(workspace, initial.recipe, initial.seed),)


def published(recipe: Starting) -> str | None:
    """SHA-256 of the ImageNet file that the recipe starts from; None where there is none."""
    initial, family = recipe.initial, (recipe.model.name, recipe.model.variant)
    file = IMAGENET.get(family) if initial is not None and initial.imagenet else None
    return file.source.sha256 if file is not None else None


def read(workspace: Workspace, recipe: Starting) -> "dict[str, torch.Tensor] | None":
    """The tensors to start from by name; None where they are drawn."""
    from emotion_pipeline.training.initial import read_imagenet
    from emotion_pipeline.training.weights import load

    initial = recipe.initial
    if initial is None:
        return None
    if initial.recipe is None:
        return read_imagenet(_imagenet_file(workspace, recipe))
    model = model_folders.artifact(workspace, initial.recipe, initial.seed)
    network, _ = load(model.folder)
    return dict(network.state_dict())


def _imagenet_file(workspace: Workspace, recipe: Starting) -> Path:
    try:
        file = IMAGENET[recipe.model.name, recipe.model.variant]
        return find(file, workspace.settings.model_files_root)
    except FetchFailed as failed:
        raise Lacking(str(failed)) from failed
