"""Rows of predictions, whoever predicts: their truth before, their probabilities after."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.stages.training_rows import Seen

_SHARES = [f"share_{name}" for name in EMOTIONS]
KEYED_BY = ("given", "split", "emotion", *_SHARES, "seen_in_training", "synthetic")
"""The columns that decide a prediction, or stand in it as they are."""


def to_predict(part: Seen, seen_in_training: np.ndarray, given: Sequence[str]) -> pa.Table:
    """Rows in the order of `sample_id`, with their truth and votes.

    `given` names, per row, what the predictor is given of it.
    """
    found = part.found
    columns = {name: found.rows[name] for name in found.rows.column_names}
    shares = {name: pa.array(found.shares[:, i]) for i, name in enumerate(_SHARES)}
    judged = {"seen_in_training": pa.array(seen_in_training), "given": pa.array(given, pa.string())}
    return pa.table({**columns, **shares, **judged})


def predicted(rows: pa.Table, found: np.ndarray, emotions: tuple[str, ...], seed: int) -> pa.Table:
    """The rows with their probabilities (n, C) and the seed."""
    for number, emotion in enumerate(emotions):
        rows = rows.append_column(f"p_{emotion}", pa.array(found[:, number], pa.float32()))
    return rows.append_column("seed", pa.array(np.full(rows.num_rows, seed, dtype=np.int32)))


def accuracy_score(rows: pa.Table, emotions: tuple[str, ...]) -> float:
    """Share of the test rows whose most probable emotion is the true one."""
    chosen = rows.filter(pc.equal(rows["split"], "test"))
    scores = np.stack([chosen[f"p_{emotion}"].to_numpy() for emotion in emotions], axis=1)
    best = np.array(emotions)[scores.argmax(axis=1)]
    return float((best == np.array(chosen["emotion"].to_pylist())).mean())
