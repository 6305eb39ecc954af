"""The tables of human votes."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.schema import VOTES
from emotion_pipeline.stages.base import Needs, Workspace
from emotion_pipeline.training.recipe_files import AnyRecipe

if TYPE_CHECKING:
    import pandas as pd

Datasets = Mapping[str, Dataset]
Recipes = Mapping[str, AnyRecipe]

_LEFT_OUT = ("input_digest", "undecided", "synthetic")


def needs(datasets: Datasets, _recipes: Recipes) -> Iterator[Needs]:
    """Edges to the tables of votes."""
    yield from (Needs(f"samples/{name}") for name in _voted(datasets))


def versions(workspace: Workspace, datasets: Datasets, _recipes: Recipes) -> Iterator[str]:
    """What there is of them."""
    for name, dataset in _voted(datasets).items():
        found = workspace.samples(dataset).version()
        if found:
            yield f"{name} {found}"


def read(workspace: Workspace, datasets: Datasets, _recipes: Recipes) -> "dict[str, pd.DataFrame]":
    """The tables that are there, by dataset."""
    columns = [name for name in VOTES.names if name not in _LEFT_OUT]
    return {
        name: workspace.samples(dataset).read_all(columns).to_pandas()
        for name, dataset in _voted(datasets).items()
        if workspace.samples(dataset).version()
    }


def _voted(datasets: Datasets) -> dict[str, Dataset]:
    return {name: one for name, one in datasets.items() if one.schema.equals(VOTES)}
