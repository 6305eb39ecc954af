"""The pipeline: the graph of stages, and the same graph as Dagster assets and checks."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import dagster as dg

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.orchestration.assets import asset_for, source_for
from emotion_pipeline.orchestration.checks import leak_check, quality_check, regression_check
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import imports
from emotion_pipeline.stages.base import Stage
from emotion_pipeline.stages.graph import build_graph
from emotion_pipeline.training.recipe_files import AnyRecipe

# Observable sources and backfill policies are marked beta; what they do here is covered by tests.
warnings.filterwarnings("ignore", category=dg.BetaWarning)


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Stages by key, sources first, and what Dagster is given for them.

    The latter is made when it is asked for, which takes a second for all of them: a look at what is
    stale needs nothing of it.
    """

    settings: Settings
    datasets: Mapping[str, Dataset]
    graph: dict[str, Stage]
    _assets: dict[str, dg.AssetsDefinition] = field(default_factory=dict, init=False, repr=False)

    @property
    def sources(self) -> list[dg.SourceAsset]:
        return [source_for(dataset, self.settings) for dataset in self.datasets.values()]

    @property
    def assets(self) -> list[dg.AssetsDefinition]:
        return [self._asset(key) for key in self.graph]

    @property
    def checks(self) -> list[dg.AssetChecksDefinition]:
        return [check for key in self.graph for check in self._checks(key)]

    def near(
        self, stage: Stage
    ) -> Iterator[dg.AssetsDefinition | dg.SourceAsset | dg.AssetChecksDefinition]:
        """What Dagster is given of a stage, of what it needs directly, and of their checks."""
        for key in (stage.key, *(needs.key for needs in stage.needs)):
            group, name = key.split("/")
            if key in self.graph:
                yield self._asset(key)
                yield from self._checks(key)
            elif group == "raw" and name in self.datasets:
                yield source_for(self.datasets[name], self.settings)

    def _asset(self, key: str) -> dg.AssetsDefinition:
        if key not in self._assets:
            self._assets[key] = asset_for(self.graph[key], self.graph, self.settings)
        return self._assets[key]

    def _checks(self, key: str) -> Iterator[dg.AssetChecksDefinition]:
        group, name = key.split("/")
        if group == "samples":
            yield quality_check(self.datasets[name], self.settings)
        elif group == "duplicates":
            yield leak_check(self.datasets[name], self.settings)
        elif group == "champions":
            yield regression_check(name, self.settings)


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
    return Pipeline(settings, datasets, graph)
