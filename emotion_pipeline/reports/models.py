"""What does each model get right and wrong? A page for each, and one that links them."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.reports.base import ModelResult, Report, Results
from emotion_pipeline.reports.parts.document import Document, Link, report_of
from emotion_pipeline.reports.parts.groups import Group, banner, groups
from emotion_pipeline.reports.parts.models import key_numbers, mistake_pictures
from emotion_pipeline.reports.parts.models import pages as model_pages
from emotion_pipeline.reports.parts.sections import Section, Shown

TITLE = "Models"
SUBJECT = "A page per model: its card, numbers, confusions, learning curves and worst mistakes."
READS = ("models", "pictures")

Images = dict[str, np.ndarray]


def render(results: Results) -> Report:
    """The pages of all models; no model is a normal state.

    ValueError where two have one recipe.
    """
    names = [model.recipe for model in results.models]
    if len(set(names)) < len(names):
        raise ValueError(f"two results of one recipe among {sorted(names)}")
    found = groups(results.models)
    images = _images(results)
    made = [
        model_pages.page_of(group, model, images.get(model.pictures_from, {}))
        for group in found
        for model in group.models
    ]
    document = Document(
        TITLE,
        _lead(found),
        banner=banner(results.models),
        links=tuple(
            Link(model.recipe, f"{model.recipe}.html", f"{model.description} {group.title}")
            for group in found
            for model in group.models
        ),
        definitions=model_pages.DEFINITIONS if found else None,
    )
    return report_of(
        "models",
        document,
        [_section(group) for group in found],
        {
            "n_models": len(names),
            "n_synthetic_models": sum(one.synthetic for one in results.models),
        },
        tables={name: table for one in made for name, table in one.tables.items()},
        pictures={name: png for one in made for name, png in one.figures.items()},
        pages={f"{one.name}.html": one.html for one in made},
    )


def _images(results: Results) -> dict[str, Images]:
    """The pictures that the pages show, by dataset, each of which is asked once."""
    ids: dict[str, dict[str, None]] = {}
    for model in results.models:
        ids.setdefault(model.pictures_from, {}).update(
            dict.fromkeys(mistake_pictures.wanted(model))
        )
    return {name: results.pictures(name, ORIGINAL, list(some)) for name, some in ids.items()}


def _lead(found: list[Group]) -> str:
    if not found:
        return (
            "No model has been evaluated yet. Train one, or import the predictions of another, and"
            " evaluate it."
        )
    first = found[0].first
    sentence = model_pages.lead(key_numbers.key_numbers(first))
    n = sum(len(group.models) for group in found)
    return (
        f"{n} model{'s' if n > 1 else ''}, each with a page. Best on validation among those of"
        f" {len(first.emotions)} classes, {first.recipe}: {sentence}"
    )


def _section(group: Group) -> Section:
    table = pd.DataFrame([_row(model) for model in group.models])
    caption = (
        "Original test pictures, best on validation first; below a number its 95 % interval."
        " Unseen: without the rows whose picture was also trained on."
    )
    return Section.of(group.title, tables=[Shown(f"models_{group.slug}", caption, table)])


def _row(model: ModelResult) -> dict[str, Any]:
    test, unseen, _ = key_numbers.key_numbers(model).to_dict("records")
    measured = [f"accuracy_score{end}" for end in ("", "_low", "_high")]
    return {
        "recipe": model.recipe,
        **{name: value for name, value in test.items() if name != "rows"},
        "n_unseen": unseen["n"],
        **{f"unseen_{name}": unseen[name] for name in measured},
        "n_parameters": model.n_parameters,
    }
