"""`models/<recipe>`: weights per seed, with what they were trained on and how it went."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from emotion_pipeline.digests import combined
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.imaging.codec import decode_gray
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.stages import training_rows
from emotion_pipeline.stages.base import Produced, Workspace, present
from emotion_pipeline.training.recipe import Recipe, training_values

if TYPE_CHECKING:
    from emotion_pipeline.training.data import TrainingData

CURVES = "curves.csv"


def code(recipe: Recipe) -> str:
    """Fingerprint of the training code and of the recipe's values that change the weights."""
    modules = (
        "training.fit",
        "training.data",
        f"training.models.{recipe.model.name}",
        "imaging.codec",
        "votes",
    )
    return fingerprint(
        *(f"emotion_pipeline.{name}" for name in modules), values=training_values(recipe)
    )


def artifact(workspace: Workspace, name: str, seed: str | int) -> Artifact:
    """Where the weights of one seed lie."""
    return workspace.lake.artifact(f"models/{name}", seed=seed)


def gray_pictures(pictures: pa.Table) -> list[np.ndarray]:
    """Decoded gray pictures of a table's `image` column."""
    return [decode_gray(picture["bytes"]) for picture in pictures["image"].to_pylist()]


def train(workspace: Workspace, name: str, recipe: Recipe, seed: int) -> Produced:
    """Train one recipe with one seed, or keep the weights that the lake already has.

    A killed training goes on from its last whole epoch. The weights are replaced at the end.
    """
    with workspace.lake.lock(f"models/{name}/{seed}"):
        target = artifact(workspace, name, seed)
        data = _data(workspace, recipe)
        inputs = combined(training_rows.digest(found, pictures) for found, pictures in data)
        known = target.provenance()
        if known is not None and known.made_from(inputs, code(recipe)):
            return Produced(
                known.content, "weights of these rows and this recipe are there already"
            )
        return _train(workspace, name, recipe, seed, data, inputs)


_Rows = list[tuple[training_rows.Labelled, pa.Table]]


def _data(workspace: Workspace, recipe: Recipe) -> _Rows:
    """The labelled rows and their pictures, once per domain that is trained on."""
    found = training_rows.labelled(workspace, recipe, "train", "validation")
    return [
        training_rows.with_pictures(workspace, recipe, found, domain)
        for domain in recipe.data.domains
    ]


def _train(
    workspace: Workspace, name: str, recipe: Recipe, seed: int, data: _Rows, inputs: str
) -> Produced:
    from emotion_pipeline.training.fit import fit
    from emotion_pipeline.training.weights import describe, save

    work = workspace.lake.scratch / "training" / name / str(seed)
    train_rows, validation_rows = (_arrays(data, split) for split in ("train", "validation"))
    result = fit(
        recipe,
        seed,
        train_rows,
        validation_rows,
        work,
        identity=f"{inputs} {code(recipe)}",
        device=workspace.settings.device,
    )
    best = result.curves.set_index("epoch").loc[result.best_epoch]
    meta = {
        **describe(
            recipe,
            seed=seed,
            n_parameters=result.n_parameters,
            digests={"inputs": inputs, "code": code(recipe)},
        ),
        "recipe_name": name,
        "best_epoch": int(result.best_epoch),
        "validation_loss": float(best["validation_loss"]),
        "validation_accuracy_score": float(best["validation_accuracy_score"]),
        "training_s": round(result.seconds, 1),
        "n_training_rows": len(train_rows.targets),
        "n_validation_rows": len(validation_rows.targets),
        "synthetic": any(any(found.rows["synthetic"].to_pylist()) for found, _ in data),
    }
    target = artifact(workspace, name, seed)
    with target.replace(inputs, code(recipe), content_of=["weights.safetensors"]) as folder:
        save(folder, result.state_dict, meta)
        result.curves.to_csv(folder / CURVES, index=False)
    figures = {key: value for key, value in meta.items() if isinstance(value, int | float)}
    accuracy = f"validation accuracy {meta['validation_accuracy_score']:.1%}"
    summary = f"{accuracy} in epoch {result.best_epoch}, {result.seconds:.0f} s of training"
    made = present(target.version())
    return Produced(made, summary, figures, {"curves": pa.Table.from_pandas(result.curves)})


def _arrays(data: _Rows, split: str) -> "TrainingData":
    """Pictures and targets of one split over all domains."""
    from emotion_pipeline.training.data import TrainingData

    images: list[np.ndarray] = []
    targets = []
    for found, pictures in data:
        chosen = np.array(found.rows["split"].to_pylist()) == split
        images += gray_pictures(pictures.filter(chosen))
        targets.append(found.targets[chosen])
    return TrainingData(images, np.concatenate(targets))
