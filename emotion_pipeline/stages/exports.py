"""Trained models of the lake as ONNX files outside of it."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emotion_pipeline.stages import labelled_rows, model_folders, training_rows
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.training.recipe import Recipe

if TYPE_CHECKING:
    from emotion_pipeline.training.export import Parity

N_PROBED = 256


def export(workspace: Workspace, name: str, seed: int, path: Path) -> "Parity":
    """Write the weights of one seed as ONNX, with the recipe that they were trained by.

    The file is compared with torch on validation rows, and on training rows where these are too
    few. Raises ModelError where there are no such weights, and ExportError.
    """
    from emotion_pipeline.training import weights
    from emotion_pipeline.training.export import export as write

    folder = model_folders.artifact(workspace, name, seed).folder
    network, meta = weights.load(folder)
    recipe = weights.recipe_of(meta, folder)
    return write(network, recipe, meta, path, _probe(workspace, recipe))


def _probe(workspace: Workspace, recipe: Recipe) -> tuple[np.ndarray, ...]:
    """Inputs of up to N_PROBED rows, as in `TrainingData.inputs`."""
    found = labelled_rows.labelled(workspace, recipe, "train", "validation")
    part = training_rows.seen(workspace, recipe, found, recipe.data.domains[0])
    validation_first = np.argsort(part.found.column("split") == "train", kind="stable")
    chosen = np.zeros(len(part), bool)
    chosen[validation_first[:N_PROBED]] = True
    return training_rows.given(training_rows.arrays(workspace, recipe, [part.take(chosen)]))
