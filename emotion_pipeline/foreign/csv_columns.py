"""Columns of a CSV file of a stranger as text, within limits; parsed block by block."""

import codecs
import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

MAX_BYTES = 1 << 30
MAX_ROWS = 5_000_000
MAX_HEADER_BYTES = 1 << 16
BLOCK_BYTES = 1 << 20


class TableRefused(ValueError):
    """The file is no table of predictions; the message says what was expected."""


def header_of(path: Path) -> list[str]:
    """Names of the columns, each once; TableRefused where the first line holds none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise TableRefused(f"{path.name}: more than {MAX_BYTES:,} bytes")
        with path.open("rb") as file:
            line = file.readline(MAX_HEADER_BYTES)
        found = next(csv.reader([line.decode("utf-8-sig").strip("\r\n")]), [])
    except OSError as error:
        raise TableRefused(f"{path.name}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableRefused(f"{path.name}: no line with the names of columns ({error})") from error
    names = [name.strip() for name in found]
    twice = sorted(name for name, n in Counter(names).items() if n > 1)
    if twice:
        raise TableRefused(f"{path.name}: several columns are called {twice[0]!r:.80}")
    return names


def text_columns(path: Path, header: list[str], wanted: list[str]) -> tuple[pa.Table, np.ndarray]:
    """The wanted columns as text, and the positions, counted from 0, of rows that are left out
    since their number of fields is another than that of the header. Raises TableRefused."""
    _refuse_other_than_text(path)
    skipped: list[int] = []

    def skip(row: arrow_csv.InvalidRow) -> str:
        skipped.append(int(row.number or 0) - 2)  # counted from 1, with the header
        return "skip"

    try:
        reader = arrow_csv.open_csv(
            path,
            arrow_csv.ReadOptions(
                use_threads=False, column_names=header, skip_rows=1, block_size=BLOCK_BYTES
            ),
            arrow_csv.ParseOptions(invalid_row_handler=skip),
            arrow_csv.ConvertOptions(
                include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string())
            ),
        )
        batches, n_rows = [], 0
        for batch in reader:
            batches.append(batch)
            n_rows += batch.num_rows
            if n_rows + len(skipped) > MAX_ROWS:
                raise TableRefused(f"{path.name}: more than {MAX_ROWS:,} rows")
    except (pa.ArrowInvalid, OSError) as error:
        raise TableRefused(f"{path.name}: not readable as CSV: {error!s:.200}") from error
    if not n_rows:
        raise TableRefused(f"{path.name}: no rows with {len(header)} fields, as its first line has")
    table = pa.Table.from_batches(batches)
    bad = np.array(sorted(skipped), dtype=np.int64)
    return table, bad


def _refuse_other_than_text(path: Path) -> None:
    """TableRefused unless the whole file is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise TableRefused(f"{path.name}: not readable as CSV: {error}") from error
