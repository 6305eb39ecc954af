"""Model files of other publishers, and how one is found.

None of them is part of this package. One that is missing is downloaded once; only the very bytes
that results were measured with are used, wherever they come from. Where a publisher names no
checksum, any bytes are taken, and `digest` says which: results have to depend on it.
"""

import hashlib
import tempfile
from dataclasses import dataclass, replace
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
    mirrors: tuple[str, ...] = ()
    """Further addresses of the publisher, tried in this order."""


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


def _imagenet(architecture: str, sha256: str) -> ModelFile:
    """Weights of torchvision, which publishes eight digits of the digest, in the file's name.

    All the others are as several projects report them that have downloaded the file.
    """
    file = f"{architecture}-{sha256[:8]}.pth"
    return ModelFile(
        WebFile(f"https://download.pytorch.org/models/{file}", file, sha256),
        purpose=f"first weights of {architecture}, learned on ImageNet",
        publisher="torchvision",
        licence="BSD-3-Clause; ImageNet's own terms may apply",
    )


_MOBILENET_V3_LARGE = _imagenet(
    "mobilenet_v3_large", "5c1a416349c4cf298f2a6a5e2600ed0ee55e604713578f5e74e6bc8bcaef7997"
)
IMAGENET: dict[tuple[str, str | None], ModelFile] = {
    ("faster_rcnn", "mobilenet_v3_large"): _MOBILENET_V3_LARGE,
    ("faster_rcnn", "resnet50"): _imagenet(
        "resnet50", "11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca"
    ),
    ("mobilenet_v2", None): _imagenet(
        "mobilenet_v2", "7ebf99e03e254b273379b23edca7ec0da9f48273b23a332b93c1c99d49e86e8f"
    ),
    ("mobilenet_v3", "large"): _MOBILENET_V3_LARGE,
    ("mobilenet_v3", "small"): _imagenet(
        "mobilenet_v3_small", "047dcff4addef86ea5bc2eff13c9614dc11f47ab1160d0a71a25e7db994f4e1f"
    ),
}
"""torchvision's own weights by architecture family and variant; its best ones where it has two."""

DEEPFACE_EMOTIONS = ModelFile(
    WebFile(
        "https://github.com/serengil/deepface_models/releases/download/v1.0/facial_expression_model_weights.onnx",
        "facial_expression_model_weights.onnx",
        sha256=None,
    ),
    purpose="DeepFace's opinion on emotions, to compare models with",
    publisher="DeepFace",
    licence="MIT; FER2013's own terms may apply",
    mirrors=(
        "https://huggingface.co/serengil/deepface/resolve/main/facial_expression_model_weights.onnx",
    ),
)
MODEL_FILES = (FACE_LANDMARKER, YUNET, *dict.fromkeys(IMAGENET.values()), DEEPFACE_EMOTIONS)


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


def digest(model: ModelFile, folder: Path) -> str | None:
    """SHA-256 (hexadecimal) of the model's file in a folder, None where there is none yet."""
    try:
        with (folder / model.source.file).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def _refuse_other_bytes(model: ModelFile, path: Path) -> None:
    found = digest(model, path.parent)
    if model.source.sha256 not in (None, found):
        raise ModelFileRefused(
            f"{path} is not the file that this version was written for (SHA-256 {found}, expected"
            f" {model.source.sha256}). Move it away to have it downloaded anew, or put the one from"
            f" {model.source.url} in its place."
        )


def _download(model: ModelFile, folder: Path) -> None:
    file = model.source.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{file}-", dir=folder) as work:
            _download_from_any(model, Path(work))
            (Path(work) / file).replace(folder / file)
    except (FetchFailed, OSError) as error:
        checksum = f"SHA-256 {model.source.sha256}" if model.source.sha256 else "no checksum named"
        raise ModelFileMissing(
            f"{file}, for {model.purpose}, is not in {folder} and was not downloaded:"
            f" {str(error).rstrip('.')}. Get it by hand from {model.source.url} ({model.publisher},"
            f" licence {model.licence}, {checksum}) and put it there, or into"
            f" the folder that the variable {SETTING} names."
        ) from error


def _download_from_any(model: ModelFile, folder: Path) -> None:
    """From the first address that gives the file; FetchFailed says why each did not."""
    failures = []
    for url in (model.source.url, *model.mirrors):
        try:
            return web.download(replace(model.source, url=url), folder, lambda _: None)
        except FetchFailed as failed:
            failures.append(str(failed).rstrip("."))
    raise FetchFailed("; ".join(failures))
