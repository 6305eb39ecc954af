"""What a network is given of the rows that a recipe uses: pictures and what was measured on them.

Labels are joined to pictures and landmarks by `sample_id`; what a row looks like to the network is
one digest, so that a model is trained again exactly when it would see something else.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.digests import combined
from emotion_pipeline.imaging.codec import decode, decode_gray
from emotion_pipeline.imaging.grayscale import to_rgb
from emotion_pipeline.imaging.resize import to_square
from emotion_pipeline.landmarks.geometry import canonical_vector
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.labelled_rows import Labelled, Tested, picture_digests
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.values import PICTURES


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
        *("imaging.codec", "imaging.resize", "labels", "votes"),
        *("stages.labelled_rows", "stages.training_rows"),
        *(("imaging.grayscale",) if recipe.data.color == "rgb" else ()),
        *(("landmarks.geometry",) if recipe.data.features else ()),
    )


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
