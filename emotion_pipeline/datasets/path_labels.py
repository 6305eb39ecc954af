"""Datasets whose labels stand in the paths of the pictures: from listed files to raw rows."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa

from emotion_pipeline.datasets.base import Reject, Rows, Unusable
from emotion_pipeline.datasets.picture_files import Labels, raw_rows
from emotion_pipeline.datasets.raw_files import RawFile, SourceRefused, is_synthetic


def read(
    files: list[RawFile],
    labels_of: Callable[[RawFile], Labels],
    columns: Mapping[str, pa.DataType],
    expects: str,
) -> Rows:
    """Raw rows of all pictures among the files, with `synthetic` filled in.

    `labels_of` reads the labels of one picture off its name, or raises Unusable, which makes a
    reject. Raises SourceRefused, with what was expected, where no picture can be used.
    """
    synthetic = {"synthetic": is_synthetic(files)}
    pictures: list[RawFile] = []
    labels: list[Labels] = []
    rejects: list[Reject] = []
    for file in files:
        if not file.is_picture:
            continue
        try:
            labels.append(labels_of(file) | synthetic)
        except Unusable as bad:
            rejects.append(Reject(file.name, None, *bad.args))
        else:
            pictures.append(file)
    if not pictures:
        raise none_usable(files, rejects, expects)
    made = raw_rows(pictures, labels, columns)
    return Rows(made.good, rejects + made.rejects)


def none_usable(files: list[RawFile], rejects: list[Reject], expects: str) -> SourceRefused:
    """The error for a folder of files none of which can be used, with one of the reasons."""
    folder = Path(files[0].path).parents[files[0].name.count("/")]
    found = [f" Found {one.source}: {one.reason}, {one.detail}." for one in rejects[:1]]
    return SourceRefused(
        f"{folder}: none of the pictures can be used. Expected: {expects}.{''.join(found)}"
    )
