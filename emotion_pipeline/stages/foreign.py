"""`predictions/<recipe>` of a model that others have trained: what it says of one domain.

The original domain has validation and test rows, every other domain test rows, as for one's own
models. A table of the user's may leave some out; `imports/<recipe>` says which and why.

Nobody here knows what a foreign model has learned from. `seen_in_training` therefore marks
the rows whose picture also stands in the training part of the dataset: those that it has seen if
it learned from that part. So its leak-free numbers are about the same rows as those of one's own
models; what it may have seen besides stays unknown, and its description has to say so.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.digests import combined_if_all
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.fetching import FetchFailed, model_files
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.foreign import deepface_emotions, onnx_classifier
from emotion_pipeline.foreign.csv_columns import TableRefused
from emotion_pipeline.foreign.deepface_emotions import WeightsUnusable
from emotion_pipeline.foreign.onnx_classifier import NetworkRefused
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.lake.compute import RowMap, RowsInMemory, run
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.schema import predictions_schema
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import (
    imported_tables,
    imports,
    labelled_rows,
    prediction_rows,
    training_rows,
)
from emotion_pipeline.stages.base import Lacking, Produced, Workspace, present
from emotion_pipeline.stages.imported_tables import Matched
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline.training.foreign import ForeignRecipe

Ask = Callable[[Sequence[np.ndarray]], np.ndarray]
TABLE = "table"
SUMMARY = "summary.json"
_N_PARAMETERS = {"deepface": 1_485_831}
_MODULES = {
    "deepface": ("foreign.deepface_emotions",),
    "onnx": ("foreign.onnx_classifier", "stages.imports"),
    TABLE: ("foreign.prediction_tables", "stages.imported_tables"),
}


def n_parameters(recipe: ForeignRecipe) -> int:
    """How many weights the predictor has; 0 where nobody says."""
    return _N_PARAMETERS.get(recipe.predictor, 0)


def code(recipe: ForeignRecipe, settings: Settings) -> str:
    """Fingerprint of the prediction code and of the predictor's file, if it is there."""
    if recipe.is_imported:
        values: object = (imports.digest(settings, recipe), recipe.columns, recipe.onnx)
    else:
        values = model_files.digest(model_files.DEEPFACE_EMOTIONS, settings.model_files_root)
    modules = (
        *_MODULES[recipe.predictor],
        *("schema", "stages.foreign", "stages.prediction_rows"),
        *training_rows.modules(recipe),
    )
    return fingerprint(*(f"emotion_pipeline.{name}" for name in modules), values=values)


def prepare(workspace: Workspace, recipe: ForeignRecipe) -> None:
    """Have what the predictor takes; Lacking where it cannot be had, or is not usable."""
    path = model_path(workspace, recipe)
    if recipe.predictor != TABLE:
        _asked(recipe, path)
    elif _answerable(workspace, recipe):
        _matched(workspace, recipe, path, _rows(workspace, recipe, ORIGINAL))


def check(workspace: Workspace, recipe: ForeignRecipe, path: Path) -> str:
    """What would be used of a file of the user's, in words; Lacking says why nothing would."""
    if not _answerable(workspace, recipe):
        data = recipe.data
        raise Lacking(
            f"the lake has no faces of {data.pictures} or no labels of {data.labels} yet:"
            f" emotion-pipeline refresh faces/{data.pictures} samples/{data.labels}"
        )
    if recipe.predictor == TABLE:
        rows = _rows(workspace, recipe, ORIGINAL)
        return imported_tables.told(_matched(workspace, recipe, path, rows).summary)
    _asked(recipe, path)
    return f"a number for each of {len(recipe.emotions)} emotions"


def table(workspace: Workspace, name: str, recipe: ForeignRecipe, domain: str) -> Table:
    """What the predictor says of one domain."""
    schema, (seed,) = predictions_schema(recipe.emotions), recipe.seeds
    return workspace.lake.table(f"predictions/{name}", schema, 1, domain=domain, seed=seed)


def summary_artifact(workspace: Workspace, name: str) -> Artifact:
    """What was used of a table of the user's, what was not, and why."""
    return workspace.lake.artifact(f"imports/{name}")


def summary(workspace: Workspace, name: str) -> dict[str, Any]:
    """The same; empty for predictors that are no table."""
    artifact = summary_artifact(workspace, name)
    if artifact.version() is None:
        return {}
    found: dict[str, Any] = json.loads((artifact.folder / SUMMARY).read_text())
    return found


def version(workspace: Workspace, name: str, recipe: ForeignRecipe, domain: str) -> str | None:
    """Digest of one domain; None where it has not been predicted."""
    made = table(workspace, name, recipe, domain).version()
    if recipe.predictor != TABLE:
        return made
    told = summary_artifact(workspace, name).version()
    return combined_if_all([made, told])


def make(workspace: Workspace, name: str, recipe: ForeignRecipe, domain: str) -> Produced:
    """Predict one domain; Lacking where the predictor is not usable."""
    path = model_path(workspace, recipe)
    ask = None if recipe.predictor == TABLE else _asked(recipe, path)
    target, made_by = table(workspace, name, recipe, domain), code(recipe, workspace.settings)
    with workspace.lake.lock(f"predictions/{name}/{domain}"):
        rows, words = _rows(workspace, recipe, domain), ""
        if ask is None:
            said = _matched(workspace, recipe, path, rows)
            rows = rows.filter(pc.is_in(rows["sample_id"], pa.array(said.names, pa.string())))
            words = f"{imported_tables.told(said.summary)}; "
            with summary_artifact(workspace, name).replace(said.summary["file"], made_by) as folder:
                (folder / SUMMARY).write_text(json.dumps(said.summary, indent=1))
            function = partial(_said, recipe, said)
        else:
            function = partial(_predicted, workspace, recipe, domain, ask)
        source = RowsInMemory([rows.sort_by("sample_id")])
        job = RowMap(source, target, function, made_by, prediction_rows.KEYED_BY)
        # In this process: the network uses all cores by itself.
        outcome = run(job, workspace.engine("sequential"))
        made = present(version(workspace, name, recipe, domain))
    hits = prediction_rows.accuracy_score(target.read(0), recipe.emotions)
    figures = {"rows": rows.num_rows, "accuracy_score": hits, **outcome.figures()}
    return Produced(made, f"test accuracy {hits:.1%} on {domain}; {words}{outcome}", figures)


def _matched(workspace: Workspace, recipe: ForeignRecipe, path: Path, rows: pa.Table) -> Matched:
    try:
        return imported_tables.matched(workspace, recipe, path, rows)
    except TableRefused as refused:
        raise Lacking(str(refused)) from refused


def _answerable(workspace: Workspace, recipe: ForeignRecipe) -> bool:
    """Whether the lake has the labels and pictures that a table is compared with."""
    labels, pictures = (get_dataset(one) for one in (recipe.data.labels, recipe.data.pictures))
    tables = (
        workspace.samples(labels),
        workspace.samples(pictures),
        table_of(workspace, pictures, ORIGINAL),
    )
    return all(one.version() for one in tables)


def model_path(workspace: Workspace, recipe: ForeignRecipe) -> Path:
    """The file of the predictor; Lacking where it cannot be had."""
    if recipe.is_imported:
        return imports.file_of(workspace.settings, recipe)
    try:
        root = workspace.settings.model_files_root
        return model_files.find(model_files.DEEPFACE_EMOTIONS, root)
    except FetchFailed as error:
        raise Lacking(str(error)) from error


def _asked(recipe: ForeignRecipe, path: Path) -> Ask:
    """What gives the probabilities of pictures; Lacking where the file does not."""
    try:
        if not recipe.is_imported:
            deepface_emotions.check(path)
            return partial(deepface_emotions.probabilities, path)
        takes = imports.takes(path, recipe)
        onnx_classifier.check(path, takes)
    except (NetworkRefused, WeightsUnusable) as error:
        raise Lacking(str(error)) from error
    return partial(onnx_classifier.probabilities, path, takes)


def _rows(workspace: Workspace, recipe: ForeignRecipe, domain: str) -> pa.Table:
    """Rows to predict, each with its truth and whether its picture may have been learned from."""
    splits = ("validation", "test") if domain == ORIGINAL else ("test",)
    found = labelled_rows.labelled(workspace, recipe, *splits)
    part = training_rows.seen(workspace, recipe, found, domain)
    originals = labelled_rows.picture_digests(workspace, recipe, ORIGINAL)
    learnable = _for_training(workspace, recipe)
    seen = labelled_rows.have_a_copy(originals, part.sample_ids, learnable)
    given = [digest.hex() for digest in part.picture_digests]
    return prediction_rows.to_predict(part, seen, given)


def _for_training(workspace: Workspace, recipe: ForeignRecipe) -> list[str]:
    """The pictures of the training part by sample_id, whatever they are labelled as."""
    dataset = get_dataset(recipe.data.pictures)
    samples = workspace.samples(dataset).read_all(["sample_id", "split"])
    names: list[str] = samples.filter(pc.equal(samples["split"], "train"))["sample_id"].to_pylist()
    return names


def _said(recipe: ForeignRecipe, said: Matched, rows: pa.Table) -> pa.Table:
    """Rows with the probabilities that a table gives them."""
    places = {name: place for place, name in enumerate(said.names)}
    given = [places[name] for name in rows["sample_id"].to_pylist()]
    found = said.probabilities[given]
    return prediction_rows.predicted(rows, found, recipe.emotions, recipe.seeds[0])


def _predicted(
    workspace: Workspace, recipe: ForeignRecipe, domain: str, ask: Ask, rows: pa.Table
) -> pa.Table:
    """Rows with their probabilities."""
    names = rows["sample_id"].to_pylist()
    places = {name: place for place, name in enumerate(names)}
    found = np.zeros((len(names), len(recipe.emotions)), dtype=np.float32)
    for part in _picture_parts(workspace, recipe, domain, names):
        pictures = [decode(image["bytes"].as_py()) for image in part["image"]]
        given = [places[name] for name in part["sample_id"].to_pylist()]
        found[given] = ask(pictures)
    return prediction_rows.predicted(rows, found, recipe.emotions, recipe.seeds[0])


def _picture_parts(
    workspace: Workspace, recipe: ForeignRecipe, domain: str, wanted: list[str]
) -> Iterator[pa.Table]:
    """The wanted pictures of a domain, a few megabytes at a time."""
    source, names = table_of(workspace, get_dataset(recipe.data.pictures), domain), pa.array(wanted)
    for bucket in range(source.n_buckets):
        for part in source.parts(bucket, ["sample_id", "image"]):
            yield part.filter(pc.is_in(part["sample_id"], names))
