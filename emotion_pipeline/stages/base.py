"""What a stage is: a key, what it follows from, which code it depends on, and how it is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType

import pyarrow as pa

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake import Lake
from emotion_pipeline.lake.compute import Engine
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.schema import DETECTIONS, DUPLICATES, LANDMARKS, PICTURES, REJECTS
from emotion_pipeline.settings import Settings

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Workspace:
    """Where stages work: the lake, the settings, and whom to tell how far they are."""

    settings: Settings
    progress: Progress | None = None

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake, self.settings.lake_store)

    def engine(self, backend: str | None = None) -> Engine:
        """The engine of the settings, or another backend with as many workers."""
        return Engine(backend or self.settings.engine, self.settings.workers)

    def samples(self, dataset: Dataset) -> Table:
        return self.lake.table(f"samples/{dataset.name}", dataset.schema, dataset.n_buckets)

    def rejects(self, dataset: Dataset) -> Table:
        return self.lake.table(f"rejects/{dataset.name}", REJECTS, 1)

    def duplicates(self, dataset: Dataset) -> Table:
        return self.lake.table(f"duplicates/{dataset.name}", DUPLICATES, 1)

    def detections(self, dataset: Dataset) -> Table:
        return self.lake.table(f"detections/{dataset.name}", DETECTIONS, dataset.n_buckets)

    def landmarks(self, dataset: Dataset, domain: str) -> Table:
        name = f"landmarks/{dataset.name}"
        return self.lake.table(name, LANDMARKS, dataset.n_buckets, domain=domain)

    def pictures(self, key: str, dataset: Dataset, domain: str | None = None) -> Table:
        """Faces, gray pictures, or the degraded pictures of one domain."""
        partition = {"domain": domain} if domain is not None else {}
        return self.lake.table(f"{key}/{dataset.name}", PICTURES, dataset.n_buckets, **partition)


@dataclass(frozen=True)
class Produced:
    """What a stage left in the lake: the digest of its content, and figures for people."""

    version: str
    summary: str
    figures: Mapping[str, float | int | str] = field(default_factory=dict)
    preview: Mapping[str, pa.Table | bytes] = field(default_factory=dict)
    """Small tables, and PNG pictures below 100 kB, to look at in Dagster."""


Prepare = Callable[[Workspace], None]


class Lacking(Exception):
    """Something from outside that a stage needs is not there; the message says what to do."""


def present(version: str | None) -> str:
    """The version of what has just been made; RuntimeError if it is gone already."""
    if version is None:
        raise RuntimeError("what was just made is no longer in the lake: is somebody deleting it?")
    return version


def code_version(values: str, *stages: ModuleType) -> str:
    """The code version of an asset: that of its values, and those modules that carry it out.

    By the first, what the lake holds is made anew. By the others it is looked at again, which
    costs seconds: previews and figures may be others.
    """
    return f"{values} {fingerprint(*(stage.__name__ for stage in stages))}"


@dataclass(frozen=True)
class Needs:
    """An edge of the graph.

    By default all of an asset is needed; with `only`, those partitions of it; with
    `same_partition`, the partition of the same name, by those of `only` that have one.
    """

    key: str
    only: tuple[str, ...] = ()
    same_partition: bool = False

    def partitions_for(self, partition: str | None, present: tuple[str, ...]) -> tuple[str, ...]:
        """Which of the present partitions of `key` one partition of the needing stage needs."""
        if self.same_partition:
            return tuple(name for name in self.only if name == partition)
        return self.only or present


@dataclass(frozen=True)
class Stage:
    """One asset of the graph.

    `make` brings one partition (or the whole, for None) up to date; it does nothing that the lake
    already has. `version` says what the lake holds, without making anything.
    """

    key: str
    description: str
    code: str
    needs: tuple[Needs, ...]
    make: Callable[[Workspace, str | None], Produced]
    version: Callable[[Workspace, str | None], str | None]
    dimension: str = ""
    partitions: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("parquet",)
    schema: pa.Schema | None = None
    """Columns of the table that the stage makes; None where it makes no table, or several."""
    pool: str | None = None
    judges: bool = False
    """Whether the stage is made from samples whose checks failed too, to see what is wrong."""
    needs_any: bool = False
    """Whether the stage is made as soon as one of its needs can be, not all."""
    prepare: Prepare = lambda _: None
    """Gets from outside what making the stage takes, such as model files; Lacking if it cannot."""
    by_default: tuple[str, ...] | None = None
    """Partitions that a refresh of everything makes although nothing else needs them; all of them
    for None."""

    @property
    def group(self) -> str:
        return self.key.split("/")[0]
