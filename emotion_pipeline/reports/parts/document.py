"""A report out of sections: its page, and the tables and figures that stand on it as files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from emotion_pipeline.reports.base import Report
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.sections import Section


@dataclass(frozen=True)
class Link:
    """A link of a page; an address that is neither of the web nor beside the page is only shown."""

    text: str
    href: str
    note: str = ""

    @property
    def safe(self) -> bool:
        """Whether it may be followed."""
        return self.href.startswith(("https://", "http://")) or ":" not in self.href


@dataclass(frozen=True)
class Document:
    """What stands on a page above its sections, and below them the meaning of its words.

    `banner` warns of drawn faces: None where there are none, empty where all are drawn, else what
    it holds for.
    """

    title: str
    lead: str
    banner: str | None = None
    quiet: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    cautions: tuple[str, ...] = ()
    definitions: Mapping[str, str] | None = None

    def html(self, sections: Iterable[Section]) -> str:
        """The page with these sections."""
        return page.render_page("document.html.j2", **vars(self), sections=list(sections))


def report_of(
    name: str,
    document: Document,
    sections: list[Section],
    headline: Mapping[str, float],
    *,
    tables: dict[str, pd.DataFrame] | None = None,
    pages: dict[str, str] | None = None,
    pictures: dict[str, bytes] | None = None,
) -> Report:
    """The report of a document; every table and figure of its sections is a file beside the page.

    `tables` and `pictures` are further files, `pages` further pages. ValueError where two figures
    or two different tables have one name: one would be lost.
    """
    shown = [one for section in sections for one in section.tables]
    drawn = [one for section in sections for one in section.figures]
    for names in ([one.name for one in shown], [one.name for one in drawn]):
        twice = {one for one in names if names.count(one) > 1}
        if twice:
            raise ValueError(f"{name}: several tables or figures are called {sorted(twice)}")
    return Report(
        name,
        document.title,
        document.html(sections),
        {one.name: one.table for one in shown} | (tables or {}),
        {one.name: one.png for one in drawn} | (pictures or {}),
        headline,
        pages or {},
    )
