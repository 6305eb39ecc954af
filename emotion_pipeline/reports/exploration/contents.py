"""Classes and splits, and the rows that could not be used."""

import pandas as pd

from emotion_pipeline.reports.exploration import figures
from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.exploration.counting import (
    by_split,
    emotions_of,
    frequencies,
    share,
)
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.sections import Drawn, Section, Shown

N_EXAMPLES = 3


def completeness(explored: Explored) -> str:
    """Whether everything that was published is here, as a sentence."""
    n, n_rejects = len(explored.samples), len(explored.rejects)
    found = f"{n:,} usable {explored.noun} and {n_rejects:,} rejects"
    published = explored.published_total
    if published is None:
        return f"{found}. How many were published is not recorded."
    if n + n_rejects < published:
        return f"{found} of {published:,} published: {published - n - n_rejects:,} are missing."
    if n > published:
        return f"{found}, although only {published:,} were published."
    return f"{found} of {published:,} published: complete."


def classes(explored: Explored) -> Section:
    """How many rows of which class in which split."""
    table = class_counts(explored)
    if not explored.emotions and len(table) <= 1:
        return Section.of(
            "Splits",
            "The dataset has no emotions.",
            tables=[Shown("class_counts", f"{explored.noun.capitalize()} by split.", table)],
        )
    shown = Shown(
        "class_counts",
        f"{explored.noun.capitalize()} by class and split; below a count its share of the split.",
        table,
        mark_zeros=True,
    )
    return Section.of("Classes and splits", figures=_class_figure(explored, table), tables=[shown])


def class_counts(explored: Explored) -> pd.DataFrame:
    """One row per emotion, columns as `counting.by_split`."""
    return by_split(explored.samples, "emotion", emotions_of(explored))


def _class_figure(explored: Explored, table: pd.DataFrame) -> list[Drawn]:
    if explored.samples.empty:
        return []
    counts = "; ".join(
        f"{row.emotion} {row.all:,} ({page.percent(row.all_share)} %)" for row in table.itertuples()
    )
    png = figures.classes(table, explored.noun, synthetic=explored.synthetic)
    alt = f"Bars: {explored.noun} by class and split. {counts}."
    return [Drawn("classes", png, alt, "Beside a bar: its share of all.")]


def rejects(explored: Explored) -> Section:
    """Why rows and files were left out."""
    if explored.rejects.empty:
        empty = Shown("rejects_by_reason", "", frequencies(explored.rejects["reason"], "reason"))
        return Section.of("Rejects", "Every row and every file could be used.", tables=[empty])
    n, n_all = len(explored.rejects), len(explored.rejects) + len(explored.samples)
    reasons = frequencies(explored.rejects["reason"], "reason")
    return Section.of(
        "Rejects",
        f"{n:,} of {n_all:,} ({page.percent(share(n, n_all))} %) could not be used.",
        tables=[
            Shown("rejects_by_reason", "Rejects by reason.", reasons),
            Shown(
                "reject_examples",
                f"Up to {N_EXAMPLES} examples of each. Rows are counted from 0; a file has none.",
                reject_examples(explored.rejects, reasons["reason"].tolist()),
            ),
        ],
    )


def reject_examples(rejects: pd.DataFrame, reasons: list[str]) -> pd.DataFrame:
    """The first `N_EXAMPLES` rejects of each reason: reason, source, row, detail."""
    some = rejects.groupby("reason", sort=False, dropna=False).head(N_EXAMPLES)
    order = some["reason"].map({reason: place for place, reason in enumerate(reasons)})
    columns = ["reason", "source", "row", "detail"]
    some = some.loc[order.sort_values(kind="stable").index, columns]
    return some.assign(row=some["row"].astype("Int64").astype("str").fillna(page.NOTHING))
