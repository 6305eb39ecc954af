"""A model from an ONNX file that `emotion-pipeline export` wrote.

An ONNX file is a program for onnxruntime, which can do nothing but reckon, though for as long and
in as much memory as it likes. What does not look like one of ours is refused.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from pydantic import ValidationError

from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.picture_files import read_limited
from emotion_pipeline.imaging.grayscale import to_gray, to_rgb
from emotion_pipeline.imaging.resize import to_square
from emotion_pipeline.training.model_card import ModelCard

LARGEST_FILE_BYTES = 1 << 30
BATCH = 64
_WHAT_NEXT = "make one with `emotion-pipeline export RECIPE`"
_SILENT = 4  # onnxruntime's log severity: fatal errors only, since all others are raised too


class ModelFileError(ValueError):
    """A file that is no usable model; the message says why, and what to do."""


class OnnxModel:
    """A model that is ready to predict; `card` says what it takes and was made from."""

    def __init__(self, session: onnxruntime.InferenceSession, card: ModelCard) -> None:
        self._session, self.card = session, card

    @classmethod
    def open(cls, path: Path, n_threads: int = 0) -> Self:
        """Read a model file; `n_threads` 0 means all cores.

        Raises ModelFileError for anything but a whole file that `training.export` wrote.
        """
        session = _session(path, n_threads)
        try:
            card = ModelCard.model_validate(session.get_modelmeta().custom_metadata_map)
            _refuse_another_graph(path, session, card)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            raise ModelFileError(
                f"{path}: not a model of this program: {fault['loc'][0]} in its metadata:"
                f" {fault['msg']}; {_WHAT_NEXT}"
            ) from None
        except UnicodeDecodeError as error:
            raise ModelFileError(f"{path}: damaged: {error}; {_WHAT_NEXT}") from None
        return cls(session, card)

    @property
    def emotions(self) -> tuple[str, ...]:
        """Names of the columns of what `predict` returns."""
        return self.card.emotions

    def predict(
        self, pictures: Sequence[np.ndarray] | None = None, features: np.ndarray | None = None
    ) -> np.ndarray:
        """Probabilities (n, C) float32, rows that sum to 1, columns in the order of `emotions`.

        `pictures` are n tight face crops of any sizes, (h, w) gray or (h, w, 3) RGB uint8, and are
        brought to the model's colour and size as for its training; `features` is (n, f) float32,
        NaN where nothing was measured. Raises ValueError for other inputs than the
        model's.
        """
        self._refuse_other_inputs(pictures, features)
        n_rows = len(next(one for one in (pictures, features) if one is not None))
        parts = [np.zeros((0, len(self.emotions)), np.float32)]
        for start in range(0, n_rows, BATCH):
            batch = slice(start, start + BATCH)
            given = {}
            if pictures is not None:
                given["pictures"] = np.stack(list(map(self._prepared, pictures[batch])))
            if features is not None:
                given["features"] = np.ascontiguousarray(features[batch], np.float32)
            parts.append(self._session.run(None, given)[0])
        return np.concatenate(parts)

    def _prepared(self, picture: np.ndarray) -> np.ndarray:
        """(channels, input_px, input_px) uint8."""
        is_picture = picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3)
        if picture.dtype != np.uint8 or not is_picture or picture.size == 0:
            raise ValueError(
                f"a picture must be (h, w) or (h, w, 3) uint8, got {picture.shape} {picture.dtype}"
            )
        colored = to_gray(picture) if self.card.n_channels == 1 else to_rgb(picture)
        square = to_square(colored, self.card.input_px)
        return square[None] if square.ndim == 2 else square.transpose(2, 0, 1)

    def _refuse_other_inputs(
        self, pictures: Sequence[np.ndarray] | None, features: np.ndarray | None
    ) -> None:
        card = self.card
        given = (pictures is not None, features is not None)
        if given != (card.n_channels > 0, card.n_features > 0) or not any(given):
            raise ValueError(f"the model takes {' and '.join(card.inputs)}, nothing else")
        if features is not None and features.shape[1:] != (card.n_features,):
            raise ValueError(f"features must be (n, {card.n_features}), got {features.shape}")
        if pictures is not None and features is not None and len(pictures) != len(features):
            raise ValueError(f"{len(pictures)} pictures, but {len(features)} rows of features")


def _session(path: Path, n_threads: int) -> onnxruntime.InferenceSession:
    try:
        content = read_limited(str(path), LARGEST_FILE_BYTES)
    except Unusable as error:
        raise ModelFileError(f"{path}: {': '.join(error.args)}; {_WHAT_NEXT}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = n_threads, _SILENT
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no base of their own
        raise ModelFileError(f"{path}: not a whole ONNX file ({error}); {_WHAT_NEXT}") from error


def _refuse_another_graph(
    path: Path, session: onnxruntime.InferenceSession, card: ModelCard
) -> None:
    """ModelFileError unless the graph takes and gives what its metadata say."""
    expected = {"probabilities": ("tensor(float)", [len(card.emotions)])}
    if card.n_channels:
        expected["pictures"] = ("tensor(uint8)", [card.n_channels, card.input_px, card.input_px])
    if card.n_features:
        expected["features"] = ("tensor(float)", [card.n_features])
    nodes = (*session.get_inputs(), *session.get_outputs())
    found = {one.name: (one.type, one.shape[1:]) for one in nodes}
    if found != expected or any(isinstance(one.shape[0], int) for one in nodes):
        raise ModelFileError(
            f"{path}: the graph has {found!s:.300}, but its metadata ask for {expected} for any"
            f" number of rows; {_WHAT_NEXT}"
        )
