"""Recipes trained on rows of the lake for as long as a benchmark has time: what several share."""

import tempfile
from pathlib import Path

import numpy as np
from torch import nn

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.stages import labelled_rows, training_rows
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.training import models
from emotion_pipeline.training.data import TrainingData
from emotion_pipeline.training.fit import FitResult, fit
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.trainer import Hardware

SPLITS = ("train", "validation", "test")


def rows_by_split(
    workspace: Workspace, recipe: Recipe, **most: int | None
) -> dict[str, TrainingData]:
    """The rows of each split in the original domain, at most so many of a split, drawn by lot."""
    found = labelled_rows.labelled(workspace, recipe, *SPLITS)
    part = training_rows.seen(workspace, recipe, found, ORIGINAL)
    split, rows = part.found.column("split"), {}
    for name in SPLITS:
        shuffled = np.random.default_rng(0).permutation(np.flatnonzero(split == name))
        own = part.take(np.isin(np.arange(len(part)), shuffled[: most.get(name)]))
        inputs = training_rows.arrays(workspace, recipe, [own])
        rows[name] = TrainingData(own.found.targets, *inputs)
    return rows


def changed(recipe: Recipe, model: dict[str, object] | None = None, **values: object) -> Recipe:
    """A recipe with other values, and other values of its model."""
    whole = recipe.model_dump()
    return Recipe.model_validate({**whole, **values, "model": {**whole["model"], **(model or {})}})


def trained(
    recipe: Recipe, rows: dict[str, TrainingData], device: str
) -> tuple[FitResult, nn.Module]:
    """Seed 1 of a recipe: how it went, and the network with the weights of the epoch kept."""
    with tempfile.TemporaryDirectory() as folder:
        result = fit(
            recipe,
            1,
            rows["train"],
            rows["validation"],
            Path(folder),
            identity="benchmark",
            hardware=Hardware(device),
        )
    network = models.build(recipe.model.name, recipe.model, recipe.sizes)
    network.load_state_dict(result.state_dict)
    return result, network
