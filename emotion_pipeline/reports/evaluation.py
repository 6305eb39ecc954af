"""How good is each model, on which domain, how sure, compared with what, and can I believe it?

Models are compared only within a class set, the same labels and the same pictures. Order within a
set is by validation accuracy: nothing on this page was chosen by its test result.
"""

import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline import reports
from emotion_pipeline.reports.base import ModelResult, Report
from emotion_pipeline.reports.parts import classes, figures, overview, page, references, robustness

NAME = "evaluation"
TITLE = "Evaluation"
MIN_SEEDS = 3

_LIBRARIES = ("numpy", "scipy", "pandas", "matplotlib", "jinja2")


@dataclass(frozen=True)
class _Tables:
    overview: pd.DataFrame
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    domains: pd.DataFrame
    robustness: pd.DataFrame
    comparisons: pd.DataFrame

    def of(self, name: str, model: ModelResult) -> pd.DataFrame:
        table: pd.DataFrame = getattr(self, name)
        return table[table["recipe"] == model.recipe]


@dataclass(frozen=True)
class _Figure:
    name: str
    png: bytes
    alt: str


@dataclass(frozen=True)
class _ModelView:
    """What the template shows of one model."""

    model: ModelResult
    overview: dict[str, Any]
    per_class: list[dict[str, Any]]
    confusions: list[dict[str, Any]]
    robustness: list[dict[str, Any]]
    gray: dict[str, float] | None
    cautions: list[str]
    provenance: list[tuple[str, str]]
    figures: dict[str, _Figure]


@dataclass(frozen=True)
class _GroupView:
    """What the template shows of models that may be compared; best on validation first."""

    models: list[_ModelView]
    comparisons: list[dict[str, Any]]
    noise: float
    glance: _Figure
    human: tuple[references.Human, ...]
    published: tuple[references.Published, ...]


def render(models: list[ModelResult]) -> Report:
    """The evaluation of the models. ValueError where two have the same recipe name."""
    names = [model.recipe for model in models]
    if len(set(names)) < len(names):
        raise ValueError(f"two results of one recipe among {sorted(names)}")
    groups = _groups(models)
    tables = _tables([model for group in groups for model in group], groups)
    views = [_group_view(group, tables) for group in groups]
    drawn = [one for view in views for one in _figures(view)]
    html = page.render_page(
        "evaluation.html.j2",
        title=TITLE,
        groups=views,
        synthetic=[model.recipe for model in models if model.synthetic],
        n_models=len(models),
        min_rows=classes.MIN_ROWS,
        made_by=_made_by(),
    )
    return Report(
        NAME,
        TITLE,
        html,
        vars(tables),
        {one.name: one.png for one in drawn},
        _headline(models, tables),
    )


def _groups(models: list[ModelResult]) -> list[list[ModelResult]]:
    """Models that may be compared, best on validation first; larger class sets first."""
    groups: dict[tuple[Any, ...], list[ModelResult]] = {}
    for model in models:
        key = (model.emotions, model.labels_from, model.pictures_from, model.synthetic)
        groups.setdefault(key, []).append(model)
    ordered = sorted(groups, key=lambda key: (-len(key[0]), *key))
    return [overview.best_on_validation(groups[key]) for key in ordered]


def _tables(models: list[ModelResult], groups: list[list[ModelResult]]) -> _Tables:
    compared = [overview.comparison_table(group) for group in groups]
    empty = pd.DataFrame(columns=list(overview.COMPARISONS))
    return _Tables(
        overview.overview_table(models),
        classes.per_class_table(models),
        classes.confusion_table(models),
        robustness.domain_table(models),
        robustness.robustness_table(models),
        pd.concat([table for table in compared if len(table)] or [empty], ignore_index=True),
    )


def _group_view(group: list[ModelResult], tables: _Tables) -> _GroupView:
    rows = pd.concat([tables.of("overview", model) for model in group])
    best = rows.iloc[0]
    comparable = references.apply_to(group[0])
    human = references.HUMAN if comparable else ()
    lines = {one.who: one.accuracy_score for one in human if one.accuracy_score is not None}
    return _GroupView(
        models=[_model_view(model, tables) for model in group],
        comparisons=pd.concat([tables.of("comparisons", model) for model in group]).to_dict(
            "records"
        ),
        noise=(best["accuracy_score_high"] - best["accuracy_score_low"]) / 2,
        glance=_glance(group, rows, lines),
        human=human,
        published=references.PUBLISHED if comparable else (),
    )


def _glance(group: list[ModelResult], rows: pd.DataFrame, lines: dict[str, float]) -> _Figure:
    scores = "; ".join(
        f"{row.recipe} {page.percent(row.accuracy_score)} %, "
        f"leak-free {page.percent(row.leak_free_accuracy_score)} %"
        for row in rows.itertuples()
    )
    png = figures.accuracy_at_a_glance(group, rows, lines)
    return _Figure(f"accuracy_{group[0].recipe}", png, f"Test accuracy with intervals: {scores}")


def _model_view(model: ModelResult, tables: _Tables) -> _ModelView:
    row = tables.of("overview", model).iloc[0].to_dict()
    confusions = _largest_confusions(tables.of("confusion", model))
    return _ModelView(
        model=model,
        overview=row,
        per_class=tables.of("per_class", model).to_dict("records"),
        confusions=confusions,
        robustness=tables.of("robustness", model).to_dict("records"),
        gray=robustness.gray_against_original(model),
        cautions=_cautions(model, row),
        provenance=page.flattened(model.meta),
        figures={one.name.split("_")[0]: one for one in _model_figures(model, tables, confusions)},
    )


def _largest_confusions(confusion: pd.DataFrame) -> list[dict[str, Any]]:
    wrong = confusion[(confusion["emotion"] != confusion["predicted"]) & (confusion["n"] > 0)]
    enough = wrong[wrong["n_emotion"] >= classes.MIN_ROWS]
    return enough.nlargest(3, "rate").to_dict("records")


def _model_figures(
    model: ModelResult, tables: _Tables, confusions: list[dict[str, Any]]
) -> list[_Figure]:
    n = len(model.rows())
    often = (
        "; ".join(
            f"{one['emotion']} taken for {one['predicted']} {page.percent(one['rate'])} %"
            for one in confusions
        )
        or "nothing"
    )
    made = [
        _Figure(
            f"confusion_{model.recipe}",
            figures.confusion(model, classes.counts_of(model)),
            f"Confusion matrix of {model.recipe} on {n:,} test rows. Most often: {often}.",
        )
    ]
    if len(model.curves):
        alt = f"Loss and validation accuracy of {model.recipe} over epochs, a line per seed."
        made.append(_Figure(f"curves_{model.recipe}", figures.learning_curves(model), alt))
    if len(tables.of("robustness", model)):
        png = figures.robustness(model, tables.of("domains", model))
        alt = f"Test accuracy of {model.recipe} over severity, a line per corruption; table below."
        made.append(_Figure(f"robustness_{model.recipe}", png, alt))
    return made


def _cautions(model: ModelResult, row: dict[str, Any]) -> list[str]:
    """Reasons to believe the numbers less, in words."""
    found = []
    if model.synthetic:
        found.append("The faces are drawn. Nothing here is about people.")
    if model.foreign:
        found.append("Trained elsewhere: which pictures it has learned from is not known.")
    elif len(model.seeds) < MIN_SEEDS:
        found.append(
            f"Fewer than {MIN_SEEDS} seeds ({len(model.seeds)}): the spread between trainings is "
            "hardly known."
        )
    if row["n_seen_in_training"]:
        found.append(
            f"{row['n_seen_in_training']:,} of {row['n']:,} test rows show a picture that "
            + ("may have been" if model.foreign else "was also")
            + " trained on. Believe the leak-free line."
        )
    if not row["validation_n"]:
        found.append("There are no validation rows, so nothing shows how the model was chosen.")
    return found


def _figures(view: _GroupView) -> list[_Figure]:
    return [view.glance, *(one for model in view.models for one in model.figures.values())]


def _headline(models: list[ModelResult], tables: _Tables) -> dict[str, float]:
    numbers: dict[str, float] = {
        "n_models": len(models),
        "n_synthetic_models": sum(model.synthetic for model in models),
    }
    shown = ("accuracy_score", "leak_free_accuracy_score", "macro_f1_score", "jensen_shannon_error")
    for row in tables.overview.to_dict("records"):
        numbers |= {
            f"{row['recipe']}/{name}": row[name] for name in shown if not np.isnan(row[name])
        }
    relative = tables.robustness[tables.robustness["measure"] == robustness.RELATIVE_CORRUPTED]
    return numbers | {
        f"{recipe}/relative_corrupted_score": float(score)
        for recipe, score in zip(relative["recipe"], relative["score"], strict=True)
    }


def _made_by() -> list[tuple[str, str]]:
    libraries = [(name, version(name)) for name in _LIBRARIES]
    code = ("code of this report", reports.code_version(NAME))
    return [code, ("python", platform.python_version()), *libraries]
