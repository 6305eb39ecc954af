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


def samples(splits: list[str], emotions: list[str | None], images: list | None = None) -> pa.Table:
    """A table of `schema.SAMPLES` with one picture per split and emotion given."""
    n_rows = len(splits)
    images = images or [encoded(row) for row in range(n_rows)]
    columns = {
        "sample_id": [f"toy/{row:03d}" for row in range(n_rows)],
        "input_digest": [digest(row) for row in range(n_rows)],
        "split": splits,
        "emotion": emotions,
        "image": [{"bytes": image, "path": None} for image in images],
        "width_px": [SIZE_PX] * n_rows,
        "height_px": [SIZE_PX] * n_rows,
        "image_digest": [digest(row) for row in range(n_rows)],
        "synthetic": [False] * n_rows,
    }
    return schema.table(schema.SAMPLES, columns)


def good_samples() -> pa.Table:
    return samples(["train", "train", "validation", "test"], ["anger", "fear", "anger", "fear"])


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
