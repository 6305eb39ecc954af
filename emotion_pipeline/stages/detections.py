"""`detections/<dataset>`: where the faces are in pictures that are no tight crops."""

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.fetching import model_files
from emotion_pipeline.fetching.failure import FetchFailed
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.contact_sheet import contact_sheet
from emotion_pipeline.imaging.marks import with_boxes
from emotion_pipeline.lake.compute import RowMap, run
from emotion_pipeline.landmarks import mediapipe_library
from emotion_pipeline.landmarks.detection_rows import detected
from emotion_pipeline.landmarks.detectors import ModelPaths
from emotion_pipeline.metrics.detection import Matches, match, recall_score
from emotion_pipeline.stages.base import Lacking, Produced, Workspace, present
from emotion_pipeline.stages.detection_rates import rates_table

PREVIEW_PICTURES = 8
PREVIEW_TILE_PX = 112

MODELS = (model_files.FACE_LANDMARKER, model_files.YUNET)
_CODE = fingerprint(
    "emotion_pipeline.landmarks.detection_rows",
    "emotion_pipeline.imaging.codec",
    "emotion_pipeline.schema",
    values=[model.source.sha256 for model in MODELS],
)


def code(dataset: Dataset) -> str:
    """Fingerprint of how faces are found, and of which published box says whose face is meant."""
    return f"{_CODE} {dataset.face_box or ''}".rstrip()


def model_paths(workspace: Workspace) -> ModelPaths:
    """Where the detectors' model files are; Lacking where they are not and cannot be had."""
    folder = workspace.settings.model_files_root
    try:
        return ModelPaths(*(model_files.find(model, folder) for model in MODELS))
    except FetchFailed as error:
        raise Lacking(str(error)) from error


def prepare(workspace: Workspace) -> None:
    """Have what finding faces takes; Lacking where it cannot be had."""
    model_paths(workspace)
    if lacking := mediapipe_library.lacking():
        raise Lacking(lacking)


def make(workspace: Workspace, dataset: Dataset) -> Produced:
    """Find the faces of every picture."""
    target = workspace.detections(dataset)
    function = partial(detected, model_paths(workspace), dataset.face_box)
    keyed_by = ("image_digest", *([dataset.face_box] if dataset.face_box else []))
    with workspace.lake.lock(f"detections/{dataset.name}"):
        job = RowMap(workspace.samples(dataset), target, function, code(dataset), keyed_by)
        outcome = run(job, workspace.engine(), workspace.progress)
        made = present(target.version())
    found = target.read_all(["sample_id", "n_faces"])
    n_faces = found["n_faces"].to_numpy()
    figures = {
        "rows": outcome.n_rows,
        "faces": int(n_faces.sum()),
        "pictures_without_a_face": int((n_faces == 0).sum()),
        **_recall(workspace, dataset),
        **outcome.figures(),
    }
    has_face = dict(zip(found["sample_id"].to_pylist(), n_faces > 0, strict=True))
    preview = {"by_emotion": rates_table(workspace, dataset, has_face)} if dataset.emotions else {}
    summary = f"{outcome}; faces in {(n_faces > 0).mean():.1%} of the pictures"
    return Produced(made, summary, figures, {**preview, "sheet": _sheet(workspace, dataset)})


def _recall(workspace: Workspace, dataset: Dataset) -> dict[str, float]:
    """Against published boxes, where a dataset has all boxes of its pictures."""
    if "boxes" not in dataset.schema.names:
        return {}
    matches: list[Matches] = []
    samples, detections = workspace.samples(dataset), workspace.detections(dataset)
    for bucket in range(samples.n_buckets):
        truth = samples.read(bucket, ["boxes"])["boxes"].to_pylist()
        found = detections.read(bucket, ["faces"])["faces"].to_pylist()
        for boxes, faces in zip(truth, found, strict=True):
            ordered = sorted(faces, key=lambda face: -face["score"])
            matches.append(match(_array(face["box"] for face in ordered), _array(boxes)))
    return {
        "recall_iou50_score": recall_score(matches),
        "boxes_published": sum(one.n_truth for one in matches),
        "false_positives_iou50": sum(one.n_false_positives for one in matches),
    }


def _array(boxes: Iterable[Mapping[str, int]]) -> np.ndarray:
    return np.array([list(box.values()) for box in boxes], dtype=np.float64).reshape(-1, 4)


def _sheet(workspace: Workspace, dataset: Dataset) -> bytes:
    rows = workspace.samples(dataset).head(PREVIEW_PICTURES, ["image"])
    found = workspace.detections(dataset).head(PREVIEW_PICTURES, ["faces"])
    marked = [
        with_boxes(decode(image["bytes"]), _array(face["box"] for face in faces))
        for image, faces in zip(rows["image"].to_pylist(), found["faces"].to_pylist(), strict=True)
    ]
    return contact_sheet(marked, n_columns=4, tile_px=PREVIEW_TILE_PX)
