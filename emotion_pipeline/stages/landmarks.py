"""`landmarks/<dataset>`: the mesh of every face picture of one domain, or why there is none."""

from functools import partial

import numpy as np

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.contact_sheet import contact_sheet
from emotion_pipeline.imaging.marks import with_points
from emotion_pipeline.lake.compute import RowMap, run
from emotion_pipeline.landmarks.landmark_rows import measured
from emotion_pipeline.stages.base import Produced, Workspace, present
from emotion_pipeline.stages.detection_rates import rates_table
from emotion_pipeline.stages.detections import MODELS, model_paths
from emotion_pipeline.stages.pictures import table_of

PREVIEW_PICTURES = 8
PREVIEW_TILE_PX = 112
BY_DEFAULT = (ORIGINAL,)

CODE = fingerprint(
    "emotion_pipeline.landmarks.landmark_rows",
    "emotion_pipeline.imaging.codec",
    "emotion_pipeline.schema",
    values=[model.source.sha256 for model in MODELS],
)


def make(workspace: Workspace, dataset: Dataset, domain: str) -> Produced:
    """Measure every face picture of a domain."""
    source = table_of(workspace, dataset, domain)
    target = workspace.landmarks(dataset, domain)
    function = partial(measured, model_paths(workspace))
    with workspace.lake.lock(f"landmarks/{dataset.name}/{domain}"):
        job = RowMap(source, target, function, CODE, keyed_by=("image_digest",))
        outcome = run(job, workspace.engine(), workspace.progress)
        made = present(target.version())
    found = target.read_all(["sample_id", "detected", "reason"])
    detected = found["detected"].to_numpy(zero_copy_only=False).astype(bool)
    reasons = found["reason"].value_counts().to_pylist()
    figures = {
        "rows": outcome.n_rows,
        "detected_score": float(detected.mean()) if len(detected) else float("nan"),
        **{str(one["values"]): one["counts"] for one in reasons if one["values"]},
        **outcome.figures(),
    }
    has_mesh = dict(zip(found["sample_id"].to_pylist(), detected.tolist(), strict=True))
    preview = {"by_emotion": rates_table(workspace, dataset, has_mesh)} if dataset.emotions else {}
    summary = f"{outcome}; landmarks of {figures['detected_score']:.1%} of the face pictures"
    return Produced(
        made, summary, figures, {**preview, "sheet": _sheet(workspace, dataset, domain)}
    )


def _sheet(workspace: Workspace, dataset: Dataset, domain: str) -> bytes:
    faces = table_of(workspace, dataset, domain).head(PREVIEW_PICTURES, ["image"])
    found = workspace.landmarks(dataset, domain).head(PREVIEW_PICTURES, ["landmarks"])
    marked = []
    for image, points in zip(
        faces["image"].to_pylist(), found["landmarks"].to_pylist(), strict=True
    ):
        points = np.array(points or [], dtype=np.float32).reshape(-1, 3)
        marked.append(with_points(decode(image["bytes"]), points[:, :2], PREVIEW_TILE_PX))
    return contact_sheet(marked, n_columns=4, tile_px=PREVIEW_TILE_PX)
