"""`models/<recipe>`: weights per seed, with what they were trained on and how it went."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from emotion_pipeline.digests import combined
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.stages import (
    first_weights,
    learned_rows,
    model_folders,
    teaching,
    training_rows,
)
from emotion_pipeline.stages.base import Produced, Workspace
from emotion_pipeline.stages.learned_rows import Parts
from emotion_pipeline.training.recipe import Recipe, training_values

if TYPE_CHECKING:
    import pandas as pd

    from emotion_pipeline.training.data import TrainingData
    from emotion_pipeline.training.fit import FitResult

FOLDS = "folds"

Recipes = Mapping[str, Recipe]


def code(recipe: Recipe) -> str:
    """Fingerprint of the training code and of the recipe's values that change the weights."""
    modules = (
        "training.fit",
        "training.data",
        "training.weights",
        f"training.models.{recipe.model.name}",
        "stages.learned_rows",
        *training_rows.modules(recipe),
        *(("stages.first_weights",) if recipe.initial else ()),
        *(("stages.teaching", "training.predict") if recipe.distil else ()),
    )
    values = (training_values(recipe), first_weights.published(recipe))
    return fingerprint(*(f"emotion_pipeline.{name}" for name in modules), values=values)


def train(workspace: Workspace, name: str, recipe: Recipe, seed: int, recipes: Recipes) -> Produced:
    """Train one recipe with one seed, or keep the weights that the lake already has.

    A killed training goes on from its last whole epoch. The weights are replaced at the end.
    `recipes` are those that this one may name as teachers.
    """
    with workspace.lake.lock(f"models/{name}/{seed}"):
        target = model_folders.artifact(workspace, name, seed)
        parts = learned_rows.all_parts(workspace, recipe)
        inputs = combined(
            (
                *(training_rows.digest(recipe, part) for part in parts),
                *first_weights.versions(workspace, recipe),
                *teaching.versions(workspace, recipe, recipes, parts),
            )
        )
        job = _Job(workspace, name, recipe, seed, recipes, parts, inputs)
        return model_folders.kept(target, inputs, code(recipe)) or _make(job, target)


@dataclass(frozen=True)
class _Job:
    """One training of one seed: what it is made from."""

    workspace: Workspace
    name: str
    recipe: Recipe
    seed: int
    recipes: Recipes
    parts: Parts
    inputs: str


def _make(job: _Job, target: Artifact) -> Produced:
    """Train, and put weights, description and curves in the lake."""
    _check_network(job.recipe)
    groups = learned_rows.left_out(job.recipe, job.parts)
    folds = {group: _fit_without(job, group) for group in groups}
    learned, held_out = learned_rows.by_split(job.recipe, job.parts)
    result = _fit(job, "whole", learned, held_out)
    curves = mean_curves([fold.curves for fold in folds.values()]) if folds else result.curves
    meta = {
        **_meta(job, result, curves),
        "n_training_rows": sum(map(len, learned)),
        "n_validation_rows": sum(map(len, held_out)),
        "n_rows_left_out": learned_rows.unused(job.workspace, job.recipe, job.parts),
    }
    return model_folders.publish(
        target,
        job.inputs,
        code(job.recipe),
        meta,
        result,
        curves,
        f"validation accuracy {meta['validation_accuracy_score']:.1%}",
        {fold_folder(group): ({"left_out": group}, fold) for group, fold in folds.items()},
    )


def _check_network(recipe: Recipe) -> None:
    """ValueError for a network that cannot be built or frozen so, before any picture is read."""
    import torch

    from emotion_pipeline.training import models
    from emotion_pipeline.training.freezing import check_parts

    with torch.device("meta"):  # without memory for its weights
        network = models.build(recipe.model.name, recipe.model, recipe.sizes)
    check_parts(network, recipe.freeze)


def fold_folder(group: str) -> str:
    """Where the weights that have not seen a group lie in a model's folder."""
    return f"{FOLDS}/{combined([group])[:16]}"


def _fit_without(job: _Job, group: str) -> "FitResult":
    """The training that leaves one group out and is looked at on it."""
    learned, held_out = learned_rows.without(job.recipe, job.parts, group)
    return _fit(job, fold_folder(group), learned, held_out)


def _fit(job: _Job, place: str, learned: Parts, held_out: Parts) -> "FitResult":
    from emotion_pipeline.training.fit import fit
    from emotion_pipeline.training.trainer import Hardware

    workspace, recipe, settings = job.workspace, job.recipe, job.workspace.settings
    work = workspace.lake.scratch / "training" / job.name / str(job.seed) / place
    work.mkdir(parents=True, exist_ok=True)
    files = (work / "learned.npy", work / "held_out.npy")
    try:
        train = _arrays(job, learned, files[0])
        taught = teaching.targets(workspace, recipe, job.recipes, learned, train.targets)
        return fit(
            recipe,
            job.seed,
            replace(train, targets=taught),
            _arrays(job, held_out, files[1]),
            work,
            identity=f"{job.inputs} {code(recipe)}",
            initial=first_weights.read(workspace, recipe),
            hardware=Hardware(settings.device, settings.devices, settings.strategy),
        )
    finally:
        for file in files:
            file.unlink(missing_ok=True)


def _arrays(job: _Job, parts: Parts, file: Path) -> "TrainingData":
    from emotion_pipeline.training.data import TrainingData

    pictures, features = training_rows.arrays(job.workspace, job.recipe, parts, file)
    targets = np.concatenate([part.found.targets for part in parts])
    return TrainingData(targets, pictures, features)


def _meta(job: _Job, result: "FitResult", curves: "pd.DataFrame") -> dict[str, Any]:
    """What `meta.json` says of the model."""
    from emotion_pipeline.training.weights import describe

    kept = curves.set_index("epoch").loc[result.epoch]
    without = [part.features is not None and np.isnan(part.features[:, 0]) for part in job.parts]
    return {
        **describe(
            job.recipe,
            seed=job.seed,
            n_parameters=result.n_parameters,
            digests={"inputs": job.inputs, "code": code(job.recipe)},
        ),
        **model_folders.describe(job.name, result),
        "temperature": result.temperature,
        "validation_loss": float(kept["validation_loss"]),
        "validation_accuracy_score": float(kept["validation_accuracy_score"]),
        "n_rows_without_landmarks": int(sum(np.sum(rows) for rows in without)),
        "synthetic": any(part.found.column("synthetic").any() for part in job.parts),
    }


def mean_curves(folds: "list[pd.DataFrame]") -> "pd.DataFrame":
    """The mean of the folds' learning curves, epoch by epoch."""
    import pandas as pd

    return pd.concat(folds).groupby("epoch", as_index=False).mean()[folds[0].columns.tolist()]
