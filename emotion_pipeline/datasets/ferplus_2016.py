"""The first FER+ votes, of 2016: one `label.csv` for each of three folders.

These files name pictures, not rows, and the names do not count the rows of FER2013. Only
`fer2013new.csv`, whose name column stands beside the row position, can place them, so it has to
be there too. Its votes differ on about 1,600 rows: a second panel of taggers.
"""

from pathlib import Path

from emotion_pipeline.datasets import ferplus, vote_csv
from emotion_pipeline.datasets.base import Dataset, Pictures, Reject, Rows, Unusable
from emotion_pipeline.datasets.ferplus import VoteRow
from emotion_pipeline.datasets.raw_files import (
    RawFile,
    SourceMissing,
    SourceRefused,
    folder_of,
    is_synthetic,
)
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import SPLITS

FOLDER_TO_SPLIT = dict(zip(("fer2013train", "fer2013valid", "fer2013test"), SPLITS, strict=True))
BOX = "(0, 0, 48, 48)"


def find(raw_root: Path) -> list[RawFile]:
    """The 2017 table, which places the names, then the three label files in split order."""
    for folder in folder_of(raw_root, *ferplus.FOLDERS):
        found = {path.parent.name.lower(): path for path in folder.glob("**/label.csv")}
        if FOLDER_TO_SPLIT.keys() <= found.keys():
            labels = (RawFile.at(found[name]) for name in FOLDER_TO_SPLIT)
            return [*ferplus.find(raw_root), *labels]
    raise SourceMissing(
        f"the 2016 votes of FER+ are not in {raw_root / 'ferplus'}: expected {DATASET.expects}."
        f" Get them from {DATASET.homepage}."
    )


def scan(files: list[RawFile], pictures: Pictures | None) -> Rows:
    """Place every named line of the label files on its row of FER2013."""
    if pictures is None:
        raise ValueError("FER+ is joined to the pictures of FER2013")
    table, *label_files = [Path(file.path) for file in (files[0], *files[-3:])]
    placed, rejects = ferplus.read(table)
    ferplus.check_alignment(table, len(placed) + len(rejects), pictures)
    # The last row of a name wins: the generator of FER+ wrote its picture over the earlier one.
    by_name = {row.picture_name: row for row in placed if row.picture_name}
    rows: dict[int, VoteRow] = {}
    rejects = []
    for path, split in zip(label_files, SPLITS, strict=True):
        for position, fields in enumerate(vote_csv.lines(path)):
            try:
                row = _placed(fields, split, by_name)
                if row.position in rows:
                    raise Unusable("listed_twice", f"{row.picture_name} has a line already")
                rows[row.position] = row
            except Unusable as bad:
                rejects.append(Reject(f"{path.parent.name}/{path.name}", position, *bad.args))
    if not rows:
        raise SourceRefused(f"{label_files[0].parent.parent}: not one usable row of votes")
    joined, unmatched = ferplus.join(list(rows.values()), pictures, table)
    return Rows(ferplus.vote_table(joined, synthetic=is_synthetic(files)), rejects + unmatched)


def _placed(fields: list[str], split: str, by_name: dict[str, VoteRow]) -> VoteRow:
    """One line with its row position."""
    if len(fields) < 2 or fields[1].strip() != BOX:
        raise Unusable("wrong_box", f"expected a name and {BOX}, found {str(fields)[:60]}")
    name = fields[0].strip()
    row = by_name.get(name)
    if row is None:
        raise Unusable("unknown_picture", f"{name[:40]!r} is no name in {ferplus.FILE}")
    if row.split != split:
        raise Unusable("wrong_split", f"{name[:40]!r} belongs to {row.split}")
    return VoteRow(row.position, split, row.picture_name, vote_csv.counts(fields[2:]))


DATASET = Dataset(
    name="ferplus_2016",
    title="FER+ (2016 label files)",
    homepage=ferplus.DATASET.homepage,
    licence=ferplus.DATASET.licence,
    expects="`FER2013Train/label.csv`, `FER2013Valid/…`, `FER2013Test/…` beside `fer2013new.csv`",
    n_buckets=16,
    find=find,
    scan=scan,
    to_samples=ferplus.to_samples,
    keyed_by=ferplus.DATASET.keyed_by,
    schema=ferplus.VOTES,
    emotions=EMOTIONS,
    pictures_from="fer2013",
)
