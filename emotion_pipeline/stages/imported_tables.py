"""Predictions that a user has as a table, row by row against what the lake knows.

No row is dropped in silence: what is not used is counted by reason, and so are the pictures that
the table says nothing of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import fer2013, get_dataset
from emotion_pipeline.foreign import prediction_tables
from emotion_pipeline.foreign.prediction_tables import PredictionTable, TableRefused
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.labelled_rows import copies_of_training
from emotion_pipeline.training.foreign import ForeignRecipe

if TYPE_CHECKING:
    import pandas as pd

NAME_OF_ROW: dict[str, Callable[[int], str]] = {"fer2013": fer2013.sample_id}
"""Datasets whose pictures are named by their row in the published file, counted from 0."""
N_SHOWN = 10
_SPLITS = {
    **{"train": "train", "training": "train"},
    **{"validation": "validation", "valid": "validation", "val": "validation"},
    **{"publictest": "validation", "test": "test", "testing": "test", "privatetest": "test"},
}


@dataclass(frozen=True, eq=False)
class Matched:
    """What a table says of pictures: names (n,), probabilities (n, c) float32, and a summary that
    JSON can hold."""

    names: np.ndarray
    probabilities: np.ndarray
    summary: dict[str, Any]


def matched(workspace: Workspace, recipe: ForeignRecipe, path: Path, rows: pa.Table) -> Matched:
    """The rows of a table that are about `rows`, the validation and test rows to predict.

    Raises TableRefused for one that cannot be used.
    """
    name_of_row = NAME_OF_ROW.get(recipe.data.pictures)
    table = prediction_tables.read(path, recipe.emotions, recipe.columns, name_of_row)
    wanted = rows.select(["sample_id", "split", "emotion"]).to_pandas().set_index("sample_id")
    samples = workspace.samples(get_dataset(recipe.data.labels)).read_all(["sample_id", "split"])
    copies = samples["sample_id"].filter(copies_of_training(workspace, recipe, samples))
    table = table.take(~np.isin(table.names, copies.to_pylist()), "copy_of_training_picture")
    table = _known(table, samples.to_pandas().set_index("sample_id")["split"], wanted)
    split = wanted["split"].reindex(table.names)
    if not (split == "test").any():
        found = ", ".join(f"{len(rows):,} {reason}" for reason, rows in table.rejects.items())
        raise TableRefused(
            f"{path.name}: none of its {table.n_rows:,} rows is about a test picture of"
            f" {recipe.data.labels} ({found or 'all are about others'}). Names look like"
            f" {', '.join(wanted.index[:2])}"
        )
    return Matched(table.names, table.probabilities, _summary(path.name, table, wanted))


def _known(
    table: PredictionTable, splits: "pd.Series[Any]", wanted: "pd.DataFrame"
) -> PredictionTable:
    """Rows about pictures to predict, whose own split, if the table has one, is the lake's."""
    import pandas as pd

    table = table.take(pd.Index(table.names).isin(splits.index), "unknown_picture")
    table = table.take((splits.loc[table.names] != "train").to_numpy(), "training_picture")
    table = table.take(pd.Index(table.names).isin(wanted.index), "no_decided_emotion")
    if table.split is None:
        return table
    theirs = np.array([_SPLITS.get(name, name) for name in table.split], dtype=object)
    return table.take(theirs == splits.loc[table.names].to_numpy(object), "other_split")


def _summary(name: str, table: PredictionTable, wanted: "pd.DataFrame") -> dict[str, Any]:
    used = wanted.loc[table.names]
    counts = {
        f"n_{split}{end}": int((part["split"] == split).sum())
        for split in ("test", "validation")
        for end, part in (("", wanted), ("_predicted", used))
    }
    named = np.zeros(len(used), bool) if table.emotion is None else _names_emotions(table.emotion)
    differs = named & (table.emotion != used["emotion"].to_numpy(object)) if named.any() else named
    return {
        "file": name,
        "n_rows": table.n_rows,
        "n_used": len(table.names),
        **counts,
        "rejects": {
            reason: {"n": len(rows), "first_rows": rows[:N_SHOWN].tolist()}
            for reason, rows in sorted(table.rejects.items())
        },
        "hard_labels": table.hard_labels,
        "in_percent": table.in_percent,
        "largest_sum_error": round(table.largest_sum_error, 6),
        "n_truth_given": int(named.sum()),
        "n_truth_differs": int(differs.sum()),
    }


def _names_emotions(texts: np.ndarray) -> np.ndarray:
    return np.isin(texts.astype(str), EMOTIONS)


def told(summary: dict[str, Any]) -> str:
    """The summary in a line for people."""
    parts = [
        f"{summary['n_test_predicted']:,} of {summary['n_test']:,} test pictures and"
        f" {summary['n_validation_predicted']:,} of {summary['n_validation']:,} validation pictures"
    ]
    rejects = summary["rejects"].items()
    parts += [f"{one['n']:,} rows left out: {reason.replace('_', ' ')}" for reason, one in rejects]
    if summary["n_truth_differs"]:
        parts.append(
            f"its own truth differs in {summary['n_truth_differs']:,} of"
            f" {summary['n_truth_given']:,} rows"
        )
    return "; ".join(parts)
