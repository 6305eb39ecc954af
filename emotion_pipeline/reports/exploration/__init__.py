"""What is in this dataset? For somebody who sees it for the first time.

A topic is one module with a function that makes a `Section`, or None where the dataset has nothing
on it; the page shows the sections one below the other.
"""

from emotion_pipeline.reports.base import Report
from emotion_pipeline.reports.exploration import (
    boxes,
    columns,
    contents,
    copies,
    coverage,
    measured,
    pictures,
    votes,
)
from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.exploration.cautions import cautions
from emotion_pipeline.reports.parts import page

__all__ = ["Explored", "render"]


def render(explored: Explored) -> Report:
    """The exploration of a dataset; a table without rows is a normal state.

    Figures are named by their topic; the contact sheets `pictures` and `flattest` are those of the
    thumbnails on the page.
    """
    shown, sheets = pictures.section(explored)
    sections = [
        section
        for section in (
            contents.classes(explored),
            shown,
            contents.rejects(explored),
            copies.section(explored) if explored.has_pictures else None,
            coverage.section(explored),
            measured.files(explored),
            measured.affect(explored),
            boxes.section(explored),
            votes.section(explored),
            columns.section(explored),
        )
        if section is not None
    ]
    warned = cautions(explored)
    title = f"{explored.title}: what is in it"
    html = page.render_page(
        "exploration.html.j2",
        title=title,
        explored=explored,
        n_rows=len(explored.samples),
        completeness=contents.completeness(explored),
        cautions=warned,
        sections=sections,
    )
    return Report(
        explored.name,
        title,
        html,
        {one.name: one.table for section in sections for one in section.tables},
        {one.name: one.png for section in sections for one in section.figures} | sheets,
        {**_headline(explored), "cautions": len(warned)},
    )


def _headline(explored: Explored) -> dict[str, float]:
    samples = explored.samples
    numbers: dict[str, float] = {
        "rows": len(samples),
        "rejects": len(explored.rejects),
        "synthetic_rows": explored.n_synthetic,
    }
    for column, name in coverage.GROUPS.items():
        if column in samples:
            numbers[name] = int(samples[column].nunique())
            numbers[f"{name}_in_two_splits"] = coverage.in_two_splits(samples, column)
    if explored.has_pictures:
        found = copies.copies(explored.duplicates)
        numbers["surplus_copies"] = found.n_surplus_copies
        numbers["groups_across_splits"] = found.n_groups_across_splits
    if "boxes" in samples:
        numbers["faces"] = int(boxes.n_faces(samples).sum())
    if "undecided" in samples:
        numbers["undecided"] = int(samples["undecided"].notna().sum())
    return numbers
