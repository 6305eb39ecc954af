"""A finished pipeline to change one thing of, and everybody's answer to what is stale then.

Real stages over drawn faces, with two tiny networks whose recipes are files. It is made once per
session; every test gets a copy of the lake, of the raw files and of Dagster's records. It goes from
samples to predictions: what is told of these, as in reports, is tested where it is made.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree

import dagster as dg
import yaml
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph
from dagster._core.definitions.data_version import CachingStaleStatusResolver

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.orchestration.build import build_definitions
from emotion_pipeline.orchestration.look import Look, record_observations
from emotion_pipeline.orchestration.pipeline import Pipeline, build_pipeline
from emotion_pipeline.orchestration.refresh import refresh
from emotion_pipeline.orchestration.selection import Selection, select
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.staleness import Standing
from emotion_pipeline.training.recipe_files import load_all
from emotion_pipeline_tests.orchestration.small import Loading, copied_instance

DATASETS = {name: get_dataset(name) for name in ("fer2013", "ferplus", "fer2013_folder")}
TINY = {
    "model": {"name": "cnn5", "widths": [2, 2, 2, 2, 2], "input_px": 32},
    "optimiser": {"name": "sgd", "learning_rate": 0.01},
    "epochs": 1,
    "batch_size": 16,
}
VOTES = {"labels": "ferplus", "pictures": "fer2013", "vote_rule": "distribution"}
FOLDERS = {
    "labels": "fer2013_folder",
    "pictures": "fer2013_folder",
    "label_space": "seven_emotions",
}
RECIPES = {
    "ferplus_cnn5": {
        "description": "votes",
        "data": VOTES,
        **TINY,
        "seeds": [1, 2],
        "evaluate_on": ["original", "grayscale", "jpeg-1"],
    },
    "fer2013_folder_cnn5": {
        "description": "pictures in folders",
        "data": FOLDERS,
        **TINY,
        "evaluate_on": ["original"],
    },
}
KINDS = (
    *("samples", "duplicates", "exploration"),
    *("faces", "grayscale", "degraded"),
    *("models", "predictions"),
)
ASKED_FOR = "degraded/fer2013_folder[fading-1]"
"""What nothing needs and somebody once asked for."""


@dataclass
class Finished:
    """One lake, its raw files and recipes, and one Dagster instance."""

    root: Path
    instance: dg.DagsterInstance
    settings: Settings = field(init=False)

    def __post_init__(self) -> None:
        lake, raw = self.root / "lake", self.root / "raw"
        self.settings = Settings(lake=lake, raw=raw, engine="sequential", workers=1)

    @property
    def recipes(self) -> Path:
        return self.root / "recipes"

    def copy(self, root: Path) -> "Finished":
        return Finished(copytree(self.root, root), copied_instance(self.instance))

    def pipeline(self) -> Pipeline:
        """As a fresh process would build it."""
        return build_pipeline(self.settings, DATASETS, load_all(self.recipes))

    def status(self, *patterns: str) -> set[str]:
        """What the command of that name calls missing or stale."""
        pipeline = self.pipeline()
        look = Look(pipeline, self.instance, _selected(pipeline, patterns))
        found = (one for stage in look.stages for one in look.standings(stage))
        return {place(one.key, one.partition) for one in found if one.due}

    def unsynced(self, *patterns: str) -> set[str]:
        """What the UI of Dagster shows as missing or unsynced, once it knows the raw files."""
        pipeline = self.pipeline()
        selection = _selected(pipeline, patterns)
        record_observations(Look(pipeline, self.instance, selection))
        is_unsynced = self._dagsters_view(_asset_graph(pipeline))
        found = ((key, name) for key, names in selection.items() for name in names)
        return {place(key, name) for key, name in found if is_unsynced(key, name)}

    def refresh(self, *patterns: str, unseen: Collection[str] = ()) -> list[str]:
        """What is made, in order. Nothing may fail, and Dagster has to call each unsynced when its
        turn comes, but those that are `unseen`."""
        pipeline = self.pipeline()
        asset_graph = _asset_graph(pipeline)

        def started(one: Standing) -> None:
            name = place(one.key, one.partition)
            is_unsynced = self._dagsters_view(asset_graph)(one.key, one.partition)
            assert is_unsynced is (name not in unseen), f"{name}: {one.reason}"

        outcome = refresh(pipeline, self.instance, _selected(pipeline, patterns), started=started)
        assert outcome.succeeded, outcome
        assert not outcome.lacking
        return [place(one.standing.key, one.standing.partition) for one in outcome.done]

    def _dagsters_view(self, asset_graph: AssetGraph) -> Callable[[str, str | None], bool]:
        """Whether Dagster now calls a partition of an asset missing or unsynced."""
        resolver = CachingStaleStatusResolver(self.instance, asset_graph, Loading(self.instance))
        return lambda key, name: (
            resolver.get_status(dg.AssetKey(key.split("/")), name).value != "FRESH"
        )


Answer = Callable[[Finished], set[str]]
BY_THE_LAKE: dict[str, Answer] = {"emotion-pipeline status": Finished.status}
BY_EVENTS: dict[str, Answer] = {"the UI of Dagster": Finished.unsynced}
"""Everybody who says what is stale; whoever starts runs by himself, such as automation, as well."""


def place(key: str, partition: str | None) -> str:
    """An asset partition in the notation of `status` and `refresh`."""
    return key if partition is None else f"{key}[{partition}]"


def check(
    finished: Finished, stale: set[str], made: set[str], unseen: Collection[str] = ()
) -> None:
    """Everybody calls exactly `stale` stale, and a refresh makes exactly `made`, each once.

    That is more where something comes out different: what follows from it is stale only then, for
    Dagster too. What is `unseen` cannot be known from events. In the end everybody is content.
    """
    _agree(finished, stale, unseen)
    assert sorted(finished.refresh(unseen=unseen)) == sorted(made)
    _agree(finished, set(), ())


def _agree(finished: Finished, stale: set[str], unseen: Collection[str]) -> None:
    for who, answer in BY_THE_LAKE.items():
        assert answer(finished) == stale, who
    for who, answer in BY_EVENTS.items():
        assert answer(finished) == stale.difference(unseen), who


def make(root: Path) -> Finished:
    """Draw the raw files, write the recipes, and make everything."""
    finished = Finished(root, dg.DagsterInstance.ephemeral())
    for dataset in DATASETS.values():
        dataset.draw(finished.settings.raw_root, 60, 1)
    finished.recipes.mkdir()
    for name, recipe in RECIPES.items():
        (finished.recipes / f"{name}.yaml").write_text(yaml.safe_dump(recipe, sort_keys=False))
    finished.refresh()
    finished.refresh(ASKED_FOR)
    return finished


def _selected(pipeline: Pipeline, patterns: tuple[str, ...]) -> Selection:
    wanted = select(pipeline, patterns)
    return {key: names for key, names in wanted.items() if key.split("/")[0] in KINDS}


def _asset_graph(pipeline: Pipeline) -> AssetGraph:
    return build_definitions(pipeline).resolve_asset_graph()
