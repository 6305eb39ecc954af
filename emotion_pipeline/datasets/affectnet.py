"""AffectNet: faces in the wild, eight emotions, valence and arousal (Mollahosseini et al. 2017).

Copies go round in three layouts, each with a reader of its own: the official CSV files, the smaller
release with .npy files, and folders of emotions. The published validation part (`Test` in folders)
is `test`; of the training part a share is kept for `validation`.
"""

from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import (
    affectnet_csv,
    affectnet_folders,
    affectnet_npy,
    drawn_pictures,
    picture_files,
)
from emotion_pipeline.datasets.affectnet_labels import (
    EXPECTS,
    RAW_COLUMNS,
    clipped,
    landmarks_in_text,
    split_of,
)
from emotion_pipeline.datasets.base import Dataset, Pictures, Reject, Rows
from emotion_pipeline.datasets.emotion_folders import FOLDERS
from emotion_pipeline.datasets.path_labels import none_usable
from emotion_pipeline.datasets.picture_files import Labels
from emotion_pipeline.datasets.raw_files import (
    PICTURES,
    SYNTHETIC_MARK,
    RawFile,
    folder_of,
    listed,
    missing,
)
from emotion_pipeline.digests import digest_file
from emotion_pipeline.imaging.codec import Measured
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import BOX, samples_with

# A copy is read by the first of these that finds its files in it.
LAYOUTS = (affectnet_csv, affectnet_npy, affectnet_folders)
# The box is clipped to the picture; `annotation` is manual or automatic. All five are null where
# the layout has none of it.
SCHEMA = samples_with(
    valence=pa.float32(),
    arousal=pa.float32(),
    face_box=BOX,
    landmarks_px=pa.list_(pa.list_(pa.float32(), 2)),
    annotation=pa.string(),
)
DRAWN_SIDE_PX = 96
DRAWN_FOLDERS = FOLDERS | {"anger": "anger"}


def find(raw_root: Path) -> list[RawFile]:
    """The pictures, and the annotations that their layout has."""
    for folder in folder_of(raw_root, "AffectNet"):
        files = listed(folder, *PICTURES, ".csv", ".npy")
        if any(file.is_picture for file in files):
            layout = _layout(files)
            reads = layout.READS if layout is not None else PICTURES
            mark = SYNTHETIC_MARK.lower()
            return [file for file in files if file.name.lower().endswith((*reads, mark))]
    raise missing(DATASET.title, raw_root / "AffectNet", DATASET.expects, DATASET.homepage)


def scan(files: list[RawFile], _: Pictures | None = None) -> Rows:
    """One raw row per labelled picture; SourceRefused where no layout is recognised."""
    layout = _layout(files)
    found: Rows | None = layout.scan(files) if layout is not None else None
    if found is not None and found.good.num_rows > 0:
        return found
    picture = next(file.name for file in files if file.is_picture)
    example = Reject(picture, None, "outside_layout", "it is where no picture was expected")
    raise none_usable(files, found.rejects if found and found.rejects else [example], EXPECTS)


def to_samples(rows: pa.Table) -> Rows:
    """Raw rows to samples; here pictures, .npy files and the text of landmarks are read."""
    return picture_files.to_samples(rows, SCHEMA, _complete)


def draw(raw_root: Path, n: int, seed: int) -> None:
    """Write about n / 2 drawn faces as folders of emotions, marked as synthetic."""
    folder = raw_root / "affectnet"
    drawn_pictures.begin(folder)
    rng = np.random.default_rng(seed)
    for number in range(max(n // 2, 2 * len(EMOTIONS))):
        turn, place = divmod(number, len(EMOTIONS))
        emotion = EMOTIONS[place]
        part = "Test" if turn % 4 == 1 else "Train"
        path = folder / part / DRAWN_FOLDERS[emotion] / f"image{number:07d}.jpg"
        _draw_face(path, emotion, rng)
        while number == 0 and not _is_for_validation(path):  # one at least has to be
            _draw_face(path, emotion, rng)


def _complete(row: Labels, picture: Measured) -> Labels:
    if row["annotations"] is not None:
        return affectnet_npy.read(row["annotations"])
    return {
        "face_box": clipped(row["face_box"], picture),
        "landmarks_px": landmarks_in_text(row["landmarks"]),
    }


def _layout(files: list[RawFile]) -> ModuleType | None:
    return next((layout for layout in LAYOUTS if layout.is_there(files)), None)


def _draw_face(path: Path, emotion: str, rng: np.random.Generator) -> None:
    drawn_pictures.write(path, drawn_pictures.colour_face(emotion, rng, DRAWN_SIDE_PX))


def _is_for_validation(path: Path) -> bool:
    file = RawFile.at(path)._replace(digest=bytes.fromhex(digest_file(path)))
    return split_of("train", file) == "validation"


DATASET = Dataset(
    name="affectnet",
    title="AffectNet",
    homepage="http://mohammadmahoor.com/affectnet/",
    licence="Research use on request to the authors, no redistribution",
    expects=EXPECTS,
    n_buckets=256,
    find=find,
    scan=scan,
    to_samples=to_samples,
    keyed_by=(
        "source",
        "file_digest",
        *(name for name in RAW_COLUMNS if name not in ("sample_id", "annotations")),
    ),
    schema=SCHEMA,
    emotions=EMOTIONS,
    draw=draw,
    face_px=112,
    face_box="face_box",
    expected_rejects=frozenset({"no_emotion"}),
)
