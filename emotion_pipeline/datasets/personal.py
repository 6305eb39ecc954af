"""Your own recordings: pictures in folders named after the emotion that was shown.

A recorder names them `<person>_<take>_<frame>.jpg`, such as `anna_003_0012.jpg`. Frames of one
take are almost the same picture, so a take is in one split with all its frames. A picture with any
other name is used too, as a take of its own.
"""

import re
import unicodedata
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import drawn_pictures, drawn_takes, path_labels, picture_files
from emotion_pipeline.datasets.base import Dataset, Pictures, Rows, Unusable
from emotion_pipeline.datasets.emotion_folders import FOLDERS, emotion_of, unknown_folder
from emotion_pipeline.datasets.raw_files import PICTURES, RawFile, folder_of, listed, missing
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import SPLITS, labels_of, samples_with

SCHEMA = samples_with(person_id=pa.string(), take_id=pa.string(), frame=pa.int32())
LABEL_COLUMNS = {field.name: field.type for field in labels_of(SCHEMA)}
MAX_FRAME = 2**31 - 1

_NAME = re.compile(r"(?P<person>(?:[^\W_]|-)+)_(?P<take>[0-9]+)_(?P<frame>[0-9]+)")


def find(raw_root: Path) -> list[RawFile]:
    """Every picture, and the mark of drawn ones."""
    for folder in folder_of(raw_root, "personal"):
        files = listed(folder, *PICTURES)
        if any(file.is_picture for file in files):
            return files
    raise missing(DATASET.title, raw_root / "personal", DATASET.expects, DATASET.homepage)


def scan(files: list[RawFile], _: Pictures | None = None) -> Rows:
    """One raw row per picture; SourceRefused for a folder that is named after no emotion."""
    return path_labels.read(files, _labels, LABEL_COLUMNS, DATASET.expects)


def to_samples(rows: pa.Table) -> Rows:
    """Raw rows to samples, with the files as they are."""
    return picture_files.to_samples(rows, SCHEMA)


def recorded(stem: str) -> picture_files.Labels:
    """person_id, take_id and frame by a file's name without its suffix.

    A name that no recorder gave has neither person nor frame, and is its own take. A frame number
    that is too large for the table is null; its take is known all the same.
    """
    # macOS takes letters like ü apart; they have to be one again to be letters.
    stem = unicodedata.normalize("NFC", stem)
    match = _NAME.fullmatch(stem)
    if match is None:
        return {"person_id": None, "take_id": stem, "frame": None}
    frame = int(match["frame"])
    return {
        "person_id": match["person"],
        "take_id": f"{match['person']}-{match['take']}",
        "frame": frame if frame <= MAX_FRAME else None,
    }


def split_of(take_id: str) -> str:
    """The split of a take: 70, 15 and 15 %."""
    share = picture_files.share_of(f"personal {take_id}")
    return "train" if share < 0.7 else "validation" if share < 0.85 else "test"


def _labels(file: RawFile) -> picture_files.Labels:
    *folders, name = file.name.split("/")
    if len(folders) != 1:
        raise Unusable("unknown_place", f"expected <emotion>/{name}, found {file.name}")
    emotion = emotion_of(folders[0])
    if emotion is None:
        raise unknown_folder(folders[0], Path(file.path).parent.parent)
    stem = PurePosixPath(name).stem
    found = recorded(stem)
    return {
        "sample_id": f"personal-{emotion}/{stem}",
        "split": split_of(found["take_id"]),
        "emotion": emotion,
        **found,
    }


def draw(raw_root: Path, n: int, seed: int) -> None:
    """Write about n/4 pictures, take by take until each split has one."""
    folder = raw_root / "personal"
    drawn_pictures.begin(folder)
    n_drawn, splits = 0, set()
    for take in drawn_takes.takes(np.random.default_rng(seed)):
        names = [
            f"{take.person}_{take.number:03d}_{number:04d}" for number in range(len(take.frames))
        ]
        for name, picture in zip(names, take.frames, strict=True):
            drawn_pictures.write(folder / FOLDERS[take.emotion] / f"{name}.jpg", picture)
        n_drawn += len(names)
        splits.add(split_of(recorded(names[0])["take_id"]))
        if n_drawn >= n // 4 and splits == set(SPLITS):
            return


DATASET = Dataset(
    name="personal",
    title="Your own recordings",
    homepage="your own camera",
    licence="yours",
    expects="folders named after emotions (`happy`, `sad`, ...) of pictures named"
    " `<person>_<take>_<frame>.jpg`, such as `happy/anna_003_0012.jpg`",
    n_buckets=16,
    find=find,
    scan=scan,
    to_samples=to_samples,
    keyed_by=("source", "file_digest", *(name for name in LABEL_COLUMNS if name != "sample_id")),
    schema=SCHEMA,
    emotions=EMOTIONS,
    draw=draw,
    # Not by person: whoever records nobody but himself could not have three splits.
    own_splits=True,
    apart=("take_id",),
)
