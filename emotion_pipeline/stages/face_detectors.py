"""`models/<recipe>` of recipes that find faces: weights per seed, and how they came.

What is trained on are the whole pictures of `samples` with their published boxes.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.stages import first_weights, model_folders
from emotion_pipeline.stages.base import Lacking, Produced, Workspace
from emotion_pipeline.stages.face_rows import FaceRows, face_rows
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.recipe import training_values

if TYPE_CHECKING:
    from emotion_pipeline.training.outcome import FitResult

MOST_DECODING = 8
"""Processes that decode pictures for a GPU; each has some 20 MB of them in shared memory."""


def prepare(workspace: Workspace, recipe: FaceRecipe) -> None:
    """Have what training takes from outside; Lacking where it cannot be had."""
    if find_spec("albumentations") is None:
        raise Lacking(
            "training a face detector takes Albumentations: install the extra `detection`, as in"
            " uv pip install -e '.[detection]'"
        )
    first_weights.prepare(workspace, recipe)


def code(recipe: FaceRecipe) -> str:
    """Fingerprint of the training code and of the recipe's values that change the weights."""
    modules = (
        "training.detection.fit",
        "training.weights",
        "imaging.codec",
        "stages.face_rows",
        *(("stages.first_weights",) if recipe.initial else ()),
    )
    values = (training_values(recipe), first_weights.published(recipe))
    return fingerprint(*(f"emotion_pipeline.{name}" for name in modules), values=values)


def train(workspace: Workspace, name: str, recipe: FaceRecipe, seed: int) -> Produced:
    """Train one recipe with one seed, or keep the weights that the lake already has.

    A killed training goes on from its last whole epoch. The weights are replaced at the end.
    """
    with workspace.lake.lock(f"models/{name}/{seed}"):
        target = model_folders.artifact(workspace, name, seed)
        found = face_rows(workspace, get_dataset(recipe.data.pictures), "train", "validation")
        inputs = found.digest()
        job = _Job(workspace, name, recipe, seed, found, inputs)
        return model_folders.kept(target, inputs, code(recipe)) or _train(job, target)


@dataclass(frozen=True)
class _Job:
    """One training of one seed: what it is made from."""

    workspace: Workspace
    name: str
    recipe: FaceRecipe
    seed: int
    found: FaceRows
    inputs: str


def _train(job: _Job, target: Artifact) -> Produced:
    result = _fit(job)
    meta = _meta(job, result)
    score = f"validation AP50 {meta['validation_ap50_score']:.1%}"
    return model_folders.publish(
        target, job.inputs, code(job.recipe), meta, result, result.curves, score
    )


def _fit(job: _Job) -> "FitResult":
    from emotion_pipeline.training.detection.data import FacePictures
    from emotion_pipeline.training.detection.fit import fit
    from emotion_pipeline.training.devices import choose_device

    settings = job.workspace.settings
    splits = [job.found.of(split) for split in ("train", "validation")]
    learned, held_out = (FacePictures(rows.pictures(), rows.boxes()) for rows in splits)
    on_gpu = choose_device(settings.device).type == "cuda"
    return fit(
        job.recipe,
        job.seed,
        learned,
        held_out,
        job.workspace.lake.scratch / "training" / job.name / str(job.seed),
        identity=f"{job.inputs} {code(job.recipe)}",
        imagenet=first_weights.read(job.workspace, job.recipe),
        device=settings.device,
        # On the CPU the network takes all the time.
        n_workers=min(settings.workers, MOST_DECODING) if on_gpu else 0,
    )


def _meta(job: _Job, result: "FitResult") -> dict[str, Any]:
    """What `meta.json` says of the model."""
    from emotion_pipeline.training.detection.weights import describe

    kept = result.curves.set_index("epoch").loc[result.epoch]
    splits = job.found.rows["split"].to_pylist()
    return {
        **describe(
            job.recipe,
            seed=job.seed,
            n_parameters=result.n_parameters,
            digests={"inputs": job.inputs, "code": code(job.recipe)},
        ),
        **model_folders.describe(job.name, result),
        "validation_ap50_score": float(kept["validation_ap50_score"]),
        "n_training_rows": splits.count("train"),
        "n_validation_rows": splits.count("validation"),
        "synthetic": any(job.found.rows["synthetic"].to_pylist()),
    }
