"""Datasets of picture files: from file names and labels to samples with the bytes as published.

A reader of such a dataset makes one raw row per file with `raw_rows`; `to_samples` opens the file,
decodes it once to prove that it can be, and passes the bytes through untouched. What fails ends as
a reject with a reason.
"""

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from emotion_pipeline.datasets.base import BLANK_SD, Reject, Rows, Unusable
from emotion_pipeline.datasets.raw_files import RawFile
from emotion_pipeline.digests import digest_bytes
from emotion_pipeline.imaging.codec import MAX_BYTES, Measured, UndecodableImage, measure
from emotion_pipeline.imaging.pictures import measured_columns
from emotion_pipeline.schema import DIGEST, labels_of

# Raw columns that say where the picture is; what else a raw row holds are labels.
FILE_COLUMNS = {"source": pa.string(), "file": pa.binary(), "file_digest": DIGEST}

Labels = dict[str, Any]
"""Values of one sample by column."""


def raw_rows(
    files: Sequence[RawFile], labels: Sequence[Labels], columns: Mapping[str, pa.DataType]
) -> Rows:
    """Raw rows from files and as many labels, and rejects for a `sample_id` that comes again.

    `columns` gives the types of all labels, of which `sample_id` has to be one; a label that a row
    lacks is null.
    """
    first: dict[str, str] = {}
    rows, rejects = [], []
    for file, given in zip(files, labels, strict=True):
        name = given["sample_id"]
        if name in first:
            rejects.append(Reject(file.name, None, "same_name_twice", f"{first[name]} is {name}"))
            continue
        first[name] = file.name
        place = {"source": file.name, "file": os.fsencode(file.path), "file_digest": file.digest}
        rows.append({**place, **given})
    schema = pa.schema([*FILE_COLUMNS.items(), *columns.items()])
    return Rows(pa.Table.from_pylist(rows, schema), rejects)


def to_samples(
    rows: pa.Table,
    schema: pa.Schema,
    complete: Callable[[Labels, Measured], Labels] | None = None,
    blank_sd: float = BLANK_SD,
) -> Rows:
    """Raw rows to rows of a samples schema without `input_digest`.

    `complete` turns a raw row (all its columns) and its picture into labels that the raw row does
    not have yet, or raises Unusable. Pictures with a standard deviation of the gray values below
    `blank_sd` (0 to 255) are rejects.
    """
    labels: list[Labels] = []
    encoded: list[bytes] = []
    found: list[Measured] = []
    rejects: list[Reject] = []
    for row in rows.to_pylist():
        try:
            data, picture = _proved(os.fsdecode(row["file"]), row["file_digest"], blank_sd)
            made = {**row, **(complete(row, picture) if complete else {})}
        except Unusable as bad:
            rejects.append(Reject(row["source"], None, *bad.args))
            continue
        labels.append(made)
        encoded.append(data)
        found.append(picture)
    good = pa.Table.from_pylist(labels, labels_of(schema))
    pictures = measured_columns([row["source"] for row in labels], encoded, found)
    for name, values in pictures.items():
        good = good.append_column(schema.field(name), values)
    return Rows(good, rejects)


def share_of(key: str) -> float:
    """A number from 0 to 1 that belongs to a key for ever; for splits by hash."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def read_limited(path: str, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file; Unusable where it is gone, cannot be read or has more than `limit`."""
    try:
        with Path(path).open("rb") as file:
            n_bytes = os.fstat(file.fileno()).st_size  # reading sets aside all that it may read
            data = file.read(min(n_bytes, limit) + 1)
    except OSError as error:
        raise Unusable("unreadable", error.strerror or str(error)) from error
    if len(data) > limit:
        raise Unusable("too_large", f"more than {limit:,} bytes")
    return data


def _proved(path: str, digest: bytes, blank_sd: float) -> tuple[bytes, Measured]:
    """The bytes of a picture that was observed, can be decoded and shows something."""
    data = read_limited(path)
    if digest_bytes(data) != digest:
        raise Unusable("changed_while_read", "not the content that was observed; refresh again")
    try:
        picture = measure(data)
    except UndecodableImage as error:
        raise Unusable("undecodable", str(error)) from error
    if picture.pixel_sd < blank_sd:
        detail = (
            f"gray values from {picture.pixel_min} to {picture.pixel_max},"
            f" standard deviation {picture.pixel_sd:.1f}"
        )
        raise Unusable("blank", detail)
    return data, picture
