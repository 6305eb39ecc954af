"""A tiny FER+ folder: the vote table of 2017 and the three label files of 2016."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion_pipeline_tests.raw_fakes.fer2013 import N_ROWS, usages

HEADER = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)
N_EMOTIONS = 8
UNNAMED_ROWS = (11, 25)
NAMED_TWICE = (3, 14)  # the later of the two rows is the one that the name stands for
BOX = '"(0, 0, 48, 48)"'
FOLDERS_2016 = {
    "FER2013Train": "Training",
    "FER2013Valid": "PublicTest",
    "FER2013Test": "PrivateTest",
}

# One clear row per emotion, then the four ways to be undecided.
TIE, NO_MAJORITY, UNKNOWN, NOT_A_FACE = 8, 9, 10, 11
_FIRST_VOTES = [
    *[
        [8 if column == emotion else 2 * (column == 9) for column in range(10)]
        for emotion in range(8)
    ],
    [5, 5, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 4, 3, 3, 0, 0, 0, 0, 0, 0],
    [2, 0, 0, 1, 0, 0, 0, 0, 7, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 10],
]


@dataclass(frozen=True)
class VoteLine:
    """One row of the table: Usage, picture name and ten votes."""

    usage: str
    name: str
    votes: tuple[int, ...]

    def text(self) -> str:
        return ",".join([self.usage, self.name, *map(str, self.votes)])


def vote_lines(n: int = N_ROWS, seed: int = 0) -> list[VoteLine]:
    """Rows in published order, with unnamed rows, a name that occurs twice and shifted numbers."""
    rng = np.random.default_rng(seed)
    votes = [*_FIRST_VOTES, *rng.multinomial(10, [0.1] * 10, size=n).tolist()][:n]
    for row in UNNAMED_ROWS:
        votes[row] = _FIRST_VOTES[NOT_A_FACE]
    lines, number = [], 0
    for row, usage in enumerate(usages(n)):
        name = "" if row in UNNAMED_ROWS else f"fer{number:07d}.png"
        number += row not in UNNAMED_ROWS
        if row == NAMED_TWICE[1]:
            name = lines[NAMED_TWICE[0]].name
        lines.append(VoteLine(usage, name, tuple(votes[row])))
    return lines


def write(
    raw_root: Path,
    rows: list[VoteLine] | list[str] | None = None,
    *,
    folder: str = "ferplus",
    name: str = "fer2013new.csv",
    newline: str = "\n",
    byte_order_mark: bool = False,
    final_newline: bool = True,
) -> Path:
    """Write the table of 2017, from rows or from text, and a stray file; returns its path."""
    path = raw_root / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    (path.parent / "README.md").write_text("# FER+\n")
    lines = [
        row if isinstance(row, str) else row.text()
        for row in (vote_lines() if rows is None else rows)
    ]
    text = newline.join([HEADER, *lines]) + newline * final_newline
    path.write_bytes(b"\xef\xbb\xbf" * byte_order_mark + text.encode())
    return path


def label_lines_2016(rows: list[VoteLine]) -> dict[str, list[str]]:
    """Lines of each `label.csv`: every name once, with the votes of its last row."""
    last = {row.name: row for row in rows if row.name}
    return {
        folder: [
            ",".join([row.name, BOX, *map(str, row.votes)])
            for row in last.values()
            if row.usage == usage
        ]
        for folder, usage in FOLDERS_2016.items()
    }


def write_2016(
    raw_root: Path, lines: dict[str, list[str]] | None = None, *, folder: str = "ferplus/data"
) -> dict[str, Path]:
    """Write the three label files, which have no header; returns their paths by folder."""
    lines = label_lines_2016(vote_lines()) if lines is None else lines
    paths = {}
    for name, rows in lines.items():
        paths[name] = raw_root / folder / name / "label.csv"
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        paths[name].write_text("".join(f"{row}\n" for row in rows), newline="\n")
        (paths[name].parent / "fer0000000.png").write_bytes(b"\x89PNG")
    return paths
