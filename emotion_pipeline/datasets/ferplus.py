"""FER+: ten votes for every picture of FER2013, as Microsoft published them in 2017.

`fer2013new.csv` has the rows of `fer2013.csv` in the same order, and the two are joined by row
position alone: names are missing, occur twice, and do not count the rows (Barsoum et al. 2016).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import drawn_sample, fer2013, vote_csv
from emotion_pipeline.datasets.base import Dataset, Pictures, Reject, Rows, Unusable
from emotion_pipeline.datasets.raw_files import (
    SYNTHETIC_MARK,
    SYNTHETIC_NOTE,
    RawFile,
    SourceRefused,
    folder_of,
    is_synthetic,
    missing,
)
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import SPLITS, VOTES
from emotion_pipeline.votes import VOTE_CLASSES, majority, tied

FILE = "fer2013new.csv"
HEADER = [
    "usage",
    "image name",
    *[
        "neutral",
        "happiness",
        "surprise",
        "sadness",
        "anger",
        "disgust",
        "fear",
        "contempt",
        "unknown",
        "nf",
    ],
]
USAGE_TO_SPLIT = dict(zip(("Training", "PublicTest", "PrivateTest"), SPLITS, strict=True))
FOLDERS = ("ferplus", "fer+", "fer_plus", "fer2013")


@dataclass(frozen=True)
class VoteRow:
    """One line of `fer2013new.csv`."""

    position: int
    split: str
    picture_name: str
    votes: list[int]


def find(raw_root: Path) -> list[RawFile]:
    """The votes, and the mark of drawn samples if it is there."""
    for folder in folder_of(raw_root, *FOLDERS):
        for path in sorted(folder.iterdir()):
            if path.name.lower() == FILE and path.is_file():
                mark = folder / SYNTHETIC_MARK
                return [RawFile.at(one) for one in (path, mark) if one.is_file()]
    expects = f"{DATASET.expects}, there or in {raw_root / 'fer2013'}"
    raise missing("FER+", raw_root / "ferplus", expects, DATASET.homepage)


def read(path: Path) -> tuple[list[VoteRow], list[Reject]]:
    """The rows and rejects of `fer2013new.csv`; SourceRefused if it is something else."""
    lines = vote_csv.lines(path)
    header = [name.strip().lower() for name in next(lines, [])]
    if header != HEADER:
        raise SourceRefused(
            f"{path}: expected the header {','.join(HEADER)}, found {str(header)[:200]}"
        )
    rows, rejects = [], []
    for position, fields in enumerate(lines):
        try:
            split = USAGE_TO_SPLIT.get(fields[0])
            if split is None:
                raise Unusable("unknown_usage", f"expected a Usage, found {fields[0][:40]!r}")
            votes = vote_csv.counts(fields[2:])
            rows.append(VoteRow(position, split, fields[1].strip(), votes))
        except Unusable as bad:
            rejects.append(Reject(path.name, position, *bad.args))
    if not rows:
        raise SourceRefused(f"{path}: not one usable row of votes")
    return rows, rejects


def scan(files: list[RawFile], pictures: Pictures | None) -> Rows:
    """Join the votes to the pictures by row position."""
    if pictures is None:
        raise ValueError("FER+ is joined to the pictures of FER2013")
    table = Path(files[0].path)
    rows, rejects = read(table)
    check_alignment(table, len(rows) + len(rejects), pictures)
    joined, unmatched = join(rows, pictures, table)
    return Rows(vote_table(joined, synthetic=is_synthetic(files)), rejects + unmatched)


def check_alignment(path: Path, n_rows: int, pictures: Pictures) -> None:
    """SourceRefused unless the table has as many rows as the picture file."""
    if n_rows != pictures.n_raw_rows:
        raise SourceRefused(
            f"{path} has {n_rows:,} rows, the picture file of FER2013 {pictures.n_raw_rows:,}."
            " They are joined by row position, so both have to be whole: look at"
            " rejects/fer2013 for broken lines, or fetch both files again."
        )


def join(rows: list[VoteRow], pictures: Pictures, path: Path) -> tuple[list[VoteRow], list[Reject]]:
    """The rows whose picture is usable, and rejects for the others."""
    samples = pictures.samples
    splits = dict(zip(samples["sample_id"].to_pylist(), samples["split"].to_pylist(), strict=True))
    joined, rejects = [], []
    for row in rows:
        split = splits.get(fer2013.sample_id(row.position))
        if split is None:
            rejects.append(
                Reject(path.name, row.position, "picture_rejected", "see rejects/fer2013")
            )
        elif split != row.split:
            raise SourceRefused(
                f"{path}: row {row.position} belongs to {row.split}, but the picture in that row of"
                f" FER2013 to {split}: the two files do not have the same rows in the same order"
            )
        else:
            joined.append(row)
    return joined, rejects


def vote_table(rows: list[VoteRow], *, synthetic: bool) -> pa.Table:
    """Raw rows with the ten `votes_<class>` columns."""
    return pa.table(
        {
            "sample_id": [fer2013.sample_id(row.position) for row in rows],
            "split": [row.split for row in rows],
            **vote_csv.as_columns([row.votes for row in rows]),
            "synthetic": np.full(len(rows), synthetic),
        }
    )


def to_samples(rows: pa.Table) -> Rows:
    """Raw rows to vote rows: Microsoft's majority as `emotion`, or why there is none."""
    votes = np.stack([rows[f"votes_{name}"].to_numpy() for name in VOTE_CLASSES], axis=1)
    targets, kept = majority(votes)
    decided = np.array(EMOTIONS)[targets.argmax(axis=1)]
    lead = np.array(VOTE_CLASSES)[votes.argmax(axis=1)]
    why = np.where(np.isin(lead, EMOTIONS), np.where(tied(votes), "tie", "no_majority"), lead)
    rows = rows.append_column("emotion", pa.array(decided, pa.string(), mask=~kept))
    return Rows(rows.append_column("undecided", pa.array(why, pa.string(), mask=kept)), [])


def draw(raw_root: Path, n: int, seed: int) -> None:
    """Write `ferplus/fer2013new.csv` with the votes on the n drawn faces of that seed."""
    folder = raw_root / "ferplus"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SYNTHETIC_MARK).write_text(SYNTHETIC_NOTE)
    with (folder / FILE).open("w", newline="\n") as file:
        file.write(f"Usage,Image name,{','.join(HEADER[2:-1])},NF\n")
        for row, face in enumerate(drawn_sample.faces(n, seed)):
            votes = ",".join(map(str, face.votes.tolist()))
            file.write(f"{face.usage},fer{row:07d}.png,{votes}\n")


DATASET = Dataset(
    name="ferplus",
    title="FER+ (2017 vote table)",
    homepage="https://github.com/microsoft/FERPlus",
    licence="MIT (the votes; the pictures are those of FER2013)",
    expects="`fer2013new.csv`, 35,887 rows of ten votes in the row order of `fer2013.csv`",
    n_buckets=16,
    find=find,
    scan=scan,
    to_samples=to_samples,
    keyed_by=("split", *(f"votes_{name}" for name in VOTE_CLASSES), "synthetic"),
    schema=VOTES,
    emotions=EMOTIONS,
    draw=draw,
    pictures_from="fer2013",
)
