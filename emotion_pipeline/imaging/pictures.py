"""Encoded pictures as columns of a table."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from emotion_pipeline.digests import digest_bytes
from emotion_pipeline.imaging.codec import Measured, decode, encode_png
from emotion_pipeline.schema import DIGEST, IMAGE


def picture_columns(
    names: Sequence[str], encoded: Sequence[bytes], sizes_px: Sequence[tuple[int, int]]
) -> dict[str, pa.Array]:
    """The columns of `schema.PICTURES` from file names, bytes and (width, height) pairs."""
    paths = pa.array(list(names), pa.string())
    return {
        "image": pa.StructArray.from_arrays(
            [pa.array(encoded, pa.binary()), paths], fields=list(IMAGE)
        ),
        "width_px": pa.array([width for width, _ in sizes_px], pa.int32()),
        "height_px": pa.array([height for _, height in sizes_px], pa.int32()),
        "image_digest": pa.array([digest_bytes(data) for data in encoded], DIGEST),
    }


def measured_columns(
    names: Sequence[str], encoded: Sequence[bytes], measured: Sequence[Measured]
) -> dict[str, pa.Array]:
    """The same with what `schema.SAMPLES` says of the pixels."""
    return {
        **picture_columns(names, encoded, [found[:2] for found in measured]),
        "color_mode": pa.array([found.color_mode for found in measured], pa.string()),
        "pixel_min": pa.array([found.pixel_min for found in measured], pa.uint8()),
        "pixel_max": pa.array([found.pixel_max for found in measured], pa.uint8()),
        "pixel_sd": pa.array([found.pixel_sd for found in measured], pa.float32()),
    }


def as_rows(names: list[str], encoded: list[bytes], sizes_px: list[tuple[int, int]]) -> pa.Table:
    """Rows of `schema.PICTURES` without `input_digest`: names, PNG bytes, (width, height)."""
    columns = picture_columns([f"{name}.png" for name in names], encoded, sizes_px)
    return pa.table({"sample_id": pa.array(names, pa.string()), **columns})


def changed(change: Callable[[np.ndarray, str], np.ndarray], rows: pa.Table) -> pa.Table:
    """Such rows with every picture decoded, changed by its name, and stored losslessly."""
    names = rows["sample_id"].to_pylist()
    encoded, sizes = [], []
    for name, picture in zip(names, rows["image"].to_pylist(), strict=True):
        before = decode(picture["bytes"])
        after = change(before, name)
        encoded.append(picture["bytes"] if after is before else encode_png(after))
        sizes.append((after.shape[1], after.shape[0]))
    return as_rows(names, encoded, sizes)
