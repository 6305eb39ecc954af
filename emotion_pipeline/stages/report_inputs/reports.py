"""The reports themselves, and the explorations of the datasets, for the page that links them."""

import json
from collections.abc import Iterator, Mapping

from emotion_pipeline import reports
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.reports.base import MadeReport
from emotion_pipeline.stages.base import Needs, Workspace
from emotion_pipeline.training.recipe_files import AnyRecipe

Datasets = Mapping[str, Dataset]
Recipes = Mapping[str, AnyRecipe]

NAME = "reports"


def needs(datasets: Datasets, _recipes: Recipes) -> Iterator[Needs]:
    """Edges to all of them."""
    yield from (Needs(f"reports/{name}") for name in _linked())
    yield from (Needs(f"exploration/{name}") for name in datasets)


def versions(workspace: Workspace, datasets: Datasets, _recipes: Recipes) -> Iterator[str]:
    """What there is of them."""
    for key in _keys(datasets):
        found = _artifact(workspace, key).version()
        if found:
            yield f"{key} {found}"


def read(workspace: Workspace, datasets: Datasets, _recipes: Recipes) -> list[MadeReport]:
    """Those that are there, reports first."""
    found = []
    for key, (title, subject) in _keys(datasets).items():
        folder = _artifact(workspace, key).folder
        if _artifact(workspace, key).version():
            headline = json.loads((folder / "headline.json").read_text())
            found.append(MadeReport(key, title, subject, headline))
    return found


def _linked() -> list[str]:
    return [name for name in reports.report_names() if NAME not in reports.about(name).reads]


def _keys(datasets: Datasets) -> dict[str, tuple[str, str]]:
    """Titles and subjects by key."""
    about = {name: reports.about(name) for name in _linked()}
    return {
        **{f"reports/{name}": (one.title, one.subject) for name, one in about.items()},
        **{
            f"exploration/{name}": (one.title, "What the dataset holds.")
            for name, one in datasets.items()
        },
    }


def _artifact(workspace: Workspace, key: str) -> Artifact:
    return workspace.lake.artifact(key)
