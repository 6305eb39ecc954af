"""The rows of AffectNet's CSV files: text from a file of up to a million lines to fields.

One line is one row, so that a stray quotation mark costs no other row.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emotion_pipeline.datasets.affectnet_labels import shown
from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.raw_files import SourceRefused

COLUMNS = (
    "subDirectory_filePath",
    "face_x",
    "face_y",
    "face_width",
    "face_height",
    "facial_landmarks",
    "expression",
    "valence",
    "arousal",
)
MAX_FILE_BYTES = 4 << 30
MAX_LINE_CHARACTERS = 64 << 10
_HEADER = [name.lower() for name in COLUMNS]
_WHOLE_NUMBER = re.compile(r"-?\d{1,6}", re.ASCII)


@dataclass(frozen=True)
class Layout:
    """In which order a file has the columns: places of `COLUMNS` among `n_fields`."""

    n_fields: int
    places: tuple[int, ...]

    def fields(self, line: str) -> list[str]:
        """The fields of one line in the order of `COLUMNS`; Unusable where they are others."""
        try:
            found = next(csv.reader([line], strict=True), [])
        except csv.Error as error:
            raise Unusable("bad_row", f"expected {self.n_fields} fields: {error}") from error
        if len(found) != self.n_fields:
            detail = f"expected {self.n_fields} fields, found {len(found)}"
            raise Unusable("wrong_field_count", detail)
        return [found[place] for place in self.places]


AS_PUBLISHED = Layout(len(COLUMNS), tuple(range(len(COLUMNS))))


def lines(path: Path) -> Iterator[tuple[int, str, Layout]]:
    """Data rows, counted from 0, and how they are laid out; SourceRefused for another file."""
    texts = _texts(path)
    first = next(texts, "")
    layout = _layout_in(first)
    if layout is not None:
        yield from ((row, line, layout) for row, line in enumerate(texts))
    elif _is_row(first):  # some copies have no header
        yield 0, first, AS_PUBLISHED
        yield from ((row, line, AS_PUBLISHED) for row, line in enumerate(texts, start=1))
    else:
        raise SourceRefused(
            f"{path}: expected the columns {', '.join(COLUMNS)}, found {shown(first)}. Put the file"
            " there that comes with AffectNet."
        )


def box_of(fields: list[str]) -> dict[str, int]:
    """A box, not yet clipped to its picture, from the texts of left, top, width and height in
    pixels; Unusable where they are none."""
    if not all(_WHOLE_NUMBER.fullmatch(field) for field in fields):
        raise Unusable("bad_box", f"expected four whole numbers, found {shown(', '.join(fields))}")
    left, top, width, height = (int(field) for field in fields)
    if width <= 0 or height <= 0:
        raise Unusable("bad_box", f"expected a width and a height, found {width} x {height}")
    return {"left_px": left, "top_px": top, "right_px": left + width, "bottom_px": top + height}


def _texts(path: Path) -> Iterator[str]:
    """Lines that are not blank."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SourceRefused(f"{path}: larger than {MAX_FILE_BYTES:,} bytes, which none is")
        with path.open(encoding="utf-8-sig") as file:
            while line := file.readline(MAX_LINE_CHARACTERS):
                if len(line) == MAX_LINE_CHARACTERS:
                    limit = f"{MAX_LINE_CHARACTERS:,} characters"
                    raise SourceRefused(
                        f"{path}: a line of {limit} or more is no row; get it again"
                    )
                if not line.isspace():
                    yield line
    except UnicodeDecodeError as error:
        raise SourceRefused(f"{path}: not a CSV file ({error}); get it again") from error
    except OSError as error:
        raise SourceRefused(f"{path}: cannot be read ({error.strerror})") from error


def _layout_in(header: str) -> Layout | None:
    names = [name.strip(' "\n').lower() for name in header.split(",")]
    if not set(_HEADER) <= set(names):
        return None
    return Layout(len(names), tuple(names.index(name) for name in _HEADER))


def _is_row(line: str) -> bool:
    try:
        code = AS_PUBLISHED.fields(line)[COLUMNS.index("expression")]
    except Unusable:
        return False
    return _WHOLE_NUMBER.fullmatch(code) is not None
