"""`predictions/<recipe>` of a model that others have trained: what it says of one domain.

The original domain has validation and test rows, every other domain test rows, as for one's own
models. Nobody here knows what a foreign model has learned from. `seen_in_training` therefore marks
the rows whose picture also stands in the training part of the dataset: those that it has seen if
it learned from that part. So its leak-free numbers are about the same rows as those of one's own
models; what it may have seen besides stays unknown, and its description has to say so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.fetching import FetchFailed, model_files
from emotion_pipeline.fetching.model_files import ModelFile
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.foreign import deepface_emotions
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.lake.compute import RowMap, RowsInMemory, run
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.schema import predictions_schema
from emotion_pipeline.stages import prediction_rows, training_rows
from emotion_pipeline.stages.base import Lacking, Produced, Workspace, present
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline.training.foreign import ForeignRecipe


@dataclass(frozen=True)
class _Predictor:
    """A module of `foreign` with `probabilities`, the file that it needs, and its size."""

    module: ModuleType
    file: ModelFile
    n_parameters: int


_PREDICTORS = {"deepface": _Predictor(deepface_emotions, model_files.DEEPFACE_EMOTIONS, 1_485_831)}


def n_parameters(recipe: ForeignRecipe) -> int:
    """How many weights the predictor has."""
    return _PREDICTORS[recipe.predictor].n_parameters


def code(recipe: ForeignRecipe, folder: Path) -> str:
    """Fingerprint of the prediction code and of the model file in a folder, if it is there."""
    predictor = _PREDICTORS[recipe.predictor]
    others = ("emotion_pipeline.imaging.codec", "emotion_pipeline.schema")
    weights = model_files.digest(predictor.file, folder)
    return fingerprint(predictor.module.__name__, *others, values=weights)


def prepare(workspace: Workspace, recipe: ForeignRecipe) -> None:
    """Have what the predictor takes; Lacking where it cannot be had."""
    _model_path(workspace, recipe)


def table(workspace: Workspace, name: str, recipe: ForeignRecipe, domain: str) -> Table:
    """What the predictor says of one domain."""
    schema, (seed,) = predictions_schema(recipe.emotions), recipe.seeds
    return workspace.lake.table(f"predictions/{name}", schema, 1, domain=domain, seed=seed)


def version(workspace: Workspace, name: str, recipe: ForeignRecipe, domain: str) -> str | None:
    """Digest of one domain; None where it has not been predicted."""
    return table(workspace, name, recipe, domain).version()


def make(workspace: Workspace, name: str, recipe: ForeignRecipe, domain: str) -> Produced:
    """Predict one domain."""
    path = _model_path(workspace, recipe)
    target = table(workspace, name, recipe, domain)
    with workspace.lake.lock(f"predictions/{name}/{domain}"):
        rows = _rows(workspace, recipe, domain)
        function = partial(_predicted, workspace, recipe, domain, path)
        made_by = code(recipe, workspace.settings.model_files_root)
        job = RowMap(
            RowsInMemory([rows.sort_by("sample_id")]),
            target,
            function,
            made_by,
            prediction_rows.KEYED_BY,
        )
        # In this process: the network uses all cores by itself.
        outcome = run(job, workspace.engine("sequential"))
        made = present(target.version())
    hits = prediction_rows.accuracy_score(target.read(0), recipe.emotions)
    figures = {"rows": rows.num_rows, "accuracy_score": hits, **outcome.figures()}
    return Produced(made, f"test accuracy {hits:.1%} on {domain}; {outcome}", figures)


def _model_path(workspace: Workspace, recipe: ForeignRecipe) -> Path:
    file = _PREDICTORS[recipe.predictor].file
    try:
        return model_files.find(file, workspace.settings.model_files_root)
    except FetchFailed as error:
        raise Lacking(str(error)) from error


def _rows(workspace: Workspace, recipe: ForeignRecipe, domain: str) -> pa.Table:
    """Rows to predict, each with its truth and whether its picture may have been learned from."""
    splits = ("validation", "test") if domain == ORIGINAL else ("test",)
    found = training_rows.labelled(workspace, recipe, *splits)
    part = training_rows.seen(workspace, recipe, found, domain)
    own = training_rows.seen(workspace, recipe, part.found, ORIGINAL)
    learnable = _pictures_for_training(workspace, recipe)
    seen = np.array([digest in learnable for digest in own.picture_digests], dtype=bool)
    given = [digest.hex() for digest in part.picture_digests]
    return prediction_rows.to_predict(part, seen, given)


def _pictures_for_training(workspace: Workspace, recipe: ForeignRecipe) -> set[bytes]:
    """Digests of the original pictures in the training part, whatever they are labelled as."""
    dataset = get_dataset(recipe.data.pictures)
    samples = workspace.samples(dataset).read_all(["sample_id", "split"])
    for_training = samples.filter(pc.equal(samples["split"], "train"))["sample_id"].to_pylist()
    keys = table_of(workspace, dataset, ORIGINAL).read_all(["sample_id", "image_digest"])
    chosen = keys.filter(pc.is_in(keys["sample_id"], pa.array(for_training)))
    return set(chosen["image_digest"].to_pylist())


def _predicted(
    workspace: Workspace, recipe: ForeignRecipe, domain: str, path: Path, rows: pa.Table
) -> pa.Table:
    """Rows with their probabilities."""
    names = rows["sample_id"].to_pylist()
    places = {name: place for place, name in enumerate(names)}
    found = np.zeros((len(names), len(recipe.emotions)), dtype=np.float32)
    for part in _picture_parts(workspace, recipe, domain, names):
        pictures = [decode(image["bytes"].as_py()) for image in part["image"]]
        given = [places[name] for name in part["sample_id"].to_pylist()]
        found[given] = _PREDICTORS[recipe.predictor].module.probabilities(path, pictures)
    return prediction_rows.predicted(rows, found, recipe.emotions, recipe.seeds[0])


def _picture_parts(
    workspace: Workspace, recipe: ForeignRecipe, domain: str, wanted: list[str]
) -> Iterator[pa.Table]:
    """The wanted pictures of a domain, a few megabytes at a time."""
    source, names = table_of(workspace, get_dataset(recipe.data.pictures), domain), pa.array(wanted)
    for bucket in range(source.n_buckets):
        for part in source.parts(bucket, ["sample_id", "image"]):
            yield part.filter(pc.is_in(part["sample_id"], names))
