"""What a recipe's teachers say of the rows that it learns from."""

from collections.abc import Iterator, Mapping

import numpy as np

from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.stages import model_folders, training_rows
from emotion_pipeline.stages.base import Needs, Workspace, present
from emotion_pipeline.training.recipe import Recipe

Recipes = Mapping[str, Recipe]


def needs(recipe: Recipe) -> tuple[Needs, ...]:
    """Edges to the teachers, with all their seeds."""
    return tuple(Needs(f"models/{name}") for name in _teachers(recipe))


def versions(workspace: Workspace, recipe: Recipe, recipes: Recipes) -> tuple[str, ...]:
    """Digests of the teachers' weights."""
    return tuple(
        present(model.version())
        for name in _teachers(recipe)
        for model in _models(workspace, name, recipes)
    )


def targets(
    workspace: Workspace,
    recipe: Recipe,
    recipes: Recipes,
    parts: list[training_rows.Seen],
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
        same = [training_rows.seen(workspace, teacher, part.found, part.domain) for part in parts]
        given = training_rows.given(training_rows.arrays(workspace, teacher, same))
        for model in _models(workspace, name, recipes):
            network, meta = load(model.folder)
            logits = logits_of_views(network, asked, given, workspace.settings.device)
            said.append(probabilities_at(1 / meta["temperature"], logits))
    taught = recipe.distil.share * np.mean(said, axis=0) + (1 - recipe.distil.share) * own
    return taught.astype(np.float32)


def _teachers(recipe: Recipe) -> tuple[str, ...]:
    return recipe.distil.teachers if recipe.distil is not None else ()


def _models(workspace: Workspace, name: str, recipes: Recipes) -> Iterator[Artifact]:
    for seed in recipes[name].seeds:
        yield model_folders.artifact(workspace, name, seed)
