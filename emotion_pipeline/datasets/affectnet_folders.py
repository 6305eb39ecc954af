"""AffectNet as folders of emotions: `Train/<emotion>/<picture>` and `Test/<emotion>/<picture>`.

A copy that goes round on Kaggle, with pictures of 96×96 pixels. The `labels.csv` beside the folders
is not read: the folders say what a picture shows.
"""

from pathlib import Path

from emotion_pipeline.datasets import path_labels
from emotion_pipeline.datasets.affectnet_labels import (
    EXPECTS,
    RAW_COLUMNS,
    below,
    sample_id,
    split_of,
)
from emotion_pipeline.datasets.base import Rows, Unusable
from emotion_pipeline.datasets.emotion_folders import emotion_of, unknown_folder
from emotion_pipeline.datasets.picture_files import Labels
from emotion_pipeline.datasets.raw_files import PICTURES, RawFile

PARTS = {"train": "train", "test": "test"}
READS = PICTURES


def is_there(files: list[RawFile]) -> bool:
    """Whether a file lies below a folder `Train` or `Test`."""
    return any(below(file.name, PARTS) for file in files)


def scan(files: list[RawFile]) -> Rows:
    """One raw row per picture; SourceRefused for a folder that is named after no emotion."""
    return path_labels.read(files, _labels, RAW_COLUMNS, EXPECTS)


def _labels(file: RawFile) -> Labels:
    match below(file.name, PARTS):
        case [part, folder, *rest] if rest:
            emotion = emotion_of(folder)
            if emotion is None:
                raise unknown_folder(folder, Path(file.path).parents[len(rest)])
            return {
                "sample_id": sample_id(part, folder.lower(), *rest),
                "split": split_of(PARTS[part], file),
                "emotion": emotion,
            }
    raise Unusable("outside_layout", "expected <Train or Test>/<emotion>/<picture>")
