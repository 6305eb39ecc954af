"""What do the answers of models rest on, and may maps of that be read?"""

import pandas as pd

from emotion_pipeline.reports.base import Report, Results
from emotion_pipeline.reports.parts.document import Document, Link, report_of
from emotion_pipeline.reports.parts.explain import numbers as explain
from emotion_pipeline.reports.parts.explain import pages as explain_pages
from emotion_pipeline.reports.parts.explain.pages import Explained
from emotion_pipeline.reports.parts.groups import Group, banner, groups
from emotion_pipeline.reports.parts.sections import Section, Shown

TITLE = "Explanations"
SUBJECT = "Which places of a picture speak for a model's answer, and whether maps may be believed."
READS = ("models", "explanations", "pictures")

_COLUMNS = (
    *("recipe", "maps", "n", "redrawn_similarity", "salient_drop_score", "random_drop_score"),
    *("drop_score_difference", "cells_across"),
)


def render(results: Results) -> Report:
    """A page per explained model, and one with all verdicts; none is a normal state."""
    by_recipe = {one.recipe: one for one in results.explanations}
    found = [
        Explained.of(group, model, by_recipe[model.recipe])
        for group in groups(one for one in results.models if one.recipe in by_recipe)
        for model in group.models
    ]
    made = [explain_pages.page_of(one, results.pictures) for one in found]
    document = Document(
        TITLE,
        _lead(found),
        banner=banner([one.model for one in found]),
        quiet=(explain_pages.WHAT_MAPS_ARE,) if found else (),
        links=tuple(
            Link(one.model.recipe, f"{one.model.recipe}.html", one.model.description)
            for one in found
        ),
        cautions=tuple(_cautions(results, found)),
        definitions=explain_pages.DEFINITIONS if found else None,
    )
    return report_of(
        "explain",
        document,
        _sections(found),
        {
            "n_models": len(found),
            "n_models_that_pass": sum(explain.passed(one.all_checks) for one in found),
            "n_synthetic_models": sum(one.model.synthetic for one in found),
        },
        tables={name: table for one in made for name, table in one.tables.items()},
        pictures={name: png for one in made for name, png in one.figures.items()},
        pages={f"{one.name}.html": one.html for one in made},
    )


def _lead(found: list[Explained]) -> str:
    if not found:
        return (
            "No model has been explained yet. Train one that sees pictures and evaluate it; then"
            " refresh explanations/*."
        )
    n_passed = sum(explain.passed(one.all_checks) for one in found)
    first = found[0]
    return (
        f"The maps of {n_passed} of {len(found)} model{'s' if len(found) > 1 else ''} may be read."
        f" {first.model.recipe}: {explain.in_short(first.all_checks)}"
    )


def _cautions(results: Results, found: list[Explained]) -> list[str]:
    evaluated = {one.recipe for one in results.models}
    left_out = [one.recipe for one in results.explanations if one.recipe not in evaluated]
    told = [caution for one in found for caution in one.cautions]
    if left_out:
        told.append(f"Explained, but not evaluated, and so left out: {', '.join(left_out)}.")
    return told


def _sections(found: list[Explained]) -> list[Section]:
    """Per group its table, and the verdict and mean maps of each of its models."""
    by_group: dict[Group, list[Explained]] = {}
    for one in found:
        by_group.setdefault(one.group, []).append(one)
    sections = []
    for group, models in by_group.items():
        table = pd.DataFrame([_row(one) for one in models])
        shown = Shown(f"maps_{group.slug}", _CAPTION, table, columns=_COLUMNS)
        sections.append(Section.of(group.title, tables=[shown]))
        sections += [_model(one) for one in models]
    return sections


def _model(one: Explained) -> Section:
    mean = one.mean_maps
    lines = [*explain.verdict(one.all_checks), *(mean.lines if mean else [])]
    figures = mean.figures if mean else []
    return Section.of(one.model.recipe, *lines, figures=figures, minor=True)


_CAPTION = (
    "Original test pictures, at most eight named right and eight named wrong of each emotion; best"
    " on validation first; below a number its 95 % interval. A drop is by how much the probability"
    " of the predicted emotion falls."
)


def _row(one: Explained) -> dict[str, object]:
    checks = one.all_checks
    return {
        "recipe": one.model.recipe,
        "maps": explain.short_verdict(checks),
        **{name: value for name, value in checks.items() if name != "pictures"},
        "cells_across": int(one.found.rows["grid_px"].iloc[0]),
    }
