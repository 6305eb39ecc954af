"""Which rows a recipe learns from and is tested on, and what the network is given of them.

Labels are joined to pictures and landmarks by `sample_id`; what a row looks like to the network is
one digest, so that a model is trained again exactly when it would see something else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.base import AUTOMATIC, Dataset
from emotion_pipeline.digests import combined
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.imaging.codec import decode, decode_gray
from emotion_pipeline.imaging.grayscale import to_rgb
from emotion_pipeline.imaging.resize import to_square
from emotion_pipeline.labels import EMOTIONS, LABEL_SPACES
from emotion_pipeline.landmarks.geometry import canonical_vector
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.values import PICTURES
from emotion_pipeline.votes import VOTE_CLASSES, apply_rule

Tested = Recipe | ForeignRecipe
_LABELS = ("sample_id", "split", "emotion", "synthetic")


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
        return np.array(self.rows[name].to_pylist(), dtype=object)


@dataclass(frozen=True)
class Seen:
    """Labelled rows that have a picture in a domain, with what a network is given of it.

    `picture_digests` (n,) object are those of the pixels; `features` (n, f) float32 are NaN where
    no landmarks were found, or None for a recipe without them.
    """

    found: Labelled
    domain: str
    picture_digests: np.ndarray
    features: np.ndarray | None

    def take(self, chosen: np.ndarray) -> "Seen":
        features = None if self.features is None else self.features[chosen]
        return Seen(self.found.take(chosen), self.domain, self.picture_digests[chosen], features)

    @property
    def sample_ids(self) -> list[str]:
        names: list[str] = self.found.rows["sample_id"].to_pylist()
        return names

    def row_digests(self, recipe: Tested) -> list[str]:
        """What the network is given of each row, as hexadecimal text."""
        with_pictures = PICTURES in recipe.data.inputs
        pictures = [d.hex() for d in self.picture_digests] if with_pictures else [""] * len(self)
        if self.features is None:
            return pictures
        features = (combined([row.tobytes().hex()]) for row in self.features)
        return [f"{one} {other}" for one, other in zip(pictures, features, strict=True)]

    def __len__(self) -> int:
        return len(self.picture_digests)


def modules(recipe: Tested) -> tuple[str, ...]:
    """The modules that decide which rows there are and what a network is given of them."""
    return (
        *("imaging.codec", "imaging.resize", "labels", "votes", "stages.training_rows"),
        *(("imaging.grayscale",) if recipe.data.color == "rgb" else ()),
        *(("landmarks.geometry",) if recipe.data.features else ()),
    )


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
    dataset = get_dataset(recipe.data.labels)
    rows = _label_columns(workspace, dataset, recipe).sort_by("sample_id")
    if "validation" in splits and not recipe.data.leave_out:
        rows = rows.filter(~copies_of_training(workspace, recipe, rows))
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
    targets, share_inside = _in_label_space(targets, recipe)
    _, truth_inside = _in_label_space(decided, recipe)
    learnable, decidable = kept & (share_inside >= 0.5), (truth_inside > 0) & (share_inside > 0)
    usable = np.where(in_training, learnable, decidable)
    rows = rows.select([name for name in rows.column_names if not name.startswith("votes_")])
    found = Labelled(rows, targets.astype(np.float32), shares).take(usable)
    return _capped(workspace, recipe, found) if recipe.data.at_most_per_class else found


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
    names, split = (np.array(rows[name].to_pylist(), object) for name in ("sample_id", "split"))
    digests = picture_digests(workspace, recipe, ORIGINAL)
    return (split == "validation") & have_a_copy(digests, names, names[split == "train"])


def have_a_copy(
    digests: Mapping[str, bytes], names: Iterable[str], others: Iterable[str]
) -> np.ndarray:
    """Which of the names (n,) bool have a picture that one of the others has, pixel for pixel."""
    known = {digests.get(name) for name in others} - {None}
    return np.array([digests.get(name) in known for name in names], dtype=bool)


def seen(workspace: Workspace, recipe: Tested, found: Labelled, domain: str) -> Seen:
    """The labelled rows that have a picture in a domain, in the same order."""
    digests = picture_digests(workspace, recipe, domain)
    found = found.take(np.array([name in digests for name in found.column("sample_id")], bool))
    own = np.array([digests[name] for name in found.column("sample_id")], dtype=object)
    features = None
    if recipe.data.features:
        features = _features(workspace, recipe, found.rows["sample_id"].to_pylist(), domain)
    return Seen(found, domain, own, features)


def arrays(
    workspace: Workspace, recipe: Recipe, parts: list[Seen], file: Path | None = None
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Pictures (n, side, side, channels) uint8 and features (n, f) of all parts, one after another;
    None for what the recipe does without.

    Pictures are decoded bucket by bucket into the file, if one is given, and mapped from there.
    """
    n_rows = sum(map(len, parts))
    features = None
    if recipe.data.features:
        features = np.concatenate([part.features for part in parts if part.features is not None])
    if PICTURES not in recipe.data.inputs:
        return None, features
    side_px = recipe.model.input_px
    shape = (n_rows, side_px, side_px, recipe.data.n_channels)
    if file is None or n_rows == 0:
        pictures = np.zeros(shape, np.uint8)
    else:
        pictures = np.lib.format.open_memmap(file, "w+", np.uint8, shape)
    start = 0
    for part in parts:
        _fill(workspace, recipe, part, pictures[start : start + len(part)])
        start += len(part)
    return pictures, features


def given(
    pictures_and_features: tuple[np.ndarray | None, np.ndarray | None],
) -> tuple[np.ndarray, ...]:
    """Those of the two that there are, as `training.predict` takes them."""
    return tuple(one for one in pictures_and_features if one is not None)


def digest(recipe: Recipe, part: Seen) -> str:
    """Digest of everything that training sees of these rows."""
    targets = (row.tobytes().hex() for row in part.found.targets)
    groups = [part.found.column(recipe.data.leave_out).astype(str)] if recipe.data.leave_out else []
    rows = (part.sample_ids, part.row_digests(recipe), part.found.column("split"), targets, *groups)
    return combined(" ".join(values) for values in zip(*rows, strict=True))


def _fill(workspace: Workspace, recipe: Recipe, part: Seen, out: np.ndarray) -> None:
    """Decode the pictures of a part into (n, side, side, channels) uint8, row by row in place."""
    dataset = get_dataset(recipe.data.pictures)
    places = {name: place for place, name in enumerate(part.sample_ids)}
    gray = recipe.data.color == "gray"
    for rows in table_of(workspace, dataset, part.domain).iterate(["sample_id", "image"]):
        for name, image in zip(rows["sample_id"].to_pylist(), rows["image"], strict=True):
            if name in places:
                data = image["bytes"].as_py()
                picture = decode_gray(data) if gray else to_rgb(decode(data))
                square = to_square(picture, recipe.model.input_px)
                out[places[name]] = square.reshape(out.shape[1:])


def _features(workspace: Workspace, recipe: Tested, names: list[str], domain: str) -> np.ndarray:
    """(n, f) float32 by the recipe's inputs; NaN where no landmarks were found."""
    table = workspace.landmarks(get_dataset(recipe.data.pictures), domain)
    found = np.full((len(names), recipe.data.n_features), np.nan, np.float32)
    places = {name: place for place, name in enumerate(names)}
    for rows in table.iterate(["sample_id", "detected", "landmarks", "blendshapes", "pose"]):
        rows = rows.filter(pc.and_(rows["detected"], pc.is_in(rows["sample_id"], pa.array(names))))
        if rows.num_rows == 0:
            continue
        measured = {name: _matrix(rows[name]) for name in ("landmarks", "blendshapes", "pose")}
        columns = {
            "landmarks": lambda m: canonical_vector(m["landmarks"], m["pose"]),
            "blendshapes": lambda m: m["blendshapes"],
        }
        vectors = [columns[name](measured) for name in recipe.data.features]
        rows_of = [places[name] for name in rows["sample_id"].to_pylist()]
        found[rows_of] = np.concatenate(vectors, axis=1)
    return found


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    """A column of lists of one length as (n, length) float32."""
    return np.stack(column.to_numpy(zero_copy_only=False)).astype(np.float32)


def _label_columns(workspace: Workspace, dataset: Dataset, recipe: Tested) -> pa.Table:
    votes = (f"votes_{name}" for name in VOTE_CLASSES)
    wanted = (*_LABELS, "annotation", *votes, recipe.data.leave_out)
    names = [name for name in dataset.schema.names if name in wanted]
    rows = workspace.samples(dataset).read_all(names)
    if "annotation" not in names:
        return rows
    by_people = pc.fill_null(pc.not_equal(rows["annotation"], AUTOMATIC), True)
    return rows.filter(by_people).drop_columns("annotation")


def _capped(workspace: Workspace, recipe: Tested, found: Labelled) -> Labelled:
    """At most so many training rows of each emotion as the recipe says, of those with a face."""
    from emotion_pipeline.training.sampling import at_most_per_class

    in_training = found.column("split") == "train"
    if not in_training.any():
        return found
    # The faces that every other domain is made from, so that these are the rows of all of them.
    faces = picture_digests(workspace, recipe, ORIGINAL)
    names, kept = found.column("sample_id"), ~in_training
    learned = np.flatnonzero(in_training & np.array([name in faces for name in names], bool))
    labels, limit = found.targets[learned].argmax(axis=1), recipe.data.at_most_per_class or 0
    kept[learned] = at_most_per_class(list(names[learned]), labels, limit)
    return found.take(kept)


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
