"""What every dataset brings: where its raw files are, how they are read, how a sample is drawn.

A dataset is one file in this folder that defines `DATASET`. Its reader turns raw files into raw
rows and rejects; it never writes to the lake.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from emotion_pipeline.datasets.raw_files import RawFile
from emotion_pipeline.schema import REJECTS

# In a column `annotation`: a network gave the label.
AUTOMATIC = "automatic"
# Standard deviation of the gray values, 0 to 255, of a picture of nothing: FER2013's black rows
# have 0 and its flattest face 9.1; the noise of a camera behind a closed lens is about 1.
BLANK_SD = 4.0


@dataclass(frozen=True)
class Reject:
    """What cannot be used, and why: a file, or one data row of it, counted from 0."""

    source: str
    row: int | None
    reason: str
    detail: str


class Unusable(Exception):
    """A row or a file cannot be used: `Unusable(reason, detail)`, the two of a Reject."""


@dataclass(frozen=True)
class Rows:
    """What a reader made: rows, keyed by `sample_id`, and what cannot be used."""

    good: pa.Table
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
    find: Callable[[Path], list[RawFile]]
    """The raw files below the raw root that the reader uses, without reading them; SourceMissing
    if they are absent."""
    scan: Callable[[list[RawFile], Pictures | None], Rows]
    """Those files, their digests filled in, to raw rows; SourceRefused if they are wholly wrong.
    Files of pictures are not opened here."""
    to_samples: Callable[[pa.Table], Rows]
    """Raw rows of one bucket to rows of `schema` without `input_digest`; runs in workers."""
    keyed_by: Sequence[str]
    """Columns of a raw row that decide its sample."""
    schema: pa.Schema
    emotions: tuple[str, ...]
    draw: Callable[[Path, int, int], None] | None = None
    """`draw(raw_root, n, seed)` writes n drawn samples in the published layout."""
    pictures_from: str | None = None
    """For a table of votes: the dataset whose pictures were voted on."""
    published_counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Class counts as published, by split or, as in `train+validation`, by several splits
    together; empty where none are known. Pictures that are now rejected are counted."""
    expected_rejects: frozenset[str] = frozenset()
    """Reasons for which rows are left out of a healthy copy, such as labels that name no
    emotion."""
    own_splits: bool = False
    """Whether this project splits the dataset, so that no picture may stand in two splits;
    published splits are kept even where they leak."""
    apart: tuple[str, ...] = ()
    """Columns, such as `person_id`, of which no value may stand in two splits."""
    blank_sd: float = BLANK_SD
    """Below this standard deviation of the gray values a picture shows nothing."""
    size_px: tuple[int, int] | None = None
    """Width and height of every picture, where they are all alike."""
    tight_crop: bool = False
    """Whether a picture is a face and nothing else, so that no face has to be found in it."""
    face_px: int = 224
    """Side of the face pictures that are cut out where pictures are no tight crops."""
    face_box: str | None = None
    """Column with the box of the one face that the label is about, where that is published."""

    @property
    def module(self) -> str:
        return f"emotion_pipeline.datasets.{self.name}"

    @property
    def pictures(self) -> str:
        """Name of the dataset that holds the pictures."""
        return self.pictures_from or self.name

    @property
    def published_total(self) -> int | None:
        """How many pictures were published, where that is known."""
        counts = [sum(by_emotion.values()) for by_emotion in self.published_counts.values()]
        return sum(counts) if counts else None


def rejects_table(rejects: list[Reject]) -> pa.Table:
    """The rejects in the lake's schema, in the order of their rows."""
    ordered = sorted(
        rejects, key=lambda one: (one.source, -1 if one.row is None else one.row, one.reason)
    )
    return pa.Table.from_pylist([vars(reject) for reject in ordered], schema=REJECTS)
