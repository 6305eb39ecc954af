"""A whole pipeline that is made in seconds: few drawn faces, a tiny network, a lake of its own."""

import csv
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from shutil import copytree

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContext

from emotion_pipeline import reports
from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.orchestration.build import build_definitions
from emotion_pipeline.orchestration.look import Look
from emotion_pipeline.orchestration.pipeline import Pipeline, build_pipeline
from emotion_pipeline.orchestration.refresh import Outcome, refresh
from emotion_pipeline.orchestration.selection import select
from emotion_pipeline.settings import Settings
from emotion_pipeline.training.recipe import Recipe

RECIPE = Recipe.model_validate(
    {
        "description": "tiny",
        "data": {"labels": "ferplus", "pictures": "fer2013", "vote_rule": "distribution"},
        "model": {"name": "cnn5", "widths": [2, 2, 2, 2, 2], "input_px": 32},
        "optimiser": {"name": "sgd", "learning_rate": 0.01},
        "epochs": 1,
        "batch_size": 16,
        "seeds": [1],
        "evaluate_on": ["original", "grayscale", "jpeg-1"],
    }
)
DATASETS = {name: get_dataset(name) for name in ("fer2013", "ferplus")}
PICTURE_STAGES = (
    "duplicates/*",
    "exploration/*",
    "grayscale/*",
    "degraded/*[jpeg-*]",
    "samples/*",
)
REPORTS_ON_MODELS = tuple(
    f"reports/{name}"
    for name in reports.report_names()
    if {"models", "reports"} & set(reports.about(name).reads)
)
ALL_REPORTS = tuple(f"reports/{name}" for name in reports.report_names())
ON_DEMAND = ("degraded", "landmarks")


@dataclass
class Small:
    """One lake, one Dagster instance, and the raw files of 60 drawn faces."""

    root: Path
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)
    recipes: dict[str, Recipe] = field(default_factory=lambda: {"ferplus_cnn5_tiny": RECIPE})
    changed_code: tuple[str, ...] = ()
    reports: tuple[str, ...] = ("reports/leaderboard",)
    """One stands for all where the test is not about them: drawing their figures takes seconds."""

    @cached_property
    def settings(self) -> Settings:
        return Settings(
            lake=self.root / "lake", raw=self.root / "raw", engine="sequential", workers=1
        )

    def copy(self, root: Path) -> "Small":
        """The same with a lake, raw files and records of its own."""
        copytree(self.root, root)
        return replace(self, root=root, instance=copied_instance(self.instance))

    def draw(self, n: int = 60) -> None:
        for dataset in DATASETS.values():
            dataset.draw(self.settings.raw_root, n, 1)

    def pipeline(self) -> Pipeline:
        """As a fresh process would build it, but with some other code, and nothing by default."""
        pipeline = build_pipeline(self.settings, DATASETS, self.recipes)
        graph = pipeline.graph
        for key in set(ALL_REPORTS) - set(self.reports):
            del graph[key]
        graph |= {key: replace(graph[key], code="other code") for key in self.changed_code}
        graph |= {
            key: replace(stage, by_default=())
            for key, stage in graph.items()
            if stage.group in ON_DEMAND
        }
        return pipeline

    def refresh(self, *patterns: str) -> Outcome:
        pipeline = self.pipeline()
        return refresh(pipeline, self.instance, select(pipeline, patterns))

    def due(self, *patterns: str) -> set[str]:
        """Keys with a partition that is directly missing or stale."""
        pipeline = self.pipeline()
        look = Look(pipeline, self.instance, select(pipeline, patterns))
        return {one.key for stage in look.stages for one in look.standings(stage) if one.due}

    def dagster_says(self, *patterns: str) -> set[str]:
        """Keys with a wanted partition that Dagster's resolver, and so its UI, calls not fresh."""
        pipeline = self.pipeline()
        graph = build_definitions(pipeline).resolve_asset_graph()
        resolver = CachingStaleStatusResolver(self.instance, graph, Loading(self.instance))

        def fresh(key: str, partition: str | None) -> bool:
            return resolver.get_status(dg.AssetKey(key.split("/")), partition).value == "FRESH"

        wanted = select(pipeline, patterns).items()
        return {key for key, names in wanted if not all(fresh(key, name) for name in names)}

    def edit_row(
        self, row: int, change: Callable[[list[str]], None], file: str = "fer2013"
    ) -> None:
        """Change one data row of a raw file through its fields."""
        name = {"fer2013": "fer2013.csv", "ferplus": "fer2013new.csv"}[file]
        path = self.settings.raw_root / file / name
        with path.open(newline="") as handle:
            rows = list(csv.reader(handle))
        change(rows[row + 1])
        with path.open("w", newline="") as handle:
            csv.writer(handle, lineterminator="\n").writerows(rows)

    def darken(self, *rows: int) -> None:
        def black(fields: list[str]) -> None:
            fields[1] = " ".join(["0"] * 2304)

        for row in rows:
            self.edit_row(row, black)


def copied_instance(instance: dg.DagsterInstance) -> dg.DagsterInstance:
    """An instance in memory with the records of another one."""
    copy = dg.DagsterInstance.ephemeral()
    for there, here in (
        (instance.run_storage, copy.run_storage),
        (instance.event_log_storage, copy.event_log_storage),
    ):
        there._held_conn.connection.backup(here._held_conn.connection.driver_connection)
    return copy


class Loading(LoadingContext):
    def __init__(self, instance: dg.DagsterInstance) -> None:
        self._instance, self._loaders = instance, {}

    @property
    def instance(self) -> dg.DagsterInstance:
        return self._instance

    @property
    def loaders(self) -> dict:
        return self._loaders


def made(outcome: Outcome) -> dict[str, int]:
    """How many partitions of each asset were materialised."""
    keys = [done.standing.key for done in outcome.done]
    return {key: keys.count(key) for key in dict.fromkeys(keys)}


def summaries(outcome: Outcome, prefix: str) -> list[str]:
    return [done.summary for done in outcome.done if done.standing.key.startswith(prefix)]
