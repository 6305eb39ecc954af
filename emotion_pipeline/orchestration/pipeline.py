"""The pipeline: the graph of stages, and the same graph as Dagster assets and checks."""

import warnings
from dataclasses import dataclass

import dagster as dg

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.orchestration.assets import asset_for, source_for
from emotion_pipeline.orchestration.checks import leak_check, quality_check, regression_check
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import champions, imports
from emotion_pipeline.stages.base import Stage
from emotion_pipeline.stages.graph import build_graph
from emotion_pipeline.training.recipe_files import AnyRecipe

# Observable sources and backfill policies are marked beta; what they do here is covered by tests.
warnings.filterwarnings("ignore", category=dg.BetaWarning)


@dataclass(frozen=True)
class Pipeline:
    """Stages by key, sources first, and what Dagster is given for them."""

    settings: Settings
    graph: dict[str, Stage]
    sources: list[dg.SourceAsset]
    assets: list[dg.AssetsDefinition]
    checks: list[dg.AssetChecksDefinition]


def build_pipeline(
    settings: Settings | None = None,
    datasets: dict[str, Dataset] | None = None,
    recipes: dict[str, AnyRecipe] | None = None,
) -> Pipeline:
    """The pipeline over the three doors, or over the given datasets and recipes.

    A refresh of everything trains all given recipes, or those that the settings name. The recipes
    are those of the package, and those that the user has put beside models of others.
    """
    settings = Settings() if settings is None else settings
    datasets = all_datasets() if datasets is None else datasets
    trained = settings.trains if recipes is None else lambda _: True
    recipes = imports.all_recipes(settings, datasets) if recipes is None else recipes
    graph = {stage.key: stage for stage in build_graph(datasets, recipes, settings, trained)}
    pictures = [dataset for dataset in datasets.values() if dataset.pictures_from is None]
    return Pipeline(
        settings,
        graph,
        sources=[source_for(dataset, settings) for dataset in datasets.values()],
        assets=[asset_for(stage, graph, settings) for stage in graph.values()],
        checks=[quality_check(dataset, settings) for dataset in datasets.values()]
        + [leak_check(dataset, settings) for dataset in pictures]
        + [regression_check(name, settings) for name in champions.groups(recipes)],
    )
