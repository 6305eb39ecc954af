"""AffectNet as its owners release it: folders of photographs, and CSV files that describe them.

`training.csv`, `validation.csv` and, for what a network has labelled, `automatically_annotated.csv`
name a picture `<folder>/<picture>`, a box around its face, landmarks, an emotion, valence and
arousal. What they name is never opened: it is looked up among the files that were found.
"""

from pathlib import Path

from emotion_pipeline.datasets.affectnet_labels import (
    RAW_COLUMNS,
    affect_of,
    emotion_of,
    sample_id,
    shown,
    split_of,
)
from emotion_pipeline.datasets.affectnet_rows import box_of, lines
from emotion_pipeline.datasets.base import AUTOMATIC, Reject, Rows, Unusable
from emotion_pipeline.datasets.picture_files import Labels, raw_rows
from emotion_pipeline.datasets.raw_files import PICTURES, RawFile, is_synthetic

READS = (*PICTURES, ".csv")
# By a word in the name: published split and annotation. The test part comes before the others, so
# that a picture that is listed twice stays in it.
LISTS = {
    "validation": ("test", "manual"),
    "training": ("train", "manual"),
    "automatically_annotated": ("train", AUTOMATIC),
}


class Album:
    """The pictures that were found, by folder and name; it notes which of them were asked for."""

    def __init__(self, files: list[RawFile]):
        self._unasked = {file.name: file for file in files if file.is_picture}
        self._found: dict[tuple[bool, str], RawFile] = {}
        for file in self._unasked.values():
            self._found.setdefault((_is_automatic(file), _ending(file.name)), file)

    def ask(self, path: str, automatic: bool) -> RawFile | None:
        """The picture whose path ends like this one, from the folders of its kind if it can be."""
        found = [self._found.get((kind, _ending(path))) for kind in (automatic, not automatic)]
        picture = found[0] or found[1]
        if picture is not None:
            self._unasked.pop(picture.name, None)
        return picture

    def never_asked_for(self) -> list[RawFile]:
        return list(self._unasked.values())


def is_there(files: list[RawFile]) -> bool:
    """Whether one of the CSV files is among the files."""
    return any(_list_of(file) for file in files)


def scan(files: list[RawFile]) -> Rows:
    """One raw row per usable row of the CSV files; SourceRefused for a file that is none."""
    album = Album(files)
    found: list[RawFile] = []
    labels: list[Labels] = []
    rejects: list[Reject] = []
    synthetic = is_synthetic(files)
    lists = [(word, file) for word in LISTS for file in files if _list_of(file) == word]
    for word, file in lists:
        split, annotation = LISTS[word]
        for row, line, layout in lines(Path(file.path)):
            try:
                picture, label = _read(layout.fields(line), album, annotation == AUTOMATIC)
            except Unusable as bad:
                rejects.append(Reject(file.name, row, *bad.args))
                continue
            found.append(picture)
            more = {"split": split_of(split, picture), "annotation": annotation}
            labels.append({**label, **more, "synthetic": synthetic})
    rejects += _not_listed(album, {word for word, _ in lists})
    rows = raw_rows(found, labels, RAW_COLUMNS)
    return Rows(rows.good, rejects + rows.rejects)


def _read(fields: list[str], album: Album, automatic: bool) -> tuple[RawFile, Labels]:
    """The picture of a row and what the row says of it."""
    path, left, top, width, height, landmarks, code, valence, arousal = fields
    picture = album.ask(path, automatic)
    emotion = emotion_of(code)
    if picture is None:
        raise Unusable("picture_missing", f"no picture ends in {shown(_ending(path))}")
    return picture, {
        "sample_id": sample_id(_ending(picture.name)),
        "emotion": emotion,
        "valence": affect_of(valence),
        "arousal": affect_of(arousal),
        "face_box": box_of([left, top, width, height]),
        "landmarks": landmarks,
    }


def _not_listed(album: Album, words: set[str]) -> list[Reject]:
    """Pictures that have no row, unless they are those of a CSV that is not there."""
    return [
        Reject(file.name, None, "not_listed", f"expected a row in {', '.join(sorted(words))}")
        for file in album.never_asked_for()
        if "automatically_annotated" in words or not _is_automatic(file)
    ]


def _list_of(file: RawFile) -> str | None:
    """Which of `LISTS` a file is, by its name."""
    name = file.name.lower()
    if not name.endswith(".csv"):
        return None
    words = reversed(LISTS)  # `automatically_annotated_training.csv` is automatic
    return next((word for word in words if word in name.rpartition("/")[2]), None)


def _is_automatic(file: RawFile) -> bool:
    return any(AUTOMATIC in folder for folder in file.name.lower().split("/")[:-1])


def _ending(path: str) -> str:
    """The last folder and the name: what both a CSV and a copy of the pictures know."""
    return "/".join(path.strip().split("/")[-2:])
