"""Which rows a recipe learns from and is tested on: labels joined to pictures by `sample_id`."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.digests import combined, row_digests
from emotion_pipeline.labels import EMOTIONS, LABEL_SPACES
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.votes import VOTE_CLASSES, apply_rule


@dataclass(frozen=True)
class Labelled:
    """Rows of one or more splits with what a model should say of them.

    `rows` has sample_id, split, emotion and synthetic; `targets` (n, classes) float32 sums to 1 in
    every row; `shares` (n, 8) float64 are all votes that name an emotion, NaN where nobody voted.
    """

    rows: pa.Table
    targets: np.ndarray
    shares: np.ndarray

    def take(self, chosen: np.ndarray) -> "Labelled":
        return Labelled(self.rows.filter(chosen), self.targets[chosen], self.shares[chosen])


def labelled(workspace: Workspace, recipe: Recipe, *splits: str) -> Labelled:
    """The rows that a recipe may use, in the order of `sample_id`.

    Training rows are those that the vote rule keeps. Validation and test rows are those with a
    decided emotion, whatever the rule, so that results of different rules can be compared.
    """
    dataset = get_dataset(recipe.data.labels)
    rows = workspace.samples(dataset).read_all().sort_by("sample_id")
    rows = rows.filter(pc.is_in(rows["split"], pa.array(splits)))
    decided = _one_hot(rows["emotion"].to_pylist())
    voted = f"votes_{VOTE_CLASSES[0]}" in rows.column_names
    if voted:
        votes = np.stack([rows[f"votes_{name}"].to_numpy() for name in VOTE_CLASSES], axis=1)
        shares = votes[:, : len(EMOTIONS)] / np.maximum(
            votes[:, : len(EMOTIONS)].sum(1, keepdims=True), 1
        )
    else:
        shares = np.full((rows.num_rows, len(EMOTIONS)), np.nan)
    if voted and recipe.data.vote_rule is not None:
        targets, kept = apply_rule(recipe.data.vote_rule, votes)
    else:
        targets, kept = decided, np.asarray(decided.any(axis=1))
    in_training = np.array(rows["split"].to_pylist()) == "train"
    targets, inside = _in_label_space(targets, recipe)
    _, truth_inside = _in_label_space(decided, recipe)
    usable = np.where(in_training, kept & inside, truth_inside & inside)
    columns = rows.select(["sample_id", "split", "emotion", "synthetic"])
    return Labelled(columns, targets.astype(np.float32), shares).take(usable)


def with_pictures(
    workspace: Workspace, recipe: Recipe, found: Labelled, domain: str
) -> tuple[Labelled, pa.Table]:
    """The labelled rows that have a picture in a domain, and their pictures in the same order."""
    dataset = get_dataset(recipe.data.pictures)
    names = found.rows["sample_id"].to_pylist()
    table = table_of(workspace, dataset, domain)
    wanted = pa.array(names)
    parts = (
        part.filter(pc.is_in(part["sample_id"], wanted))
        for part in table.iterate(["sample_id", "image", "image_digest"])
    )
    pictures = pa.concat_tables(list(parts)).sort_by("sample_id")
    present = set(pictures["sample_id"].to_pylist())
    return found.take(np.array([name in present for name in names], dtype=bool)), pictures


def digest(found: Labelled, pictures: pa.Table) -> str:
    """Digest of everything that training sees of these rows."""
    seen = pictures.select(["sample_id", "image_digest"])
    targets = (row.tobytes().hex() for row in found.targets)
    splits = found.rows["split"].to_pylist()
    rows = row_digests(seen, ["sample_id", "image_digest"])
    return combined(
        f"{row.hex()} {split} {target}"
        for row, split, target in zip(rows, splits, targets, strict=True)
    )


def _one_hot(emotions: list[str | None]) -> np.ndarray:
    """(n, 8) float64; zeros where no emotion was decided."""
    return np.array(
        [[emotion == name for name in EMOTIONS] for emotion in emotions], dtype=np.float64
    ).reshape(-1, len(EMOTIONS))


def _in_label_space(targets: np.ndarray, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Targets cut to the recipe's emotions and renormalised, and the rows that have any left."""
    columns = [EMOTIONS.index(name) for name in LABEL_SPACES[recipe.data.label_space].emotions]
    cut = targets[:, columns]
    total = cut.sum(axis=1, keepdims=True)
    return cut / np.where(total > 0, total, 1), total[:, 0] > 0
