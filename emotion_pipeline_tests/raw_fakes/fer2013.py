"""A tiny FER2013 folder in the published layout, in every form in which copies go round."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

N_ROWS = 30
N_PIXELS = 48 * 48
N_CODES = 7
STRAY_FILE = "Thumbs.db"


@dataclass(frozen=True)
class Picture:
    """One row: the emotion code and Usage as published, and pixels (2304,) uint8."""

    code: int
    usage: str
    pixels: np.ndarray = field(compare=False)


@dataclass(frozen=True)
class Style:
    """How a copy of the file is written; the default is the file of the Kaggle challenge."""

    header: str = "emotion,pixels,Usage"
    field_separator: str = ","
    newline: str = "\n"
    byte_order_mark: bool = False
    quoted_pixels: bool = False
    quoted_all: bool = False
    final_newline: bool = True


KAGGLE = Style()
ICML = Style(header="emotion, Usage, pixels")
STYLES = {
    "kaggle": KAGGLE,
    "icml": ICML,
    "icml, no blanks": Style(header="emotion,Usage,pixels"),
    "icml, blanks in the rows too": Style(header="emotion, Usage, pixels", field_separator=", "),
    "kaggle, blanks in the header": Style(header="emotion, pixels, Usage"),
    "other case": Style(header="Emotion,Pixels,usage"),
    "CRLF": Style(newline="\r\n"),
    "icml, CRLF": Style(header="emotion, Usage, pixels", newline="\r\n"),
    "byte order mark": Style(byte_order_mark=True),
    "quoted pixels": Style(quoted_pixels=True),
    "all quoted": Style(header='"emotion","pixels","Usage"', quoted_all=True),
    "icml, all quoted": Style(header='"emotion"," Usage"," pixels"', quoted_all=True),
    "no final line feed": Style(final_newline=False),
    "icml, no final line feed": Style(header="emotion, Usage, pixels", final_newline=False),
    "as Excel saves it": Style(newline="\r\n", byte_order_mark=True, final_newline=False),
}


def usages(n: int = N_ROWS) -> list[str]:
    """The Usage of n rows in published order: 80 % Training, then 10 % of either other."""
    return [
        "Training" if row < 0.8 * n else "PublicTest" if row < 0.9 * n else "PrivateTest"
        for row in range(n)
    ]


def pictures(n: int = N_ROWS, seed: int = 0, n_pixels: int = N_PIXELS) -> list[Picture]:
    """Random pictures of all seven emotions, in published order."""
    pixels = np.random.default_rng(seed).integers(0, 256, (n, n_pixels), dtype=np.uint8)
    return [Picture(row % N_CODES, usage, pixels[row]) for row, usage in enumerate(usages(n))]


def line(picture: Picture, style: Style = KAGGLE) -> bytes:
    """One row as text, without its line end."""
    pixels = " ".join(map(str, picture.pixels.tolist()))
    fields = [str(picture.code), picture.usage, f'"{pixels}"' if style.quoted_pixels else pixels]
    if style.quoted_all:
        fields = [f'"{text}"' for text in fields]
    if not style.header.rstrip('"').endswith("pixels"):
        fields = [fields[0], fields[2], fields[1]]
    return style.field_separator.join(fields).encode()


def content(lines: list[bytes], style: Style = KAGGLE) -> bytes:
    """The bytes of a file with these rows."""
    newline = style.newline.encode()
    mark = b"\xef\xbb\xbf" if style.byte_order_mark else b""
    text = mark + newline.join([style.header.encode(), *lines])
    return text + newline if style.final_newline else text


def write(
    raw_root: Path,
    rows: list[Picture] | list[bytes] | None = None,
    *,
    style: Style = KAGGLE,
    folder: str = "fer2013",
    name: str = "fer2013.csv",
) -> Path:
    """Write pictures, or rows that are text already, and a stray file; returns the CSV's path."""
    path = raw_root / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / STRAY_FILE).write_bytes(b"\xd0\xcf\x11\xe0")
    lines = [
        row if isinstance(row, bytes) else line(row, style)
        for row in (pictures() if rows is None else rows)
    ]
    path.write_bytes(content(lines, style))
    return path
