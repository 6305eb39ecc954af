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
from emotion_pipeline.reports.parts.document import Document, Link, report_of

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
    document = Document(
        title,
        contents.completeness(explored),
        banner=_banner(explored),
        quiet=(f"Licence: {explored.licence}.",),
        links=(Link(explored.homepage, explored.homepage),),
        cautions=tuple(warned),
    )
    headline = {**_headline(explored), "cautions": len(warned)}
    return report_of(explored.name, document, sections, headline, pictures=sheets)


def _banner(explored: Explored) -> str | None:
    if not explored.synthetic:
        return None
    n = len(explored.samples)
    return "" if explored.n_synthetic == n else f"{explored.n_synthetic:,} of {n:,} rows"


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
