"""Every recipe that knows emotions and has been evaluated on the original pictures."""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.reports.base import CURVE_COLUMNS, ModelResult
from emotion_pipeline.stages import (
    costs,
    foreign,
    labelled_rows,
    model_folders,
    predictions,
)
from emotion_pipeline.stages.base import Needs, Workspace
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import AnyRecipe

if TYPE_CHECKING:
    import pandas as pd

Datasets = Mapping[str, Dataset]
Recipes = Mapping[str, AnyRecipe]
Tested = labelled_rows.Tested


def needs(_datasets: Datasets, recipes: Recipes) -> Iterator[Needs]:
    """Edges to the models that were trained here, to all predictions of emotions, and costs."""
    for name, recipe in recipes.items():
        if isinstance(recipe, Recipe):
            yield Needs(f"models/{name}")
        if isinstance(recipe, Recipe | ForeignRecipe):
            yield Needs(f"predictions/{name}")
            if not (isinstance(recipe, ForeignRecipe) and recipe.is_imported):
                yield Needs(f"costs/{name}")


def versions(workspace: Workspace, _datasets: Datasets, recipes: Recipes) -> Iterator[str]:
    """What there is of predictions and costs."""
    for name, recipe, domains in evaluated(workspace, recipes):
        yield from (f"{name} {one} {_version(workspace, name, recipe, one)}" for one in domains)
        yield f"{name} {costs.artifact(workspace, name).version()}"


def read(workspace: Workspace, _datasets: Datasets, recipes: Recipes) -> list[ModelResult]:
    """The results, in the order of the recipes."""
    return [
        _model_result(workspace, name, recipe, domains)
        for name, recipe, domains in evaluated(workspace, recipes)
    ]


def evaluated(workspace: Workspace, recipes: Recipes) -> Iterator[tuple[str, Tested, list[str]]]:
    """Recipes with the domains whose predictions are complete; the first domain has to be."""
    for name, recipe in recipes.items():
        if isinstance(recipe, Recipe | ForeignRecipe):
            domains = [one for one in recipe.evaluate_on if _version(workspace, name, recipe, one)]
            if recipe.evaluate_on[0] in domains:
                yield name, recipe, domains


def _version(workspace: Workspace, name: str, recipe: Tested, domain: str) -> str | None:
    if isinstance(recipe, ForeignRecipe):
        return foreign.version(workspace, name, recipe, domain)
    return predictions.version(workspace, name, recipe, domain)


def _model_result(
    workspace: Workspace, name: str, recipe: Tested, domains: list[str]
) -> ModelResult:
    tables = [
        predictions.table(workspace, name, recipe, domain, seed)
        .read(0)
        .to_pandas()
        .assign(domain=domain)
        for domain in domains
        for seed in recipe.seeds
    ]
    import pandas as pd

    rows = pd.concat(tables, ignore_index=True).drop(columns="input_digest")
    n_parameters, curves, meta = _provenance(workspace, name, recipe)
    return ModelResult(
        recipe=name,
        description=recipe.description,
        labels_from=recipe.data.labels,
        pictures_from=recipe.data.pictures,
        label_space=recipe.data.label_space,
        emotions=recipe.emotions,
        n_parameters=n_parameters,
        synthetic=bool(rows["synthetic"].any()),
        predictions=rows,
        curves=curves,
        meta=meta,
        foreign=isinstance(recipe, ForeignRecipe),
        cost=costs.read(workspace, name),
        claim=_claim(recipe),
    )


def _claim(recipe: Tested) -> float | None:
    claim = recipe.claim if isinstance(recipe, ForeignRecipe) else None
    return claim.accuracy_score if claim else None


def _provenance(
    workspace: Workspace, name: str, recipe: Tested
) -> "tuple[int, pd.DataFrame, dict[str, Any]]":
    """Size, learning curves and description of a model; a foreign one has no curves."""
    import pandas as pd

    if isinstance(recipe, ForeignRecipe):
        nothing = pd.DataFrame(columns=list(CURVE_COLUMNS))
        told = foreign.summary(workspace, name)
        meta = {"predictor": recipe.predictor, **({"table": told} if told else {})}
        return foreign.n_parameters(recipe), nothing, meta
    folders = [model_folders.artifact(workspace, name, seed).folder for seed in recipe.seeds]
    metas = [json.loads((folder / "meta.json").read_text()) for folder in folders]
    curves = [pd.read_csv(folder / model_folders.CURVES) for folder in folders]
    described = {f"seed {meta['seed']}": meta for meta in metas}
    return metas[0]["n_parameters"], pd.concat(curves, ignore_index=True), described
