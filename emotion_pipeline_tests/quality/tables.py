"""Small tables that pass every rule; a test breaks one thing in them."""

import hashlib

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa

from emotion_pipeline import schema
from emotion_pipeline.votes import VOTE_CLASSES

SIZE_PX = 4


def encoded(seed: int, size_px: int = SIZE_PX) -> bytes:
    """A PNG of gray noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size_px, size_px), dtype=np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def digest(seed: int) -> bytes:
    return hashlib.blake2b(str(seed).encode(), digest_size=schema.DIGEST_BYTES).digest()


def samples(splits: list[str], emotions: list[str | None]) -> pa.Table:
    """A table of `schema.SAMPLES` with one picture per split and emotion given."""
    n_rows = len(splits)
    columns = {
        "sample_id": [f"toy/{row:03d}" for row in range(n_rows)],
        "input_digest": [digest(row) for row in range(n_rows)],
        "split": splits,
        "emotion": emotions,
        "image": [{"bytes": encoded(row), "path": None} for row in range(n_rows)],
        "width_px": [SIZE_PX] * n_rows,
        "height_px": [SIZE_PX] * n_rows,
        "image_digest": [digest(row) for row in range(n_rows)],
        "color_mode": ["gray"] * n_rows,
        "pixel_min": [10] * n_rows,
        "pixel_max": [200] * n_rows,
        "pixel_sd": [40.0] * n_rows,
        "synthetic": [False] * n_rows,
    }
    return schema.table(schema.SAMPLES, columns)


def good_samples() -> pa.Table:
    return samples(["train", "train", "validation", "test"], ["anger", "fear", "anger", "fear"])


FACES = schema.samples_with(
    person_id=pa.string(),
    valence=pa.float32(),
    arousal=pa.float32(),
    boxes=pa.list_(schema.BOX),
    n_boxes_published=pa.int32(),
)
BOX = {"left_px": 0, "top_px": 1, "right_px": SIZE_PX, "bottom_px": SIZE_PX}


def good_faces() -> pa.Table:
    """The good samples with a person each, scales, and none to two boxes."""
    boxes = [[BOX], [], [BOX, BOX], [BOX]]
    columns = {
        "person_id": ["a", "b", "c", None],
        "valence": [-1.0, 0.5, None, 1.0],
        "arousal": [0.0, None, -0.5, 1.0],
        "boxes": boxes,
        "n_boxes_published": [len(row) for row in boxes],
    }
    table = good_samples()
    for name, values in columns.items():
        table = table.append_column(FACES.field(name), pa.array(values, FACES.field(name).type))
    return table


def good_votes() -> pa.Table:
    """Three rows: two happy by nine votes to one, one undecided between fear and surprise."""
    counts = {name: [0, 0, 0] for name in VOTE_CLASSES}
    counts |= {"happiness": [9, 9, 0], "neutral": [1, 1, 0], "fear": [0, 0, 5]}
    counts["surprise"] = [0, 0, 5]
    columns = {
        "sample_id": ["toy/000", "toy/001", "toy/002"],
        "input_digest": [digest(row) for row in range(3)],
        "split": ["train", "validation", "test"],
        "emotion": ["happiness", "happiness", None],
        "undecided": [None, None, "no majority"],
        **{f"votes_{name}": values for name, values in counts.items()},
        "synthetic": [False] * 3,
    }
    return schema.table(schema.VOTES, columns)


def changed(frame: pd.DataFrame, column: str, value: object, row: int = 0) -> pd.DataFrame:
    """The frame with one cell replaced."""
    values = frame[column].astype(object)
    values.iloc[row] = value
    return frame.assign(**{column: values.infer_objects()})
