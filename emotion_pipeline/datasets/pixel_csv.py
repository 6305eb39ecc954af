"""Decoder of CSV files whose rows are an emotion code, a use and 2,304 pixel values.

Such a file is 300 MB of digits. Whole blocks of lines are decoded with vectorised arithmetic and
checked as strictly as the slow path, which reads line by line and is taken only for a block in
which something is irregular: it names each bad row, so that one bad byte costs one row.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from joblib import Parallel, cpu_count, delayed

from emotion_pipeline.datasets.base import Reject
from emotion_pipeline.datasets.raw_files import SourceRefused

N_PIXELS = 48 * 48
N_CODES = 7
USES = (b"Training", b"PublicTest", b"PrivateTest")
BLOCK_BYTES = 1 << 19
MAX_HEADER_BYTES = 1 << 12
MAX_REJECTS = 50_000  # more than FER2013 has rows

_N_SEPARATORS = N_PIXELS + 2
_CODES = tuple(str(code).encode() for code in range(N_CODES))
_WHOLE_NUMBER = re.compile(rb"0|[1-9][0-9]{0,5}")
_QUOTED = re.compile(rb'^"([^"]*)"$')  # no field has a comma or a quote in it
_EXPECTED = "a header line `emotion,pixels,Usage` or `emotion, Usage, pixels`"


@dataclass(frozen=True)
class PixelRows:
    """Good rows of some lines: positions (n,), codes (n,), uses (n,) and pixels (n, 2304)."""

    position: np.ndarray
    code: np.ndarray
    use: np.ndarray
    pixels: np.ndarray


_Decoded = tuple[PixelRows, list[Reject], int]


@dataclass(frozen=True)
class _Layout:
    source: str
    pixels_last: bool
    padded: bool


class _Irregular(Exception):
    """The block cannot be decoded as a whole."""


class _BadRow(Exception):
    """One line cannot be used: reason and detail."""


def read(path: Path) -> tuple[list[PixelRows], list[Reject]]:
    """Every good row, block after block, and a reject per bad one.

    Codes are 0–6 as published, uses index `USES`, pixels are uint8. Raises SourceRefused where
    the file is no such table at all.
    """
    good: list[PixelRows] = []
    rejects: list[Reject] = []
    with path.open("rb") as file:
        layout = _read_header(path, file.readline(MAX_HEADER_BYTES))
        position = 0
        # Threads, since numpy works outside the interpreter lock; a few blocks are in memory.
        decode = Parallel(cpu_count(), backend="threading", return_as="generator")
        for rows, bad, n_rows in decode(delayed(_decode)(block, layout) for block in _blocks(file)):
            good.append(replace(rows, position=rows.position + position))
            rejects.extend(replace(reject, row=reject.row + position) for reject in bad)
            position += n_rows
            if len(rejects) > MAX_REJECTS:
                raise SourceRefused(
                    f"{path}: more than {MAX_REJECTS:,} bad rows; {_first(rejects)}"
                )
    if not sum(len(rows.position) for rows in good):
        raise SourceRefused(f"{path}: not one of {position} rows is usable; {_first(rejects)}")
    return good, rejects


def _first(rejects: list[Reject]) -> str:
    return f"first: {rejects[0].reason}, {rejects[0].detail}" if rejects else "it has no rows"


def _read_header(path: Path, line: bytes) -> _Layout:
    fields = line.decode("utf-8-sig", "replace").rstrip("\r\n").split(",")
    names = [field.strip(' "').lower() for field in fields]
    if names not in (["emotion", "pixels", "usage"], ["emotion", "usage", "pixels"]):
        raise SourceRefused(f"{path}: expected {_EXPECTED}, found {_shown(line)}")
    padded = any(field.startswith(" ") for field in fields)
    return _Layout(path.name, pixels_last=names[-1] == "pixels", padded=padded)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The file in stretches of whole lines that end in a single line feed."""
    rest = b""
    while chunk := file.read(BLOCK_BYTES):
        chunk = rest + chunk
        end = chunk.rfind(b"\n") + 1
        if not end and len(chunk) > 4 * BLOCK_BYTES:
            raise SourceRefused(
                f"{file.name}: a line of more than {4 * BLOCK_BYTES:,} bytes is no row"
            )
        rest = chunk[end:]
        if end:
            whole = chunk[:end]
            yield whole.replace(b"\r\n", b"\n") if b"\r" in whole else whole
    if rest:
        yield rest


def _decode(block: bytes, layout: _Layout) -> _Decoded:
    """Rows and rejects of some whole lines, counted from 0, and the number of lines with rows."""
    try:
        rows = _decode_block(block, layout.pixels_last)
        return rows, [], len(rows.position)
    except _Irregular:
        return _decode_lines(block, layout)


def _decode_block(block: bytes, pixels_last: bool) -> PixelRows:
    """All rows of a block at once; _Irregular unless every byte is as it should be."""
    data = np.frombuffer(block, dtype=np.uint8)
    is_separator = data < ord("0")
    found = np.flatnonzero(is_separator)
    if len(found) % _N_SEPARATORS or data[-1] != ord("\n"):
        raise _Irregular
    separators = found.reshape(-1, _N_SEPARATORS)
    first_pixel = 2 if pixels_last else 1
    wanted = np.full(_N_SEPARATORS, ord(" "), dtype=np.uint8)
    wanted[[0, first_pixel - 1, -1 if pixels_last else N_PIXELS]] = ord(",")
    wanted[-1] = ord("\n")
    if (data[separators] != wanted).any():
        raise _Irregular
    starts = np.concatenate([[0], separators[:-1, -1] + 1])
    word = separators[:, [0, 1] if pixels_last else [N_PIXELS, N_PIXELS + 1]]
    use = _decode_uses(data, word[:, 0] + 1, word[:, 1])
    code = data[starts] - ord("0")
    if (separators[:, 0] != starts + 1).any() or (code >= N_CODES).any():
        raise _Irregular
    n_letters = int((word[:, 1] - word[:, 0] - 1).sum())
    values = _numbers_ending_at(data, is_separator, n_digits=len(data) - len(found) - n_letters)
    pixels = values[separators[:, first_pixel : first_pixel + N_PIXELS] - 1]
    return PixelRows(np.arange(len(pixels)), code, use, pixels)


def _numbers_ending_at(data: np.ndarray, is_separator: np.ndarray, n_digits: int) -> np.ndarray:
    """For every byte the number 0 to 255 that ends with it, uint8; 0 where there is no digit.

    Computed for the whole block, in bytes, which is quicker than gathering the digits of every
    field. _Irregular unless there are exactly `n_digits` digits, in numbers of one to three without
    leading zeros and up to 255, and no two separators in a row.
    """
    digits = data - np.uint8(ord("0"))
    is_digit = digits <= 9
    digits *= is_digit
    pair = is_digit[1:] & is_digit[:-1]  # this byte and the next are digits
    rest = digits[2:] + np.uint8(10) * digits[1:-1]  # tens and units
    hundreds = digits[:-2] * pair[1:]
    wrong = (
        (np.count_nonzero(is_digit) != n_digits)
        or (is_separator[1:] & is_separator[:-1]).any()
        or (pair[2:] & pair[:-2]).any()  # four digits
        or ((digits[1:-1] == 0) & pair[1:] & is_separator[:-2]).any()  # a leading zero
        or (hundreds > 2).any()
        or ((hundreds == 2) & (rest > 55)).any()
    )
    if wrong:
        raise _Irregular
    values = digits.copy()
    values[1] += np.uint8(10) * digits[0]
    values[2:] = rest + np.uint8(100) * hundreds
    return values


def _decode_uses(data: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    use = np.full(len(start), len(USES), dtype=np.uint8)
    for number, word in enumerate(USES):
        rows = np.flatnonzero(end - start == len(word))
        letters = data[start[rows, None] + np.arange(len(word))]
        use[rows[(letters == np.frombuffer(word, np.uint8)).all(axis=1)]] = number
    if (use == len(USES)).any():
        raise _Irregular
    return use


def _decode_lines(block: bytes, layout: _Layout) -> _Decoded:
    """Line by line: the good rows, a reject for each of the others, and the number of rows."""
    good: list[tuple[int, ...]] = []
    pixels: list[np.ndarray] = []
    rejects = []
    lines = [line for line in block.split(b"\n") if line.strip()]
    for row, line in enumerate(lines):
        try:
            *numbers, values = _decode_line(line, layout)
            good.append((row, *numbers))
            pixels.append(values)
        except _BadRow as bad:
            rejects.append(Reject(layout.source, row, *bad.args))
    if rejects and rejects[-1].row == len(lines) - 1 and not block.endswith(b"\n"):
        last = rejects.pop()
        rejects.append(
            replace(last, reason="truncated", detail=f"the file ends here; {last.detail}")
        )
    position, code, use = np.array(good, dtype=np.int64).reshape(-1, 3).T
    stacked = np.stack(pixels) if pixels else np.empty((0, N_PIXELS), dtype=np.uint8)
    rows = PixelRows(position, code.astype(np.uint8), use.astype(np.uint8), stacked)
    return rows, rejects, len(lines)


def _decode_line(line: bytes, layout: _Layout) -> tuple[int, int, np.ndarray]:
    fields = line.split(b",")
    if len(fields) != 3:
        raise _BadRow("wrong_field_count", f"expected 3 fields, found {len(fields)}")
    if layout.padded:
        fields = [field.removeprefix(b" ") for field in fields]
    code, *rest = [_QUOTED.sub(rb"\1", field) for field in fields]
    use, pixels = rest if layout.pixels_last else reversed(rest)
    if code not in _CODES:
        raise _BadRow(
            "unknown_emotion", f"expected a code 0 to {N_CODES - 1}, found {_shown(code)}"
        )
    if use not in USES:
        raise _BadRow(
            "unknown_usage", f"expected one of {_shown(b', '.join(USES))}, found {_shown(use)}"
        )
    return int(code), USES.index(use), _decode_pixel_text(pixels)


def _decode_pixel_text(text: bytes) -> np.ndarray:
    values = text.split(b" ")
    wrong = next((value for value in values if not _WHOLE_NUMBER.fullmatch(value)), None)
    if wrong is not None:
        raise _BadRow(
            "not_a_number", f"expected whole numbers with one blank between, found {_shown(wrong)}"
        )
    if len(values) != N_PIXELS:
        raise _BadRow("wrong_pixel_count", f"expected {N_PIXELS} values, found {len(values)}")
    numbers = np.array([int(value) for value in values], dtype=np.int64)
    if numbers.max() > 255:
        raise _BadRow("pixel_out_of_range", f"expected values 0 to 255, found {numbers.max()}")
    return numbers.astype(np.uint8)


def _shown(text: bytes) -> str:
    """Bytes of a hostile file as short printable text."""
    return repr(text[:60].decode("utf-8", "replace"))
