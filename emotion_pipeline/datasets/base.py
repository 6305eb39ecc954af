"""What every dataset brings: where its raw files are, how they are read, how a sample is drawn.

A dataset is one file in this folder that defines `DATASET`. Its reader turns raw files into raw
rows and rejects; it never writes to the lake.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from emotion_pipeline.schema import REJECTS

SYNTHETIC_MARK = "SYNTHETIC.txt"
SYNTHETIC_NOTE = (
    "The faces in this folder are drawn by a program, not photographed, and their labels are made\n"
    "up. Numbers measured on them test the pipeline and say nothing about people.\n"
)


class SourceMissing(Exception):
    """A dataset's raw files are not where they were looked for."""


class SourceRefused(Exception):
    """A raw file is not what its name promises; the message says what was expected."""


@dataclass(frozen=True)
class Reject:
    """One row that cannot be used: its position among the data rows, from 0, and why."""

    source: str
    row: int
    reason: str
    detail: str


@dataclass(frozen=True)
class Scan:
    """What a reader found: raw rows, keyed by `sample_id`, and the rows that cannot be used."""

    rows: pa.Table
    rejects: list[Reject]


@dataclass(frozen=True)
class Pictures:
    """What a votes table is joined to: the samples voted on (sample_id, split, emotion) and the
    number of rows, usable or not, that the raw picture file has."""

    samples: pa.Table
    n_raw_rows: int


@dataclass(frozen=True)
class Dataset:
    """One dataset behind the front door."""

    name: str
    title: str
    homepage: str
    licence: str
    expects: str
    """What should be in the raw folder, for people who have to put it there."""
    n_buckets: int
    find: Callable[[Path], list[Path]]
    """The raw files below the raw root that the reader uses; SourceMissing if they are absent."""
    scan: Callable[[list[Path], Pictures | None], Scan]
    """Reads those files; SourceRefused if one is wholly wrong."""
    to_samples: Callable[[pa.Table], pa.Table]
    """Raw rows of one bucket to rows of `schema` without `input_digest`; runs in workers."""
    keyed_by: Sequence[str]
    """Columns of a raw row that decide its sample."""
    schema: pa.Schema
    emotions: tuple[str, ...]
    draw: Callable[[Path, int, int], None] | None = None
    """`draw(raw_root, n, seed)` writes n drawn samples in the published layout."""
    pictures_from: str | None = None
    """For a table of votes: the dataset whose pictures were voted on."""
    published_counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Class counts per split as published; empty where none are known."""
    size_px: tuple[int, int] | None = None
    tight_crop: bool = False
    """Whether a picture is a face and nothing else, so that no face has to be found in it."""

    @property
    def module(self) -> str:
        return f"emotion_pipeline.datasets.{self.name}"

    @property
    def pictures(self) -> str:
        """Name of the dataset that holds the pictures."""
        return self.pictures_from or self.name


def folder_of(raw_root: Path, *names: str) -> list[Path]:
    """Folders below the raw root with one of these names, whatever their case."""
    wanted = [name.lower() for name in names]
    found = raw_root.iterdir() if raw_root.is_dir() else ()
    folders = [path for path in found if path.is_dir() and path.name.lower() in wanted]
    return sorted(folders, key=lambda path: (wanted.index(path.name.lower()), path.name))


def rejects_table(rejects: list[Reject]) -> pa.Table:
    """The rejects in the lake's schema, in the order of their rows."""
    ordered = sorted(rejects, key=lambda reject: (reject.source, reject.row))
    return pa.Table.from_pylist([vars(reject) for reject in ordered], schema=REJECTS)
