"""Who is shown on the pictures, by what their datasets publish."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.schema import SAMPLES
from emotion_pipeline.stages.base import Needs, Workspace
from emotion_pipeline.training.recipe_files import AnyRecipe

if TYPE_CHECKING:
    import pandas as pd

Datasets = Mapping[str, Dataset]
Recipes = Mapping[str, AnyRecipe]


def needs(datasets: Datasets, recipes: Recipes) -> Iterator[Needs]:
    """Edges to the samples that say who is shown."""
    yield from (Needs(f"samples/{name}") for name in _telling(datasets, recipes))


def versions(workspace: Workspace, datasets: Datasets, recipes: Recipes) -> Iterator[str]:
    """What there is of these samples."""
    for name in _telling(datasets, recipes):
        found = workspace.samples(datasets[name]).version()
        if found:
            yield f"{name} {found}"


def read(workspace: Workspace, datasets: Datasets, recipes: Recipes) -> "dict[str, pd.DataFrame]":
    """By dataset: `sample_id` and the columns that it publishes besides, as text."""
    tables = {name: workspace.samples(datasets[name]) for name in _telling(datasets, recipes)}
    return {
        name: table.read_all(["sample_id", *_columns(datasets[name])]).to_pandas()
        for name, table in tables.items()
        if table.version()
    }


def _telling(datasets: Datasets, recipes: Recipes) -> list[str]:
    """Datasets with such columns whose pictures a recipe is about."""
    used = dict.fromkeys(recipe.data.pictures for recipe in recipes.values())
    return [name for name in used if name in datasets and _columns(datasets[name])]


def _columns(dataset: Dataset) -> list[str]:
    return [
        field.name
        for field in dataset.schema
        if field.type == pa.string() and field.name not in SAMPLES.names
    ]
