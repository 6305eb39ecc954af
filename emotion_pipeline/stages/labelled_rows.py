"""Which rows a recipe learns from, is selected on and is tested on, and why others are left out.

What a network is given of these rows stands in `training_rows`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.base import AUTOMATIC
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.labels import EMOTIONS, LABEL_SPACES
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.votes import VOTE_CLASSES, apply_rule

Tested = Recipe | ForeignRecipe

USED = ""
BY_A_NETWORK = "labelled by a network"
COPY_OF_TRAINING = "same picture as a training row"
UNDECIDED = "no emotion by the vote rule, or none at all"
OUTSIDE = "an emotion outside the label space"
SURPLUS = "more of its emotion than at_most_per_class"
NO_FACE = "no picture of a face"
_LABELS = ("sample_id", "split", "emotion", "synthetic", "annotation")


@dataclass(frozen=True)
class Labelled:
    """Rows of one or more splits with what a model should say of them.

    `rows` has sample_id, split, emotion and synthetic, and the column that the recipe leaves out
    by; `targets` (n, classes) float32 sums to 1 in every row; `shares` (n, 8) float64 are all votes
    that name an emotion, NaN where nobody voted.
    """

    rows: pa.Table
    targets: np.ndarray
    shares: np.ndarray

    def take(self, chosen: np.ndarray) -> "Labelled":
        return Labelled(self.rows.filter(chosen), self.targets[chosen], self.shares[chosen])

    def column(self, name: str) -> np.ndarray:
        """A column of `rows` as an array of objects."""
        return _column(self.rows, name)


def splits_used(recipe: Recipe, *splits: str) -> tuple[str, ...]:
    """These splits; all there are for a recipe that tests every row by leaving its group out."""
    return ("train", "validation", "test") if recipe.data.leave_out else splits


def labelled(workspace: Workspace, recipe: Tested, *splits: str) -> Labelled:
    """The rows that a recipe may use, in the order of `sample_id`.

    Training rows are those that the vote rule keeps, with at least half of their target in the
    label space; where the recipe says how many of an emotion there may be, at most so many of those
    that have a picture. Validation and test rows are those with a decided emotion, whatever the
    rule, so that results of different rules can be compared. What stands in the training part, too,
    validates nothing. Labels that a network gave are not used.
    """
    found, reasons = _judged(workspace, recipe, splits)
    return found.take(reasons == USED)


def counts(workspace: Workspace, recipe: Tested, *splits: str) -> dict[str, Counter[str]]:
    """By split, how many rows are left out for which reason, and how many are `USED`."""
    found, reasons = _judged(workspace, recipe, splits)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for split, reason in zip(found.column("split"), reasons, strict=True):
        counted[split][reason] += 1
    return counted


def picture_digests(workspace: Workspace, recipe: Tested, domain: str) -> dict[str, bytes]:
    """Digests of the pixels of every picture in a domain by sample_id, whatever its labels."""
    table = table_of(workspace, get_dataset(recipe.data.pictures), domain)
    keys = table.read_all(["sample_id", "image_digest"])
    names, digests = (keys[name].to_pylist() for name in keys.column_names)
    return dict(zip(names, digests, strict=True))


def copies_of_training(workspace: Workspace, recipe: Tested, rows: pa.Table) -> np.ndarray:
    """Validation rows (n,) bool whose picture stands in the training part, too, pixel for pixel.

    Whatever a recipe makes of that part, so that all are selected on the same rows. `rows` are all
    rows of the labels, with sample_id and split.
    """
    names, split = _column(rows, "sample_id"), _column(rows, "split")
    digests = picture_digests(workspace, recipe, ORIGINAL)
    return (split == "validation") & have_a_copy(digests, names, names[split == "train"])


def have_a_copy(
    digests: Mapping[str, bytes], names: Iterable[str], others: Iterable[str]
) -> np.ndarray:
    """Which of the names (n,) bool have a picture that one of the others has, pixel for pixel."""
    known = {digests.get(name) for name in others} - {None}
    return np.array([digests.get(name) in known for name in names], dtype=bool)


def _judged(
    workspace: Workspace, recipe: Tested, splits: tuple[str, ...]
) -> tuple[Labelled, np.ndarray]:
    """All rows of the splits in the order of `sample_id`, and of each (n,) why it is left out."""
    rows = _label_columns(workspace, recipe)
    copies = np.zeros(rows.num_rows, dtype=bool)
    if "validation" in splits and not recipe.data.leave_out:
        copies = copies_of_training(workspace, recipe, rows)
    wanted = np.isin(_column(rows, "split"), splits)
    rows, copies = rows.filter(wanted), copies[wanted]
    by_a_network = np.zeros(rows.num_rows, dtype=bool)
    if "annotation" in rows.column_names:
        by_a_network = _column(rows, "annotation") == AUTOMATIC
    in_training = _column(rows, "split") == "train"
    found, is_named, is_inside = _answers(rows, recipe, in_training)
    reasons = np.select(
        [by_a_network, copies, ~is_named, ~is_inside],
        [BY_A_NETWORK, COPY_OF_TRAINING, UNDECIDED, OUTSIDE],
        USED,
    ).astype(object)
    if recipe.data.at_most_per_class and in_training.any():
        learned = np.flatnonzero(in_training & (reasons == USED))
        reasons[learned] = _capped(workspace, recipe, found, learned)
    return found, reasons


def _label_columns(workspace: Workspace, recipe: Tested) -> pa.Table:
    dataset = get_dataset(recipe.data.labels)
    votes = (f"votes_{name}" for name in VOTE_CLASSES)
    wanted = (*_LABELS, *votes, recipe.data.leave_out)
    names = [name for name in dataset.schema.names if name in wanted]
    return workspace.samples(dataset).read_all(names).sort_by("sample_id")


def _answers(
    rows: pa.Table, recipe: Tested, in_training: np.ndarray
) -> tuple[Labelled, np.ndarray, np.ndarray]:
    """The rows with their targets, which (n,) bool name an emotion, and which one of the recipe."""
    decided = _one_hot(rows["emotion"].to_pylist())
    is_decided = decided.any(axis=1)
    targets, kept = decided, is_decided
    shares = np.full((rows.num_rows, len(EMOTIONS)), np.nan)
    if f"votes_{VOTE_CLASSES[0]}" in rows.column_names:
        votes = np.stack([rows[f"votes_{name}"].to_numpy() for name in VOTE_CLASSES], axis=1)
        on_emotions = votes[:, : len(EMOTIONS)]
        shares = on_emotions / np.maximum(on_emotions.sum(1, keepdims=True), 1)
        if recipe.data.vote_rule is not None:
            targets, kept = apply_rule(recipe.data.vote_rule, votes)
    targets, share_inside = _in_label_space(targets, recipe)
    _, truth_inside = _in_label_space(decided, recipe)
    is_inside = np.where(in_training, share_inside >= 0.5, (truth_inside > 0) & (share_inside > 0))
    used = ("votes_", "annotation")
    rows = rows.select([name for name in rows.column_names if not name.startswith(used)])
    is_named = np.where(in_training, kept, is_decided)
    return Labelled(rows, targets.astype(np.float32), shares), is_named, is_inside


def _capped(
    workspace: Workspace, recipe: Tested, found: Labelled, learned: np.ndarray
) -> np.ndarray:
    """Reasons (k,) of the rows `learned` (k,): at most so many of an emotion, of those with a face.

    The faces are those that every other domain is made from, so that these are the rows of all.
    """
    from emotion_pipeline.training.sampling import at_most_per_class

    names, faces = found.column("sample_id")[learned], picture_digests(workspace, recipe, ORIGINAL)
    has_a_face = np.array([name in faces for name in names], dtype=bool)
    reasons = np.where(has_a_face, SURPLUS, NO_FACE).astype(object)
    labels, limit = found.targets[learned].argmax(axis=1), recipe.data.at_most_per_class or 0
    places = np.flatnonzero(has_a_face)
    reasons[places[at_most_per_class(list(names[places]), labels[places], limit)]] = USED
    return reasons


def _column(rows: pa.Table, name: str) -> np.ndarray:
    return np.array(rows[name].to_pylist(), dtype=object)


def _one_hot(emotions: list[str | None]) -> np.ndarray:
    """(n, 8) float64; zeros where no emotion was decided."""
    return np.array(
        [[emotion == name for name in EMOTIONS] for emotion in emotions], dtype=np.float64
    ).reshape(-1, len(EMOTIONS))


def _in_label_space(targets: np.ndarray, recipe: Tested) -> tuple[np.ndarray, np.ndarray]:
    """Targets cut to the recipe's emotions and renormalised, and what share (n,) was left."""
    columns = [EMOTIONS.index(name) for name in LABEL_SPACES[recipe.data.label_space].emotions]
    cut = targets[:, columns]
    total = cut.sum(axis=1, keepdims=True)
    return cut / np.where(total > 0, total, 1), total[:, 0]
