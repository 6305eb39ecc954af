"""What is explored, and what a section of the page consists of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from emotion_pipeline.reports.parts import page

SHARE = "_share"
MAX_ROWS = 40
MAX_LETTERS = 300


@dataclass(frozen=True, eq=False)
class Explored:
    """A dataset as it lies in the lake.

    `samples`: its table without pictures. `rejects` and `duplicates`: as in `schema`; duplicates
    may be empty. `pictures`: gray (h, w) or RGB (h, w, 3) uint8 pictures by sample_id; it may leave
    some out, and has none for a table of votes. `failed_checks`: sentences.
    """

    name: str
    title: str
    homepage: str
    licence: str
    emotions: tuple[str, ...]
    published_total: int | None
    samples: pd.DataFrame
    rejects: pd.DataFrame
    duplicates: pd.DataFrame
    pictures: Callable[[list[str]], dict[str, np.ndarray]]
    failed_checks: list[str]

    @property
    def n_synthetic(self) -> int:
        """Rows of drawn faces."""
        return int(self.samples["synthetic"].sum())

    @property
    def synthetic(self) -> bool:
        return self.n_synthetic > 0

    @property
    def has_pictures(self) -> bool:
        """Whether a row is a picture, not votes on a picture of another dataset."""
        return "width_px" in self.samples

    @property
    def noun(self) -> str:
        """What a row is, in the plural."""
        return "pictures" if self.has_pictures else "rows"


class Cell(NamedTuple):
    """One cell: its text, a second line below it, and its class in the style sheet."""

    text: str
    below: str
    kind: str


@dataclass(frozen=True, eq=False)
class Shown:
    """A table of the page; `name` is its name among the report's tables.

    A column `<x>_share` (0 to 1) stands below the column `<x>` as a percentage. With `mark_zeros`
    counts of 0 are holes and stand out.
    """

    name: str
    caption: str
    table: pd.DataFrame
    mark_zeros: bool = False

    @property
    def n_left_out(self) -> int:
        """Rows that the page does not show."""
        return max(0, len(self.table) - MAX_ROWS)

    def headings(self) -> list[Cell]:
        """Headings of the columns, numbers to the right and words to the left."""
        words = {name: pd.api.types.is_string_dtype(self.table[name]) for name in self.table}
        return [
            Cell(name.replace("_px", ", px").replace("_", " "), "", "words" if words[name] else "")
            for name in self._columns()
        ]

    def rows(self) -> list[list[Cell]]:
        """The first `MAX_ROWS` rows."""
        columns = self._columns()
        records = self.table.head(MAX_ROWS).to_dict("records")
        return [[self._cell(record, name) for name in columns] for record in records]

    def _columns(self) -> list[str]:
        names = [str(name) for name in self.table]
        return [
            name for name in names if not (name.endswith(SHARE) and name[: -len(SHARE)] in names)
        ]

    def _cell(self, record: dict[str, object], name: str) -> Cell:
        value, share = record[name], record.get(f"{name}{SHARE}")
        below = f"{page.percent(share)} %" if isinstance(share, float) else ""
        hole = self.mark_zeros and isinstance(value, int) and value == 0
        kind = "hole" if hole else "words" if isinstance(value, str) else ""
        return Cell(_text(name, value), below, kind)


def _text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value if len(value) <= MAX_LETTERS else f"{value[:MAX_LETTERS]}…"
    if isinstance(value, int):
        return page.count(value)
    if name.endswith("share") and isinstance(value, float):
        return f"{page.percent(value)} %"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.2f}" if value == value else page.NOTHING
    return page.count(value) if isinstance(value, float) else page.NOTHING


@dataclass(frozen=True)
class Drawn:
    """A figure of the page; `name` is its name among the report's figures."""

    name: str
    png: bytes
    alt: str
    caption: str


@dataclass(frozen=True)
class Thumbnail:
    """One photograph, what it shows, and two lines to stand below it."""

    png: bytes
    alt: str
    name: str
    note: str


@dataclass(frozen=True)
class Strip:
    """Photographs side by side under a label."""

    label: str
    thumbnails: list[Thumbnail]
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading of its own, shown in the order of the fields."""

    title: str
    lines: list[str]
    figures: list[Drawn]
    tables: list[Shown]
    strips: list[Strip]

    @classmethod
    def of(
        cls,
        title: str,
        *lines: str,
        figures: list[Drawn] | None = None,
        tables: list[Shown] | None = None,
        strips: list[Strip] | None = None,
    ) -> "Section":
        """A section of what there is."""
        return cls(title, list(lines), figures or [], tables or [], strips or [])
