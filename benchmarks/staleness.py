"""How long it takes to see what is stale of the whole graph, where all of it is made.

Every partition of every dataset and recipe gets files of its own form, without rows: what is looked
at are footers, receipts and Dagster's records. Dagster's own resolver is timed beside it on one
asset.

    python benchmarks/staleness.py [--rounds 3]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContext
from ingest import machine

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.lake import memory
from emotion_pipeline.lake.receipts import Receipt
from emotion_pipeline.orchestration.build import build_definitions
from emotion_pipeline.orchestration.home import open_instance
from emotion_pipeline.orchestration.look import Look
from emotion_pipeline.orchestration.pipeline import Pipeline, build_pipeline
from emotion_pipeline.orchestration.records import DATA_VERSION, record_observation
from emotion_pipeline.orchestration.selection import select
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Stage, Workspace
from emotion_pipeline.stages.sources import observe
from emotion_pipeline.stages.state import LakeState

RESOLVED = dg.AssetKey(["degraded", "fer2013"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(lake=Path(folder) / "lake", dagster_home=Path(folder) / "dagster")
        for dataset in all_datasets().values():
            if dataset.draw is not None:
                dataset.draw(settings.raw_root, 20, 1)
        pipeline = build_pipeline(settings)
        with open_instance(settings) as instance:
            n_files = make_everything(pipeline, instance)
            memory.SETTLED_NS = 0  # as a minute later
            first = look(pipeline, instance)
            seconds = [look(pipeline, instance) for _ in range(arguments.rounds)]
            per_partition = resolve(pipeline, instance)
    n = sum(len(stage.partitions or (None,)) for stage in pipeline.graph.values())
    print(machine())
    print(f"{len(pipeline.graph)} assets, {n} partitions, {n_files:,} files of tables")
    print(f"what is stale, every footer read: {first:.2f} s")
    print(f"and again, remembered: {statistics.median(seconds):.2f} s, median of {len(seconds)}")
    print(f"Dagster's resolver on {RESOLVED.path}: {1000 * per_partition:.1f} ms a partition")


def make_everything(pipeline: Pipeline, instance: dg.DagsterInstance) -> int:
    """Files, receipts and records of every partition; the number of files of tables."""
    workspace, n_files = Workspace(pipeline.settings), 0
    for dataset in all_datasets().values():
        if dataset.draw is not None:
            found = observe(workspace, dataset)
            record_observation(instance, f"raw/{dataset.name}", found)
    state = LakeState(pipeline.graph, workspace)
    for stage in pipeline.graph.values():
        for partition in stage.partitions or (None,):
            n_files += make(workspace, stage, partition)
            version = stage.version(workspace, partition)
            if version is None:
                raise RuntimeError(f"{stage.key} {partition} is not what its stage looks for")
            receipt = Receipt(version, stage.code, state.inputs(stage, partition))
            workspace.lake.receipts.write(stage.key, partition, receipt)
            event = dg.AssetMaterialization(
                stage.key.split("/"), partition=partition, tags={DATA_VERSION: version}
            )
            instance.report_runless_asset_event(event)
    return n_files


def make(workspace: Workspace, stage: Stage, partition: str | None) -> int:
    """Tables without rows in all their buckets, or an artifact of one file."""
    group, name = stage.key.split("/")
    within = {stage.dimension: partition} if partition else {}
    if stage.schema is None and group != "explanations":
        with workspace.lake.artifact(stage.key, **within).replace("inputs", stage.code) as folder:
            (folder / "file").write_text(f"{stage.key} {partition}")
        return 0
    tables = []
    if group == "predictions":
        tables = predictions_of(workspace, stage, within)
    elif group == "explanations":
        tables = explanations_of(workspace, name)
    else:
        n_buckets = 1 if group == "duplicates" else all_datasets()[name].n_buckets
        tables = [workspace.lake.table(stage.key, stage.schema, n_buckets, **within)]
    if group == "samples":
        tables.append(workspace.rejects(all_datasets()[name]))
    for table in tables:
        for bucket in range(table.n_buckets):
            table.write(bucket, [table.schema.empty_table()], f"{stage.key} {partition}", "code")
    return sum(table.n_buckets for table in tables)


def predictions_of(workspace: Workspace, stage: Stage, within: dict[str, str]) -> list:
    from emotion_pipeline.stages import face_predictions
    from emotion_pipeline.training.detection.recipe import FaceRecipe
    from emotion_pipeline.training.recipe_files import load_all

    name = stage.key.removeprefix("predictions/")
    recipe = load_all()[name]
    if isinstance(recipe, FaceRecipe):
        return [face_predictions.table(workspace, name, recipe, seed) for seed in recipe.seeds]
    return [
        workspace.lake.table(stage.key, stage.schema, 1, **within, seed=seed)
        for seed in recipe.seeds
    ]


def explanations_of(workspace: Workspace, name: str) -> list:
    from emotion_pipeline.stages import explanations

    return [explanations.explained_table(workspace, name), explanations.mean_table(workspace, name)]


def look(pipeline: Pipeline, instance: dg.DagsterInstance) -> float:
    """Seconds of one whole look at everything, which finds nothing due."""
    everything = select(pipeline, ["*"])
    begin = time.perf_counter()
    seen = Look(pipeline, instance, everything)
    due = [one for stage in seen.stages for one in seen.standings(stage) if one.due]
    seconds = time.perf_counter() - begin
    unexpected = [one for one in due if "checks" not in one.reason]
    if unexpected:
        raise RuntimeError(f"{len(unexpected)} partitions are due, such as {unexpected[0]}")
    return seconds


class Loading(LoadingContext):
    def __init__(self, instance: dg.DagsterInstance):
        self._instance = instance
        self._loaders: dict[Any, Any] = {}

    instance = property(lambda self: self._instance)
    loaders = property(lambda self: self._loaders)


def resolve(pipeline: Pipeline, instance: dg.DagsterInstance) -> float:
    """Seconds per partition of Dagster's resolver on one partitioned asset."""
    graph = build_definitions(pipeline).resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, Loading(instance))
    partitions = pipeline.graph["/".join(RESOLVED.path)].partitions
    begin = time.perf_counter()
    for partition in partitions:
        resolver.get_status(RESOLVED, partition)
    return (time.perf_counter() - begin) / len(partitions)


if __name__ == "__main__":
    main()
