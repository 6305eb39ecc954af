"""Pictures to look at: the surest mistakes of a model, and what people agree on least."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts import contact, page
from emotion_pipeline.reports.parts.models.mistakes import (
    chosen_by_people_too,
    disputed_table,
    mistakes_table,
)
from emotion_pipeline.reports.parts.sections import Section, Shown

N_SHOWN = 24

Images = Mapping[str, np.ndarray]


class Gallery(NamedTuple):
    """A section of pictures, or none; its table and its contact sheet by name."""

    section: Section | None
    tables: dict[str, pd.DataFrame]
    sheets: dict[str, bytes]


def wanted(model: ModelResult) -> list[str]:
    """The sample_ids of the pictures that `mistakes` and `disputed` show."""
    tables = (mistakes_table(model), disputed_table(model))
    return [name for table in tables for name in table["sample_id"].head(N_SHOWN)]


def privacy(model: ModelResult) -> str:
    """What has to be said where pictures of people are shown."""
    return (
        f"This page shows pictures of people from {model.pictures_from}, under the licence of that"
        " dataset: read it before passing the page on."
    )


def mistakes(model: ModelResult, images: Images) -> Gallery:
    """The mistakes with the highest probability, and those that people would make too."""
    table = mistakes_table(model)
    n, n_wrong = len(model.rows()), len(table)
    lines = [f"{n_wrong:,} of {n:,} test pictures are named wrong."]
    if people := _people_too(model):
        lines.append(people)
    if n_wrong:
        lines.append(
            "Those of which the model was surest: the true and the predicted emotion, the"
            " probability of the latter, and the sample_id."
        )
    name = f"mistakes_{model.recipe}"
    caption = "Wrong predictions, surest first."
    return _gallery("Most confident mistakes", lines, Shown(name, caption, table), images, _mistake)


def _people_too(model: ModelResult) -> str:
    """How many mistakes people would make too; empty where no mistake has votes."""
    n, n_voted = chosen_by_people_too(model)
    if not n_voted:
        return ""
    low, high = wilson_interval(n, n_voted)
    return (
        f"Of {n_voted:,} mistakes on pictures with votes, {n:,} were also chosen by at least 3 of"
        f" 10 taggers: {page.percent(n / n_voted)} % (95 % interval {page.percent(float(low))}–"
        f"{page.percent(float(high))} %)."
    )


def disputed(model: ModelResult, images: Images) -> Gallery:
    """The pictures on which people agree least; None where there are no votes."""
    table = disputed_table(model).head(N_SHOWN)
    if table.empty:
        return Gallery(None, {}, {})
    lines = [
        f"The {len(table)} test pictures on whose expression people agree least: the two emotions"
        " with most votes, what the model said, and the sample_id. No answer is simply right here."
    ]
    caption = (
        "Entropy of the vote shares in bits, the two emotions with most votes, the prediction."
    )
    shown = Shown(f"disputed_{model.recipe}", caption, table)
    return _gallery("Most disputed by people", lines, shown, images, _dispute)


def _gallery(
    title: str,
    lines: list[str],
    shown: Shown,
    images: Images,
    caption: Callable[[dict[str, Any], np.ndarray], contact.Captioned],
) -> Gallery:
    """Pictures with captions where they are to be had, else the table in their place."""
    rows = shown.table.head(N_SHOWN).to_dict("records")
    found = [caption(row, images[row["sample_id"]]) for row in rows if row["sample_id"] in images]
    tables = {shown.name: shown.table}
    if found:
        section = Section.of(title, *lines, strips=[contact.strip("", found)])
        return Gallery(section, tables, {shown.name: contact.sheet(found)})
    lines += ["The pictures are not at hand; this table names them."] if rows else []
    return Gallery(Section.of(title, *lines, tables=[shown]), tables, {})


def _mistake(row: dict[str, Any], picture: np.ndarray) -> contact.Captioned:
    name = f"{row['emotion']} → {row['predicted']} {_whole(row['probability'])}"
    return contact.Captioned(picture, f"{row['sample_id']}: {name}", name, row["sample_id"])


def _dispute(row: dict[str, Any], picture: np.ndarray) -> contact.Captioned:
    name = ", ".join(f"{row[one]} {_whole(row[f'{one}_share'])}" for one in ("first", "second"))
    note = f"model: {row['predicted']} {_whole(row['probability'])}; {row['sample_id']}"
    return contact.Captioned(picture, f"{row['sample_id']}: votes {name}", name, note)


def _whole(fraction: float) -> str:
    """0.978 as 97 %: rounded down, so that only certainty is 100 %."""
    return f"{int(100 * fraction + 1e-9)}\N{NO-BREAK SPACE}%"
