"""`predictions/<recipe>`: what each seed of a model says of the pictures of one domain.

The original domain has validation and test rows, every other domain test rows. A table per seed.
"""

from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from emotion_pipeline.digests import combined_if_all
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.compute import RowMap, RowsInMemory, run
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.schema import predictions_schema
from emotion_pipeline.stages import (
    labelled_rows,
    model_folders,
    models,
    prediction_rows,
    training_rows,
)
from emotion_pipeline.stages.base import Produced, Workspace, present
from emotion_pipeline.stages.training_rows import Seen
from emotion_pipeline.training.recipe import Recipe


def code(recipe: Recipe) -> str:
    """Fingerprint of the prediction code and of the recipe's values that only it uses."""
    values = (recipe.seeds, recipe.test_views)
    modules = (
        "training.predict",
        "training.weights",
        f"training.models.{recipe.model.name}",
        "schema",
        "stages.prediction_rows",
        "stages.predictions",
        *training_rows.modules(recipe),
    )
    return fingerprint(*(f"emotion_pipeline.{name}" for name in modules), values=values)


def table(
    workspace: Workspace, name: str, recipe: labelled_rows.Tested, domain: str, seed: int
) -> Table:
    """What one seed says of one domain."""
    schema = predictions_schema(recipe.emotions)
    return workspace.lake.table(f"predictions/{name}", schema, 1, domain=domain, seed=seed)


def version(workspace: Workspace, name: str, recipe: Recipe, domain: str) -> str | None:
    """Digest over all seeds of one domain; None where one is missing."""
    parts = [table(workspace, name, recipe, domain, seed).version() for seed in recipe.seeds]
    return combined_if_all(parts)


def make(workspace: Workspace, name: str, recipe: Recipe, domain: str) -> Produced:
    """Predict one domain with every seed of a recipe."""
    with workspace.lake.lock(f"predictions/{name}/{domain}"):
        part = _part(workspace, recipe, domain)
        rows = _rows(workspace, recipe, part)
        outcomes = [
            _predict(workspace, name, recipe, domain, seed, part, rows) for seed in recipe.seeds
        ]
        made = present(version(workspace, name, recipe, domain))
    first = table(workspace, name, recipe, domain, recipe.seeds[0]).read(0)
    hits = prediction_rows.accuracy_score(first, recipe.emotions)
    summary = f"test accuracy {hits:.1%} on {domain}; {'; '.join(outcomes)}"
    return Produced(made, summary, {"rows": rows.num_rows, "accuracy_score": hits})


def _rows(workspace: Workspace, recipe: Recipe, part: Seen) -> pa.Table:
    """Rows to predict, each with its truth and whether training has seen its pixels."""
    seen = _seen_in_training(workspace, recipe, part.found)
    rows = prediction_rows.to_predict(part, seen, part.row_digests(recipe))
    if recipe.data.leave_out:  # every row is a test row of the weights that have not seen it
        place = rows.column_names.index("split")
        return rows.set_column(place, "split", pa.array(["test"] * rows.num_rows))
    return rows


def _part(workspace: Workspace, recipe: Recipe, domain: str) -> Seen:
    """The rows of a domain that are predicted: all of them where each is left out once."""
    wanted = ("validation", "test") if domain == ORIGINAL else ("test",)
    splits = labelled_rows.splits_used(recipe, *wanted)
    found = labelled_rows.labelled(workspace, recipe, *splits)
    return training_rows.seen(workspace, recipe, found, domain)


def _seen_in_training(
    workspace: Workspace, recipe: Recipe, found: labelled_rows.Labelled
) -> np.ndarray:
    """Rows (n,) whose original picture also stands in the training rows that were used.

    Where groups are left out, these are the rows of the other groups.
    """
    originals = labelled_rows.picture_digests(workspace, recipe, ORIGINAL)
    names = found.column("sample_id")
    if recipe.data.leave_out:
        groups_of: dict[bytes | None, set[str]] = defaultdict(set)
        own = [originals.get(name) for name in names]
        for digest, group in zip(own, found.column(recipe.data.leave_out), strict=True):
            groups_of[digest].add(group)
        return np.array([len(groups_of[digest]) > 1 for digest in own], dtype=bool)
    learned = labelled_rows.labelled(workspace, recipe, "train").column("sample_id")
    return labelled_rows.have_a_copy(originals, names, learned)


def _predict(
    workspace: Workspace,
    name: str,
    recipe: Recipe,
    domain: str,
    seed: int,
    part: Seen,
    rows: pa.Table,
) -> str:
    model = model_folders.artifact(workspace, name, seed)
    made_by = f"{code(recipe)} {model.version()}"
    function = partial(_probabilities, workspace, model.folder, recipe, seed, part)
    target = table(workspace, name, recipe, domain, seed)
    job = RowMap(
        RowsInMemory([rows.sort_by("sample_id")]),
        target,
        function,
        made_by,
        prediction_rows.KEYED_BY,
    )
    # In this process: the model is loaded once, and a GPU is not shared between workers.
    return f"seed {seed}: {run(job, workspace.engine('sequential')).n_rows_computed} rows computed"


def _probabilities(
    workspace: Workspace, folder: Path, recipe: Recipe, seed: int, part: Seen, rows: pa.Table
) -> pa.Table:
    """Rows with their probabilities."""
    names = set(rows["sample_id"].to_pylist())
    part = part.take(np.array([name in names for name in part.sample_ids], dtype=bool))
    if recipe.data.leave_out is None:
        found = _ask(workspace, folder, recipe, part)
    else:
        found = np.zeros((len(part), len(recipe.emotions)), np.float32)
        groups = part.found.column(recipe.data.leave_out).astype(str)
        for group in np.unique(groups):
            own = groups == group
            weights = folder / models.fold_folder(group)
            found[own] = _ask(workspace, weights, recipe, part.take(own))
    return prediction_rows.predicted(rows, found, recipe.emotions, seed)


def _ask(workspace: Workspace, folder: Path, recipe: Recipe, part: Seen) -> np.ndarray:
    """What the weights of a folder say of rows, (n, C)."""
    from emotion_pipeline.training.predict import predict
    from emotion_pipeline.training.weights import load

    network, _ = load(folder)
    inputs = training_rows.given(training_rows.arrays(workspace, recipe, [part]))
    return predict(network, recipe, inputs, workspace.settings.device)
