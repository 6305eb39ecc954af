"""`reports/<name>`: pages, tables and figures from the predictions of every recipe in the lake."""

import json
from collections.abc import Callable

import pandas as pd

from emotion_pipeline import reports
from emotion_pipeline.digests import combined
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.reports.base import ModelResult, Report
from emotion_pipeline.stages import models, predictions
from emotion_pipeline.stages.base import Produced, Workspace, present
from emotion_pipeline.training.recipe import Recipe

Recipes = dict[str, Recipe]
PAGE = "index.html"
_SHARES = [f"share_{emotion}" for emotion in EMOTIONS]


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
    """Every recipe that has been evaluated on the original pictures."""
    found = (
        (name, recipe, evaluated_on(workspace, name, recipe)) for name, recipe in recipes.items()
    )
    return [
        _model_result(workspace, name, recipe, domains)
        for name, recipe, domains in found
        if domains
    ]


def evaluated_on(workspace: Workspace, name: str, recipe: Recipe) -> list[str]:
    """The domains whose predictions are complete; empty where the original is not."""
    complete = [
        domain
        for domain in recipe.evaluate_on
        if predictions.version(workspace, name, recipe, domain)
    ]
    return complete if complete and complete[0] == recipe.evaluate_on[0] else []


def _inputs(workspace: Workspace, recipes: Recipes) -> str:
    return combined(
        f"{name} {domain} {predictions.version(workspace, name, recipe, domain)}"
        for name, recipe in recipes.items()
        for domain in evaluated_on(workspace, name, recipe)
    )


def _model_result(
    workspace: Workspace, name: str, recipe: Recipe, domains: list[str]
) -> ModelResult:
    tables = [
        predictions.table(workspace, name, recipe, domain, seed)
        .read(0)
        .to_pandas()
        .assign(domain=domain)
        for domain in domains
        for seed in recipe.seeds
    ]
    folders = [models.artifact(workspace, name, seed).folder for seed in recipe.seeds]
    metas = [json.loads((folder / "meta.json").read_text()) for folder in folders]
    rows = pd.concat(tables, ignore_index=True).drop(columns="input_digest")
    return ModelResult(
        recipe=name,
        description=recipe.description,
        labels_from=recipe.data.labels,
        pictures_from=recipe.data.pictures,
        label_space=recipe.data.label_space,
        emotions=recipe.emotions,
        n_parameters=metas[0]["n_parameters"],
        synthetic=bool(rows["synthetic"].any()),
        predictions=rows,
        curves=pd.concat(
            [pd.read_csv(folder / models.CURVES) for folder in folders], ignore_index=True
        ),
        meta={f"seed {meta['seed']}": meta for meta in metas},
    )
