"""Files of other publishers that face detectors need, and how one is found.

None of them is part of this package. One that is missing is downloaded once; only the very bytes
that results were measured with are used, wherever they come from.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

from emotion_pipeline.fetching import web
from emotion_pipeline.fetching.failure import FetchFailed
from emotion_pipeline.fetching.sources import WebFile

SETTING = "EMOTION_PIPELINE_MODEL_FILES"


@dataclass(frozen=True)
class ModelFile:
    """A file, what it is for, and who published it on what terms."""

    source: WebFile
    purpose: str
    publisher: str
    licence: str


FACE_LANDMARKER = ModelFile(
    WebFile(
        "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task",
        "face_landmarker.task",
        "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    ),
    purpose="finding the landmarks of a face",
    publisher="MediaPipe",
    licence="Apache-2.0",
)
YUNET = ModelFile(
    WebFile(
        "https://huggingface.co/opencv/face_detection_yunet/resolve/main/face_detection_yunet_2023mar.onnx",
        "face_detection_yunet_2023mar.onnx",
        "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    ),
    purpose="finding the faces in a picture",
    publisher="OpenCV Zoo",
    licence="MIT",
)
MODEL_FILES = (FACE_LANDMARKER, YUNET)


class ModelFileMissing(FetchFailed):
    """A model file is not in its folder and could not be downloaded into it."""


class ModelFileRefused(FetchFailed):
    """A model file holds other bytes than those that this version was written for."""


def find(model: ModelFile, folder: Path) -> Path:
    """Path of the model's file in a folder, downloaded into it if it is not there.

    Several processes may ask at once. Raises ModelFileMissing and ModelFileRefused.
    """
    path = folder / model.source.file
    if path.exists():
        _refuse_other_bytes(model, path)
    else:
        _download(model, folder)
    return path


def _refuse_other_bytes(model: ModelFile, path: Path) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != model.source.sha256:
        raise ModelFileRefused(
            f"{path} is not the file that this version was written for (SHA-256 {digest}, expected"
            f" {model.source.sha256}). Move it away to have it downloaded anew, or put the one from"
            f" {model.source.url} in its place."
        )


def _download(model: ModelFile, folder: Path) -> None:
    file = model.source.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{file}-", dir=folder) as work:
            web.download(model.source, Path(work), lambda _: None)
            (Path(work) / file).replace(folder / file)
    except (FetchFailed, OSError) as error:
        raise ModelFileMissing(
            f"{file}, for {model.purpose}, is not in {folder} and was not downloaded:"
            f" {str(error).rstrip('.')}. Get it by hand from {model.source.url} ({model.publisher},"
            f" licence {model.licence}, SHA-256 {model.source.sha256}) and put it there, or into"
            f" the folder that the variable {SETTING} names."
        ) from error
