"""Every recipe that finds faces and has predicted."""

import json
from collections.abc import Iterator, Mapping

import numpy as np

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.reports.base import DetectorResult
from emotion_pipeline.stages import face_predictions, model_folders
from emotion_pipeline.stages.base import Needs, Workspace
from emotion_pipeline.stages.face_rows import box_array
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.recipe_files import AnyRecipe

Datasets = Mapping[str, Dataset]
Recipes = Mapping[str, AnyRecipe]


def needs(_datasets: Datasets, recipes: Recipes) -> Iterator[Needs]:
    """Edges to the detectors and to what they found."""
    for name in _detectors(recipes):
        yield Needs(f"models/{name}")
        yield Needs(f"predictions/{name}")


def versions(workspace: Workspace, _datasets: Datasets, recipes: Recipes) -> Iterator[str]:
    """What there is of predictions."""
    for name, recipe in _detectors(recipes).items():
        found = face_predictions.version(workspace, name, recipe)
        if found:
            yield f"{name} {found}"


def read(workspace: Workspace, _datasets: Datasets, recipes: Recipes) -> list[DetectorResult]:
    """The results, in the order of the recipes."""
    return [
        _result(workspace, name, recipe)
        for name, recipe in _detectors(recipes).items()
        if face_predictions.version(workspace, name, recipe)
    ]


def _detectors(recipes: Recipes) -> dict[str, FaceRecipe]:
    return {name: one for name, one in recipes.items() if isinstance(one, FaceRecipe)}


def _result(workspace: Workspace, name: str, recipe: FaceRecipe) -> DetectorResult:
    tables = [
        face_predictions.table(workspace, name, recipe, seed).read_all() for seed in recipe.seeds
    ]
    import pandas as pd

    rows = pd.concat([table.to_pandas() for table in tables], ignore_index=True)
    for column in ("truth", "boxes"):
        boxes = [one for table in tables for one in table[column].to_pylist()]
        rows[column] = pd.Series([box_array(one) for one in boxes], dtype=object)
    rows["scores"] = [np.asarray(one, np.float32) for one in rows["scores"]]
    folders = [model_folders.artifact(workspace, name, seed).folder for seed in recipe.seeds]
    metas = [json.loads((folder / "meta.json").read_text()) for folder in folders]
    return DetectorResult(
        recipe=name,
        description=recipe.description,
        pictures_from=recipe.data.pictures,
        n_parameters=metas[0]["n_parameters"],
        synthetic=bool(rows["synthetic"].any()),
        predictions=rows.drop(columns="input_digest"),
        curves=pd.concat(
            [pd.read_csv(one / model_folders.CURVES) for one in folders], ignore_index=True
        ),
        meta={f"seed {meta['seed']}": meta for meta in metas},
    )
