"""`predictions/<recipe>`: what each seed of a model says of the pictures of one domain.

The original domain has validation and test rows, every other domain test rows. A table per seed.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from emotion_pipeline.digests import combined
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.lake.compute import RowMap, RowsInMemory, run
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.schema import predictions_schema
from emotion_pipeline.stages import models, training_rows
from emotion_pipeline.stages.base import Produced, Workspace, present
from emotion_pipeline.training.recipe import Recipe

_SHARES = [f"share_{name}" for name in EMOTIONS]
_KEYED_BY = ("image_digest", "split", "emotion", *_SHARES, "seen_in_training", "synthetic")


def code(recipe: Recipe) -> str:
    """Fingerprint of the prediction code and of the recipe's values that only it uses."""
    values = (recipe.seeds, recipe.flip_at_test)
    modules = (
        "training.predict",
        f"training.models.{recipe.model.name}",
        "imaging.codec",
        "schema",
    )
    return fingerprint(*(f"emotion_pipeline.{name}" for name in modules), values=values)


def table(workspace: Workspace, name: str, recipe: Recipe, domain: str, seed: int) -> Table:
    """What one seed says of one domain."""
    schema = predictions_schema(recipe.emotions)
    return workspace.lake.table(f"predictions/{name}", schema, 1, domain=domain, seed=seed)


def version(workspace: Workspace, name: str, recipe: Recipe, domain: str) -> str | None:
    """Digest over all seeds of one domain; None where one is missing."""
    parts = [table(workspace, name, recipe, domain, seed).version() for seed in recipe.seeds]
    return combined(part for part in parts if part) if all(parts) else None


def make(workspace: Workspace, name: str, recipe: Recipe, domain: str) -> Produced:
    """Predict one domain with every seed of a recipe."""
    with workspace.lake.lock(f"predictions/{name}/{domain}"):
        rows = _rows(workspace, recipe, domain)
        outcomes = [_predict(workspace, name, recipe, domain, seed, rows) for seed in recipe.seeds]
        made = present(version(workspace, name, recipe, domain))
    hits = _accuracy(table(workspace, name, recipe, domain, recipe.seeds[0]).read(0), recipe)
    summary = f"test accuracy {hits:.1%} on {domain}; {'; '.join(outcomes)}"
    return Produced(made, summary, {"rows": rows.num_rows, "accuracy_score": hits})


def _rows(workspace: Workspace, recipe: Recipe, domain: str) -> pa.Table:
    """Pictures to predict, each with its truth and whether training has seen its pixels."""
    splits = ("validation", "test") if domain == ORIGINAL else ("test",)
    found = training_rows.labelled(workspace, recipe, *splits)
    found, pictures = training_rows.with_pictures(workspace, recipe, found, domain)
    seen = _seen_in_training(workspace, recipe, found)
    columns = {name: found.rows[name] for name in found.rows.column_names}
    shares = {name: pa.array(found.shares[:, i]) for i, name in enumerate(_SHARES)}
    return pa.table(
        {
            **columns,
            **shares,
            "seen_in_training": pa.array(seen),
            "image": pictures["image"],
            "image_digest": pictures["image_digest"],
        }
    )


def _seen_in_training(
    workspace: Workspace, recipe: Recipe, found: training_rows.Labelled
) -> np.ndarray:
    """Rows (n,) whose original picture also stands in the training rows that were used."""
    learned = training_rows.labelled(workspace, recipe, "train")
    _, learned_pictures = training_rows.with_pictures(workspace, recipe, learned, ORIGINAL)
    _, own_pictures = training_rows.with_pictures(workspace, recipe, found, ORIGINAL)
    digests = set(learned_pictures["image_digest"].to_pylist())
    return np.array([d in digests for d in own_pictures["image_digest"].to_pylist()], dtype=bool)


def _predict(
    workspace: Workspace, name: str, recipe: Recipe, domain: str, seed: int, rows: pa.Table
) -> str:
    model = models.artifact(workspace, name, seed)
    made_by = f"{code(recipe)} {model.version()}"
    function = partial(_probabilities, model.folder, recipe, seed, workspace.settings.device)
    target = table(workspace, name, recipe, domain, seed)
    job = RowMap(RowsInMemory([rows.sort_by("sample_id")]), target, function, made_by, _KEYED_BY)
    # In this process: the model is loaded once, and a GPU is not shared between workers.
    return f"seed {seed}: {run(job, workspace.engine('sequential')).n_rows_computed} rows computed"


def _probabilities(
    folder: Path, recipe: Recipe, seed: int, device: str, rows: pa.Table
) -> pa.Table:
    """Rows with their probabilities instead of their pictures."""
    from emotion_pipeline.training.predict import predict
    from emotion_pipeline.training.weights import load

    model, _ = load(folder)
    found = predict(model, recipe, models.gray_pictures(rows), device)
    for number, emotion in enumerate(recipe.emotions):
        rows = rows.append_column(f"p_{emotion}", pa.array(found[:, number], pa.float32()))
    seeds = pa.array(np.full(rows.num_rows, seed, dtype=np.int32))
    return rows.append_column("seed", seeds).drop_columns(["image", "image_digest"])


def _accuracy(rows: pa.Table, recipe: Recipe) -> float:
    chosen = rows.filter(np.array(rows["split"].to_pylist()) == "test")
    scores = np.stack([chosen[f"p_{emotion}"].to_numpy() for emotion in recipe.emotions], axis=1)
    best = np.array(recipe.emotions)[scores.argmax(axis=1)]
    return float((best == np.array(chosen["emotion"].to_pylist())).mean())
