"""Rows of `schema.PICTURES` from rows with pictures: gray, degraded, cut out, or as they are.

It runs in workers and imports little. What comes back has no `input_digest`.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from emotion_pipeline.domains import Degradation
from emotion_pipeline.imaging.align import Square, crop
from emotion_pipeline.imaging.codec import decode, encode_png
from emotion_pipeline.imaging.degrade import degrade
from emotion_pipeline.imaging.grayscale import to_gray
from emotion_pipeline.imaging.pictures import picture_columns
from emotion_pipeline.schema import PICTURES


def unchanged(rows: pa.Table) -> pa.Table:
    """The pictures as they are."""
    return rows.select([name for name in PICTURES.names if name != "input_digest"])


def grayed(rows: pa.Table) -> pa.Table:
    """The pictures in gray; those that are gray keep their bytes."""
    return _changed(lambda image, _: to_gray(image), rows)


def degraded(degradation: Degradation, rows: pa.Table) -> pa.Table:
    """One corruption at one severity; `sample_id` is the key that picks the random numbers."""
    return _changed(lambda image, name: degrade(image, degradation, name), rows)


def cut_out(face_px: int, margin: float, every: bool, rows: pa.Table) -> pa.Table:
    """The first of the `faces` of each row, or every one as `<sample_id>#<number>`."""
    names, encoded = [], []
    for row in rows.select(["sample_id", "image", "faces"]).to_pylist():
        image = decode(row["image"]["bytes"])
        for number, face in enumerate(row["faces"] if every else row["faces"][:1]):
            names.append(f"{row['sample_id']}#{number:03d}" if every else row["sample_id"])
            square = Square(*(face[field] for field in Square._fields)).with_margin(margin)
            encoded.append(encode_png(crop(image, square, face_px)))
    return _rows(names, encoded, [(face_px, face_px)] * len(names))


def _changed(change: Callable[[np.ndarray, str], np.ndarray], rows: pa.Table) -> pa.Table:
    """Every picture decoded, changed and stored losslessly."""
    names = rows["sample_id"].to_pylist()
    encoded, sizes = [], []
    for name, picture in zip(names, rows["image"].to_pylist(), strict=True):
        before = decode(picture["bytes"])
        after = change(before, name)
        encoded.append(picture["bytes"] if after is before else encode_png(after))
        sizes.append((after.shape[1], after.shape[0]))
    return _rows(names, encoded, sizes)


def _rows(names: list[str], encoded: list[bytes], sizes_px: list[tuple[int, int]]) -> pa.Table:
    columns = picture_columns([f"{name}.png" for name in names], encoded, sizes_px)
    return pa.table({"sample_id": pa.array(names, pa.string()), **columns})
