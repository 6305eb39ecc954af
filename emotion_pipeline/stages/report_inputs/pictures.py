"""The pictures that models were asked about: faces by domain, whole pictures of detectors."""

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.domains import DEGRADED, GRAYSCALE, ORIGINAL
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.reports.base import Pictures
from emotion_pipeline.stages.base import Needs, Workspace
from emotion_pipeline.stages.pictures import decoded, table_of
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.recipe_files import AnyRecipe

Datasets = Mapping[str, Dataset]
Recipes = Mapping[str, AnyRecipe]


def needs(datasets: Datasets, recipes: Recipes) -> Iterator[Needs]:
    """Edges to the tables that hold them."""
    degraded: dict[str, list[str]] = {}
    for name, domain in _asked_about(datasets, recipes):
        if domain is None:
            yield Needs(f"samples/{name}")
        elif domain in DEGRADED:
            degraded.setdefault(name, []).append(domain)
        else:
            yield Needs(f"{'grayscale' if domain == GRAYSCALE else 'faces'}/{name}")
    for name, domains in degraded.items():
        yield Needs(f"degraded/{name}", tuple(domains))


def versions(workspace: Workspace, datasets: Datasets, recipes: Recipes) -> Iterator[str]:
    """What there is of them."""
    for name, domain in _asked_about(datasets, recipes):
        found = _table(workspace, datasets[name], domain).version()
        if found:
            yield f"{name} {domain or 'whole'} {found}"


def read(workspace: Workspace, datasets: Datasets, recipes: Recipes) -> Pictures:
    """A function that decodes pictures when it is asked for them."""
    whole = {name for name, domain in _asked_about(datasets, recipes) if domain is None}
    return partial(_decoded, workspace, datasets, whole)


def _asked_about(datasets: Datasets, recipes: Recipes) -> list[tuple[str, str | None]]:
    """Dataset and domain, None for whole pictures; each once."""
    found: dict[tuple[str, str | None], None] = {}
    for recipe in recipes.values():
        if recipe.data.pictures not in datasets:
            continue
        domains = (None,) if isinstance(recipe, FaceRecipe) else (ORIGINAL, *recipe.evaluate_on)
        found |= dict.fromkeys((recipe.data.pictures, domain) for domain in domains)
    return list(found)


def _table(workspace: Workspace, dataset: Dataset, domain: str | None) -> Table:
    if domain is None:
        return workspace.samples(dataset)
    return table_of(workspace, dataset, domain)


def _decoded(
    workspace: Workspace,
    datasets: Datasets,
    whole: set[str],
    name: str,
    domain: str,
    sample_ids: list[str],
) -> dict[str, np.ndarray]:
    table = _table(workspace, datasets[name], None if name in whole else domain)
    return decoded(table, sample_ids) if table.version() else {}
