"""Small tables of gray noise in the lake's schemas, and a row function to derive others."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emotion_pipeline import schema
from emotion_pipeline.imaging.pictures import picture_columns
from emotion_pipeline.lake.compute import Engine, RowMap
from emotion_pipeline.lake.tables import Table, bucket_of, split_into_buckets

SIDE_PX = 4
N_BUCKETS = 4
FACES = {f"face-{number:02d}": number for number in range(20)}
"""Picture numbers by name; every one of the four buckets has some."""
ALONE = Engine("sequential", 1)


def pixels(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (SIDE_PX, SIDE_PX), dtype=np.uint8)


def png(number: int) -> bytes:
    return cv2.imencode(".png", pixels(number))[1].tobytes()


def pictures(faces: Mapping[str, int]) -> pa.Table:
    """Rows of `schema.PICTURES` in the order of the mapping."""
    return schema.table(schema.PICTURES, _columns(faces))


def samples(faces: Mapping[str, int]) -> pa.Table:
    """Rows of `schema.SAMPLES` in the order of the mapping."""
    labels = {
        "split": ["train"] * len(faces),
        "emotion": ["happiness"] * len(faces),
        "color_mode": ["gray"] * len(faces),
        "pixel_min": [0] * len(faces),
        "pixel_max": [255] * len(faces),
        "pixel_sd": [70.0] * len(faces),
        "synthetic": [True] * len(faces),
    }
    return schema.table(schema.SAMPLES, {**_columns(faces), **labels})


def write(table: Table, rows: pa.Table, code: str = "code") -> Table:
    """The table, once it holds these rows."""
    for bucket, part in enumerate(split_into_buckets(rows, table.n_buckets)):
        table.write(bucket, [part], inputs="inputs", code=code)
    return table


def faces_table(folder: Path, faces: Mapping[str, int], n_buckets: int = N_BUCKETS) -> Table:
    """A table of pictures in the folder."""
    return write(Table(folder, schema.PICTURES, n_buckets), pictures(faces))


def upside_down(rows: pa.Table) -> pa.Table:
    """A row function: the bytes of every picture, reversed."""
    reversed_bytes = [picture["bytes"][::-1] for picture in rows["image"].to_pylist()]
    names = rows["sample_id"].to_pylist()
    columns = picture_columns(
        [f"{name}.bin" for name in names], reversed_bytes, [(SIDE_PX, SIDE_PX)] * len(names)
    )
    return pa.table({"sample_id": rows["sample_id"], **columns})


def derivation(folder: Path, faces: Mapping[str, int], function=upside_down, code="v1") -> RowMap:
    """`upside_down` of these faces in the folder; the faces are written anew."""
    source = faces_table(folder / "faces", faces)
    target = Table(folder / "upside_down", schema.PICTURES, N_BUCKETS)
    return RowMap(source, target, function, code, keyed_by=("image_digest",))


def names_in(bucket: int, faces: Mapping[str, int] = FACES) -> list[str]:
    return sorted(name for name in faces if bucket_of(name, N_BUCKETS) == bucket)


def flip_a_byte_of(table: Table, bucket: int, column: str) -> None:
    """Damage the last byte of a column's pages, as a bad disk would; the footer stays whole."""
    chunks = pq.read_metadata(table.path(bucket)).row_group(0)
    places = (chunks.column(number) for number in range(chunks.num_columns))
    place = next(chunk for chunk in places if chunk.path_in_schema == column)
    start = place.dictionary_page_offset or place.data_page_offset
    data = bytearray(table.path(bucket).read_bytes())
    data[start + place.total_compressed_size - 1] ^= 0xFF
    table.path(bucket).write_bytes(data)


def files_of(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Inode, time of change and digest of every file: equal means that nothing was rewritten."""
    return {
        path.name: (
            path.stat().st_ino,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.iterdir())
    }


def _columns(faces: Mapping[str, int]) -> dict[str, object]:
    names = list(faces)
    encoded = [png(number) for number in faces.values()]
    return {
        "sample_id": names,
        "input_digest": [
            hashlib.blake2b(data, digest_size=schema.DIGEST_BYTES).digest() for data in encoded
        ],
        **picture_columns(
            [f"{name}.png" for name in names], encoded, [(SIDE_PX, SIDE_PX)] * len(names)
        ),
    }
