"""Reader of FER+ vote tables: lines of a few words and ten small counts."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.raw_files import SourceRefused
from emotion_pipeline.votes import VOTE_CLASSES

MAX_FILE_BYTES = 64 << 20
MAX_VOTES = 10


def lines(path: Path) -> Iterator[list[str]]:
    """The fields of every line that is not empty; SourceRefused for a file that is no CSV."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise SourceRefused(f"{path}: larger than {MAX_FILE_BYTES:,} bytes, which no vote table is")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            yield from (fields for fields in csv.reader(file) if fields)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceRefused(f"{path}: not a CSV file ({error})") from error


def counts(fields: list[str]) -> list[int]:
    """Ten counts from ten fields; Unusable says why not."""
    if len(fields) != len(VOTE_CLASSES):
        raise Unusable(
            "wrong_field_count", f"expected {len(VOTE_CLASSES)} counts, found {len(fields)}"
        )
    wrong = next((field for field in fields if not (field.isascii() and field.isdigit())), None)
    if wrong is not None:
        raise Unusable("not_a_number", f"expected whole numbers, found {wrong[:40]!r}")
    votes = [int(field) for field in fields if len(field) <= 2]
    if len(votes) < len(fields) or max(votes) > MAX_VOTES:
        raise Unusable("votes_out_of_range", f"expected counts up to {MAX_VOTES}")
    if not any(votes):
        raise Unusable("no_votes", "all counts are zero")
    return votes


def as_columns(votes: list[list[int]]) -> dict[str, np.ndarray]:
    """The ten `votes_<class>` columns."""
    table = np.array(votes, dtype=np.int16).reshape(-1, len(VOTE_CLASSES))
    return {f"votes_{name}": table[:, number] for number, name in enumerate(VOTE_CLASSES)}
