"""`reports/<name>`: pages, tables and figures from the predictions of every recipe in the lake."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from emotion_pipeline import reports
from emotion_pipeline.digests import combined
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.reports.base import CURVE_COLUMNS, ModelResult, Report
from emotion_pipeline.stages import foreign, models, predictions, training_rows
from emotion_pipeline.stages.base import Produced, Workspace, present
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import AnyRecipe

Recipes = Mapping[str, AnyRecipe]
Tested = training_rows.Tested
PAGE = "index.html"


def artifact(workspace: Workspace, name: str) -> Artifact:
    """Where the page, tables and figures of a report lie."""
    return workspace.lake.artifact(f"reports/{name}")


def make(workspace: Workspace, name: str, recipes: Recipes) -> Produced:
    """Render one report of all recipes that have been evaluated."""
    with workspace.lake.lock(f"reports/{name}"):
        return publish(
            artifact(workspace, name),
            lambda: reports.load(name).render(model_results(workspace, recipes)),
            _inputs(workspace, recipes),
            reports.code_version(name),
        )


def publish(
    target: Artifact,
    render: Callable[[], Report],
    inputs: str,
    code: str,
    previews: tuple[str, ...] | None = None,
) -> Produced:
    """Write the page, tables and figures of a report, unless they are there from these inputs.

    `previews` are the figures to show in Dagster, all of them by default.
    """
    known = target.provenance()
    if known is not None and known.made_from(inputs, code):
        return Produced(known.content, f"{target.folder / PAGE} is up to date")
    report = render()
    with target.replace(inputs, code) as folder:
        (folder / PAGE).write_text(report.html, encoding="utf-8")
        (folder / "headline.json").write_text(json.dumps(report.headline, indent=1))
        for title, table in report.tables.items():
            table.to_csv(folder / f"{title}.csv", index=False)
        for title, png in report.figures.items():
            (folder / f"{title}.png").write_bytes(png)
    shown = report.figures.keys() if previews is None else report.figures.keys() & set(previews)
    figures = {title: report.figures[title] for title in report.figures if title in shown}
    return Produced(present(target.version()), str(target.folder / PAGE), report.headline, figures)


def model_results(workspace: Workspace, recipes: Recipes) -> list[ModelResult]:
    """Every recipe that knows emotions and has been evaluated on the original pictures."""
    return [
        _model_result(workspace, name, recipe, domains)
        for name, recipe, domains in _evaluated(workspace, recipes)
    ]


def _evaluated(workspace: Workspace, recipes: Recipes) -> Iterator[tuple[str, Tested, list[str]]]:
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


def _inputs(workspace: Workspace, recipes: Recipes) -> str:
    return combined(
        f"{name} {domain} {_version(workspace, name, recipe, domain)}"
        for name, recipe, domains in _evaluated(workspace, recipes)
        for domain in domains
    )


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
    )


def _provenance(
    workspace: Workspace, name: str, recipe: Tested
) -> tuple[int, pd.DataFrame, dict[str, Any]]:
    """Size, learning curves and description of a model; a foreign one has no curves."""
    if isinstance(recipe, ForeignRecipe):
        nothing = pd.DataFrame(columns=list(CURVE_COLUMNS))
        return foreign.n_parameters(recipe), nothing, {"predictor": recipe.predictor}
    folders = [models.artifact(workspace, name, seed).folder for seed in recipe.seeds]
    metas = [json.loads((folder / "meta.json").read_text()) for folder in folders]
    curves = [pd.read_csv(folder / models.CURVES) for folder in folders]
    described = {f"seed {meta['seed']}": meta for meta in metas}
    return metas[0]["n_parameters"], pd.concat(curves, ignore_index=True), described
