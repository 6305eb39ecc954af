"""What the answers of models about some test pictures rest on."""

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.reports.base import EXPLAINED_COLUMNS, ExplainedResult, MeanMap
from emotion_pipeline.stages import explanations
from emotion_pipeline.stages.base import Needs, Workspace
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import AnyRecipe

if TYPE_CHECKING:
    import pandas as pd

Datasets = Mapping[str, Dataset]
Recipes = Mapping[str, AnyRecipe]


def needs(_datasets: Datasets, recipes: Recipes) -> Iterator[Needs]:
    """Edges to the explanations."""
    yield from (Needs(f"explanations/{name}") for name in _explainable(recipes))


def versions(workspace: Workspace, _datasets: Datasets, recipes: Recipes) -> Iterator[str]:
    """What there is of them."""
    for name in _explainable(recipes):
        found = explanations.version(workspace, name)
        if found:
            yield f"{name} {found}"


def read(workspace: Workspace, _datasets: Datasets, recipes: Recipes) -> list[ExplainedResult]:
    """Those that are there, in the order of the recipes; none where no picture was explained."""
    return [
        _result(workspace, name, recipe.data.pictures, rows)
        for name, recipe in _explainable(recipes).items()
        if explanations.version(workspace, name)
        and len(rows := explanations.explained_table(workspace, name).read(0).to_pandas())
    ]


def _explainable(recipes: Recipes) -> dict[str, Recipe]:
    return {
        name: one
        for name, one in recipes.items()
        if isinstance(one, Recipe) and explanations.explainable(one)
    }


def _result(
    workspace: Workspace, name: str, pictures_from: str, rows: "pd.DataFrame"
) -> ExplainedResult:
    return ExplainedResult(
        recipe=name,
        pictures_from=pictures_from,
        rows=rows[list(EXPLAINED_COLUMNS)],
        maps=np.stack([_square(one) for one in rows["map"]]),
        redrawn_maps=np.stack([_square(one) for one in rows["redrawn_map"]]),
        means={
            one["emotion"]: MeanMap(one["n_pictures"], _square(one["map"]), _square(one["face"]))
            for one in explanations.mean_table(workspace, name).read(0).to_pylist()
        },
    )


def _square(data: bytes) -> np.ndarray:
    """A map (side, side) uint8 of its bytes."""
    side_px = math.isqrt(len(data))
    return np.frombuffer(data, np.uint8).reshape(side_px, side_px)
