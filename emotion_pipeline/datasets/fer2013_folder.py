"""FER2013, folder version: the same faces as JPEG files in folders named after emotions.

Its `test` is PublicTest and PrivateTest together; which picture was which is not claimed here, so
results on it are no results on PrivateTest. The pictures were encoded again, so they do not equal
those of the CSV file. A tenth of `train` becomes `validation`, by the content of the picture.
"""

from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import drawn_pictures, fer2013, path_labels, picture_files
from emotion_pipeline.datasets.base import Dataset, Pictures, Rows, Unusable
from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.datasets.emotion_folders import FOLDERS, emotion_of, unknown_folder
from emotion_pipeline.datasets.raw_files import (
    PICTURES,
    SYNTHETIC_MARK,
    RawFile,
    folder_of,
    listed,
    missing,
)
from emotion_pipeline.digests import digest_file
from emotion_pipeline.labels import EMOTIONS, Emotion
from emotion_pipeline.schema import SAMPLES, SPLITS, labels_of

SEVEN = tuple(emotion for emotion in EMOTIONS if emotion != Emotion.CONTEMPT)
PARTS = ("train", "test")
VALIDATION_SHARE = 0.1
LABEL_COLUMNS = {field.name: field.type for field in labels_of(SAMPLES)}

_MERGED = [fer2013.PUBLISHED_COUNTS[split] for split in ("validation", "test")]
PUBLISHED_COUNTS = {
    "train+validation": fer2013.PUBLISHED_COUNTS["train"],
    "test": {emotion: sum(counts[emotion] for counts in _MERGED) for emotion in _MERGED[0]},
}


def find(raw_root: Path) -> list[RawFile]:
    """Pictures below `train` and `test`, and the mark of drawn ones; other files do not count."""
    for folder in folder_of(raw_root, "fer2013_folder", "fer2013", "fer-2013"):
        files = listed(folder, *PICTURES)
        pictures = [file for file in files if _place(file)]
        if pictures:
            return [file for file in files if file.name == SYNTHETIC_MARK] + pictures
    raise missing(DATASET.title, raw_root / "fer2013_folder", DATASET.expects, DATASET.homepage)


def scan(files: list[RawFile], _: Pictures | None = None) -> Rows:
    """One raw row per picture; SourceRefused for a folder that is named after no emotion."""
    return path_labels.read(files, _labels, LABEL_COLUMNS, DATASET.expects)


def to_samples(rows: pa.Table) -> Rows:
    """Raw rows to samples, with the JPEG files as they are."""
    return picture_files.to_samples(rows, SAMPLES)


def _place(file: RawFile) -> tuple[str, ...]:
    """The path of a picture from `train` or `test` on; empty for a file that is in neither."""
    parts = file.name.split("/")
    for depth, folder in enumerate(parts[:-1][:2]):
        if folder.lower() in PARTS:
            return tuple(parts[depth:])
    return ()


def _labels(file: RawFile) -> picture_files.Labels:
    part, *folders, name = _place(file)
    if len(folders) != 1:
        raise Unusable("unknown_place", f"expected {part}/<emotion>/{name}, found {file.name}")
    emotion = emotion_of(folders[0])
    if emotion not in SEVEN:
        raise unknown_folder(folders[0], Path(file.path).parent, SEVEN)
    part = part.lower()
    return {
        "sample_id": f"fer2013_folder-{part}/{FOLDERS[emotion]}/{PurePosixPath(name).stem}",
        "split": split_of(part, file.digest.hex()),
        "emotion": emotion,
    }


def split_of(part: str, digest: str) -> str:
    """The split of a picture of `train` or `test` with this file digest (hexadecimal)."""
    is_validation = part == "train" and picture_files.share_of(digest) < VALIDATION_SHARE
    return "validation" if is_validation else part


def draw(raw_root: Path, n: int, seed: int) -> None:
    """Write about n/2 drawn faces, every fifth of them in `test`."""
    folder = raw_root / "fer2013_folder"
    drawn_pictures.begin(folder)
    rng = np.random.default_rng(seed)
    shares = np.array([fer2013.PUBLISHED_COUNTS["train"][emotion] for emotion in SEVEN])
    splits: list[str] = []
    while len(splits) < n // 2 or set(splits) != set(SPLITS):
        number = len(splits)
        emotion = rng.choice(SEVEN, p=shares / shares.sum())
        part, use = ("test", "PublicTest") if number % 5 == 4 else ("train", "Training")
        path = folder / part / FOLDERS[emotion] / f"{use}_{number:08d}.jpg"
        drawn_pictures.write(path, draw_face(emotion, rng))
        splits.append(split_of(part, digest_file(path)))


DATASET = Dataset(
    name="fer2013_folder",
    title="FER2013, folder version",
    homepage="https://www.kaggle.com/datasets/msambare/fer2013",
    licence=fer2013.DATASET.licence,
    expects="folders `train` and `test`, each with folders "
    + ", ".join(f"`{folder}`" for folder in sorted(FOLDERS[emotion] for emotion in SEVEN))
    + " of 48×48 JPEG files; `test` is PublicTest and PrivateTest together",
    n_buckets=16,
    find=find,
    scan=scan,
    to_samples=to_samples,
    keyed_by=("source", "file_digest", "split", "emotion", "synthetic"),
    schema=SAMPLES,
    emotions=SEVEN,
    draw=draw,
    published_counts=PUBLISHED_COUNTS,
    size_px=(fer2013.SIDE_PX, fer2013.SIDE_PX),
    tight_crop=True,
)
