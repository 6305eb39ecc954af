"""Picture files, and what a model says of each."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from emotion_pipeline.apps.onnx_model import BATCH, OnnxModel
from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.picture_files import read_limited
from emotion_pipeline.imaging.codec import UndecodableImage, decode, decode_gray

ENDINGS = (".jpeg", ".jpg", ".png")


class Predicted(NamedTuple):
    """A file with the probabilities (C,) of its picture, or none and what is wrong with it."""

    path: Path
    probabilities: np.ndarray
    fault: str = ""


def picture_files(places: Sequence[Path]) -> Iterator[Path]:
    """The files themselves, and for a folder the pictures in it and below, by name."""
    for place in places:
        if place.is_dir():
            yield from sorted(
                path
                for path in place.rglob("*")
                if path.suffix.lower() in ENDINGS and path.is_file()
            )
        else:
            yield place


def predict_files(model: OnnxModel, paths: Sequence[Path]) -> Iterator[Predicted]:
    """What a model of pictures says of each file, in order; a batch of them is in memory."""
    for start in range(0, len(paths), BATCH):
        batch = paths[start : start + BATCH]
        read = [_read(path, gray=model.card.n_channels == 1) for path in batch]
        found = iter(model.predict([one for one in read if not isinstance(one, str)]))
        for path, one in zip(batch, read, strict=True):
            if isinstance(one, str):
                yield Predicted(path, np.zeros(0, np.float32), one)
            else:
                yield Predicted(path, next(found))


def _read(path: Path, *, gray: bool) -> np.ndarray | str:
    """The picture of a file, decoded as for training, or why there is none."""
    try:
        data = read_limited(str(path))
        return decode_gray(data) if gray else decode(data)
    except Unusable as error:
        return ": ".join(error.args)
    except UndecodableImage as error:
        return str(error)
