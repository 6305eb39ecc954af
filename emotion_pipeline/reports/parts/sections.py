"""What the page of a report consists of: sections of sentences, figures, tables and photographs.

How a number is written follows from its column's name, so that it reads the same everywhere:
`_score`, `_share` and `_rate` as percent, `_difference` with its sign (in points, where it is one
of percentages), `_error` and `_loss` with three digits, `p_value` as such. `<x>_low` and `<x>_high`
stand below `<x>` as its interval, `<x>_share` below `<x>`, and `<x>_sd` beside `<x>_mean`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from emotion_pipeline.reports.parts import page

MAX_ROWS = 40
MAX_LETTERS = 300

SHARE, LOW, HIGH, SD, MEAN = "_share", "_low", "_high", "_sd", "_mean"
_PERCENT = ("_score", SHARE, "_rate")
_THREE_DIGITS = ("_error", "_loss")
_UNITS = ("px", "ms", "s", "mb")


class Cell(NamedTuple):
    """One cell: its text, a second line below it, and its class in the style sheet."""

    text: str
    below: str
    kind: str


@dataclass(frozen=True, eq=False)
class Shown:
    """A table of the page; `name` is its name among the report's tables.

    The page shows the first `MAX_ROWS` rows of `columns`, or of all columns; the table in the file
    is whole. With `mark_zeros` counts of 0 are holes and stand out.
    """

    name: str
    caption: str
    table: pd.DataFrame
    mark_zeros: bool = False
    columns: tuple[str, ...] = ()

    @property
    def n_left_out(self) -> int:
        """Rows that the page does not show."""
        return max(0, len(self.table) - MAX_ROWS)

    def headings(self) -> list[Cell]:
        """Headings of the columns, numbers to the right and words to the left."""
        words = {name: pd.api.types.is_string_dtype(self.table[name]) for name in self.table}
        return [
            Cell(_heading(name), "", "words" if words[name] else "") for name in self._columns()
        ]

    def rows(self) -> list[list[Cell]]:
        """The first `MAX_ROWS` rows."""
        columns = self._columns()
        records = self.table.head(MAX_ROWS).to_dict("records")
        return [[self._cell(record, name) for name in columns] for record in records]

    def _columns(self) -> list[str]:
        names = [str(name) for name in self.table]
        wanted = self.columns or names
        return [name for name in wanted if not _belongs_to_another(name, names)]

    def _cell(self, record: dict[str, object], name: str) -> Cell:
        value = record[name]
        hole = self.mark_zeros and isinstance(value, int) and value == 0
        kind = "hole" if hole else "words" if isinstance(value, str) else ""
        return Cell(_with_spread(record, name), _below(record, name), kind)


def _belongs_to_another(name: str, names: list[str]) -> bool:
    """Whether a column is shown in the cell of another one."""
    owners = [name.removesuffix(end) for end in (SHARE, LOW, HIGH) if name.endswith(end)]
    owners += [f"{name.removesuffix(SD)}{MEAN}"] if name.endswith(SD) else []
    return any(owner in names for owner in owners)


def _heading(name: str) -> str:
    for end, unit in ((f"_{unit}", unit) for unit in _UNITS):
        if name.endswith(end):
            name = f"{name.removesuffix(end)}, {unit.upper() if unit == 'mb' else unit}"
    measured = name.removesuffix("_difference").removesuffix(MEAN)
    if measured.endswith(("_score", "_rate")):
        unit = "points" if name.endswith("_difference") else "%"
        name = f"{name.replace('_score', '')}, {unit}"
    return (
        name.removeprefix("n_").replace("_", " ")
        if name.startswith("n_")
        else name.replace("_", " ")
    )


def _with_spread(record: dict[str, object], name: str) -> str:
    """The value; a mean with the standard deviation beside it."""
    spread = record.get(f"{name.removesuffix(MEAN)}{SD}") if name.endswith(MEAN) else None
    text = text_of(name, record[name])
    there = isinstance(spread, float) and spread == spread
    return f"{text} ± {text_of(name, spread)}" if there else text


def _below(record: dict[str, object], name: str) -> str:
    """The interval of a value, or its share."""
    low, high = record.get(f"{name}{LOW}"), record.get(f"{name}{HIGH}")
    if isinstance(low, float) and low == low:
        between = " to " if name.endswith("_difference") else "–"
        return f"{text_of(name, low)}{between}{text_of(name, high)}"
    share = record.get(f"{name}{SHARE}")
    return f"{page.percent(share)} %" if isinstance(share, float) else ""


def text_of(name: str, value: object) -> str:
    """A value of the column `name` as people read it; a dash where there is none."""
    if isinstance(value, str):
        return value if len(value) <= MAX_LETTERS else f"{value[:MAX_LETTERS]}…"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return page.count(value)
    if not isinstance(value, float) or value != value:
        return page.NOTHING
    measured = name.removesuffix(MEAN).removesuffix("_difference")
    signed = name.endswith("_difference")
    if name.startswith("p_value"):
        return page.p_value(value)
    if measured.endswith(_PERCENT):
        if signed:
            return page.points(value)
        return f"{page.percent(value)}{' %' if name.endswith(SHARE) else ''}"
    if measured.endswith(_THREE_DIGITS):
        return page.signed_bits(value) if signed else page.bits(value)
    return page.count(value) if value.is_integer() else f"{value:,.2f}"


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
    """A part of the page with a heading of its own, shown in the order of the fields.

    `minor` ones stand below the section before them, with a smaller heading.
    """

    title: str
    lines: list[str]
    figures: list[Drawn]
    tables: list[Shown]
    strips: list[Strip]
    minor: bool = False

    @classmethod
    def of(
        cls,
        title: str,
        *lines: str,
        figures: list[Drawn] | None = None,
        tables: list[Shown] | None = None,
        strips: list[Strip] | None = None,
        minor: bool = False,
    ) -> "Section":
        """A section of what there is."""
        return cls(title, list(lines), figures or [], tables or [], strips or [], minor)
