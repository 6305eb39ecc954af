"""`predictions/<recipe>` of recipes that find faces: their boxes, beside the true ones.

Every validation and test picture is searched with every seed; a table per seed.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.digests import combined_if_all
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.lake.compute import RowMap, run
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.metrics.average_precision import (
    ALL_HEIGHTS_PX,
    FACE_HEIGHTS_PX,
    FoundBoxes,
    precision_recall,
)
from emotion_pipeline.schema import BOX, BOX_PREDICTIONS, FOUND_BOX
from emotion_pipeline.stages import model_folders
from emotion_pipeline.stages.base import Produced, Workspace, present
from emotion_pipeline.stages.face_rows import HeldOut, box_array
from emotion_pipeline.training.detection.recipe import FaceRecipe

if TYPE_CHECKING:
    from torch import nn

_KEYED_BY = ("image_digest", "split", "boxes", "synthetic")


def code(recipe: FaceRecipe) -> str:
    """Fingerprint of the prediction code and of the recipe's values that only it uses."""
    modules = (
        "training.detection.predict",
        "training.detection.weights",
        "imaging.codec",
        "schema",
        "stages.face_predictions",
        "stages.face_rows",
    )
    return fingerprint(*(f"emotion_pipeline.{name}" for name in modules), values=recipe.seeds)


def table(workspace: Workspace, name: str, recipe: FaceRecipe, seed: int) -> Table:
    """What one seed finds."""
    n_buckets = get_dataset(recipe.data.pictures).n_buckets
    return workspace.lake.table(
        f"predictions/{name}", BOX_PREDICTIONS, n_buckets, domain=ORIGINAL, seed=seed
    )


def version(workspace: Workspace, name: str, recipe: FaceRecipe) -> str | None:
    """Digest over all seeds; None where one is missing."""
    parts = [table(workspace, name, recipe, seed).version() for seed in recipe.seeds]
    return combined_if_all(parts)


def make(workspace: Workspace, name: str, recipe: FaceRecipe) -> Produced:
    """Find the faces of all validation and test pictures with every seed of a recipe."""
    with workspace.lake.lock(f"predictions/{name}"):
        outcomes = [_predict(workspace, name, recipe, seed) for seed in recipe.seeds]
        made = present(version(workspace, name, recipe))
    scores = scores_of_test(table(workspace, name, recipe, recipe.seeds[0]).read_all())
    known = {f"test_{key}": score for key, score in scores.items() if np.isfinite(score)}
    summary = f"test AP50 {scores['ap50_score']:.1%}; {'; '.join(outcomes)}"
    return Produced(made, summary, known)


def scores_of_test(rows: pa.Table) -> dict[str, float]:
    """AP50 of the test rows of `schema.BOX_PREDICTIONS`, of all faces and by their height."""
    pictures = [
        FoundBoxes(
            box_array(row["boxes"]), np.array(row["scores"], np.float32), box_array(row["truth"])
        )
        for row in rows.to_pylist()
        if row["split"] == "test"
    ]
    ranges = {"": ALL_HEIGHTS_PX, **{f"_{name}": px for name, px in FACE_HEIGHTS_PX.items()}}
    return {
        f"ap50{name}_score": precision_recall(pictures, heights_px=px).average_precision_score
        for name, px in ranges.items()
    }


def _predict(workspace: Workspace, name: str, recipe: FaceRecipe, seed: int) -> str:
    model = model_folders.artifact(workspace, name, seed)
    samples = workspace.samples(get_dataset(recipe.data.pictures))
    made_by = f"{code(recipe)} {model.version()}"
    finder = _Finder(model.folder, seed, workspace.settings.device)
    target = table(workspace, name, recipe, seed)
    job = RowMap(HeldOut(samples), target, finder, made_by, _KEYED_BY)
    # In this process: the model is loaded once, and a GPU is not shared between workers.
    done = run(job, workspace.engine("sequential"), workspace.progress)
    return f"seed {seed}: {done.n_rows_computed} rows computed"


@dataclass(frozen=True)
class _Finder:
    """Rows of samples to rows with the boxes that one model finds; loaded with the first rows."""

    folder: Path
    seed: int
    device: str

    @cached_property
    def _detector(self) -> "nn.Module":
        from emotion_pipeline.training.detection.weights import load

        return load(self.folder)[0]

    def __call__(self, rows: pa.Table) -> pa.Table:
        from emotion_pipeline.training.detection.predict import predict
        from emotion_pipeline.training.devices import choose_device

        pictures = (decode(image["bytes"]) for image in rows["image"].to_pylist())
        found = list(predict(self._detector, pictures, choose_device(self.device)))
        boxes = [[dict(zip(FOUND_BOX.names, box, strict=True)) for box in one] for one, _ in found]
        kept = ("sample_id", "split", "width_px", "height_px", "synthetic")
        return pa.table(
            {
                **{name: rows[name] for name in kept},
                "seed": pa.array([self.seed] * rows.num_rows, pa.int32()),
                "truth": rows["boxes"].cast(pa.list_(BOX)),
                "boxes": pa.array(boxes, pa.list_(FOUND_BOX)),
                "scores": pa.array([scores for _, scores in found], pa.list_(pa.float32())),
            }
        )
