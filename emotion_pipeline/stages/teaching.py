"""What a recipe's teachers say of the rows that it learns from."""

from collections.abc import Iterator, Mapping

import numpy as np

from emotion_pipeline.digests import combined
from emotion_pipeline.stages import model_folders, training_rows
from emotion_pipeline.stages.base import Needs, Workspace
from emotion_pipeline.stages.training_rows import Seen
from emotion_pipeline.training.recipe import Recipe

Recipes = Mapping[str, Recipe]


def needs(recipe: Recipe, recipes: Recipes) -> Iterator[Needs]:
    """Edges to the teachers, with all their seeds, and to landmarks that only they are given."""
    for name in _teachers(recipe):
        yield Needs(f"models/{name}")
    if not recipe.data.features and any(recipes[name].data.features for name in _teachers(recipe)):
        yield Needs(f"landmarks/{recipe.data.pictures}", recipe.data.domains)


def versions(
    workspace: Workspace, recipe: Recipe, recipes: Recipes, parts: list[Seen]
) -> Iterator[str]:
    """Digests of the teachers' weights, and of the landmarks that they are given of these rows.

    Lacking where a teacher has not been trained.
    """
    for name in _teachers(recipe):
        for seed in recipes[name].seeds:
            yield model_folders.trained(workspace, name, seed)
        if recipes[name].data.features:
            for part in _as_given(workspace, recipes[name], parts):
                yield combined(part.row_digests(recipes[name]))


def targets(
    workspace: Workspace,
    recipe: Recipe,
    recipes: Recipes,
    parts: list[Seen],
    own: np.ndarray,
) -> np.ndarray:
    """The rows' own targets (n, C) float32, mixed with the mean of the teachers' probabilities.

    Every teacher is given the same rows in the form that it was trained on, pictures and their
    mirror images, and answers as before it was calibrated.
    """
    if recipe.distil is None:
        return own
    from emotion_pipeline.training.calibration import probabilities_at
    from emotion_pipeline.training.predict import logits_of_views
    from emotion_pipeline.training.weights import load

    said = []
    for name in recipe.distil.teachers:
        teacher = recipes[name]
        asked = teacher.model_copy(update={"test_views": "flip"})
        same = _as_given(workspace, teacher, parts)
        given = training_rows.given(training_rows.arrays(workspace, teacher, same))
        for seed in teacher.seeds:
            network, meta = load(model_folders.artifact(workspace, name, seed).folder)
            logits = logits_of_views(network, asked, given, workspace.settings.device)
            said.append(probabilities_at(1 / meta["temperature"], logits))
    taught = recipe.distil.share * np.mean(said, axis=0) + (1 - recipe.distil.share) * own
    return taught.astype(np.float32)


def _teachers(recipe: Recipe) -> tuple[str, ...]:
    return recipe.distil.teachers if recipe.distil is not None else ()


def _as_given(workspace: Workspace, teacher: Recipe, parts: list[Seen]) -> list[Seen]:
    """The same rows in the form that a teacher was trained on."""
    return [training_rows.seen(workspace, teacher, part.found, part.domain) for part in parts]
