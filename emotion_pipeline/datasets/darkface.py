"""DarkFace: boxes of faces in 6,000 pictures of streets at night (Yang et al. 2020).

The faces have no emotions; they are there to be found. No split of the labelled pictures was
published, so the content of a picture decides.
"""

import re
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa

from emotion_pipeline import schema
from emotion_pipeline.datasets import (
    box_text,
    drawn_pictures,
    drawn_streets,
    path_labels,
    picture_files,
)
from emotion_pipeline.datasets.base import Dataset, Pictures, Reject, Rows, Unusable
from emotion_pipeline.datasets.raw_files import (
    PICTURES,
    SYNTHETIC_MARK,
    RawFile,
    folder_of,
    is_synthetic,
    listed,
    missing,
)
from emotion_pipeline.digests import digest_file
from emotion_pipeline.imaging.codec import Measured

# Which files count in which folder. Other tools turn the labels into .xml and .json; those are
# listed to be rejected by name.
LABELS = (".txt", ".xml", ".json")
KINDS = {"image": PICTURES, "label": LABELS}
LABEL_BYTES = 1 << 20

SIZE_PX = (1080, 720)
# A street at night spans few gray values, but still more than a closed lens.
BLANK_SD = 0.5
SCHEMA = schema.samples_with(boxes=pa.list_(schema.BOX), n_boxes_published=pa.int32())
LABEL_COLUMNS = {field.name: field.type for field in schema.labels_of(SCHEMA)}

MIN_DRAWN = 12
DRAWN_WITHOUT_FACES = 3  # the number of the picture that nobody is in

_NUMBER = re.compile(r"0*[0-9]{1,5}")
_Key = tuple[str, int]
"""What makes a pair: the folder that holds `image` and `label`, and the number of the files."""


def find(raw_root: Path) -> list[RawFile]:
    """Pictures below folders `image`, labels below folders `label`, and the mark of drawn ones."""
    for folder in folder_of(raw_root, "darkface", "dark_face", "dark face"):
        files = listed(folder, *PICTURES, *LABELS)
        kinds = [_place(file)[0] for file in files]
        if set(KINDS) <= set(kinds):
            placed = zip(files, kinds, strict=True)
            return [file for file, kind in placed if kind or file.name == SYNTHETIC_MARK]
    raise missing(DATASET.title, raw_root / "DarkFace", DATASET.expects, DATASET.homepage)


def scan(files: list[RawFile], _: Pictures | None = None) -> Rows:
    """Pair pictures with label files by number: one raw row per pair, with the boxes as written."""
    rejects: list[Reject] = []
    pictures, labels = (_numbered(files, kind, rejects) for kind in KINDS)
    rejects += [_no_label(pictures[key]) for key in pictures if key not in labels]
    rejects += [_no_picture(labels[key]) for key in labels if key not in pictures]
    usable, values = [], []
    for key in sorted(pictures.keys() & labels.keys()):
        try:
            values.append(_values(key, pictures[key], labels[key]))
        except Unusable as bad:
            rejects.append(Reject(labels[key].name, None, *bad.args))
        else:
            usable.append(pictures[key])
    if not usable:
        example = min(rejects, key=lambda reject: reject.reason == "no_label")
        raise path_labels.none_usable(files, [example], DATASET.expects)
    synthetic = {"synthetic": is_synthetic(files)}
    made = picture_files.raw_rows(usable, [one | synthetic for one in values], LABEL_COLUMNS)
    return Rows(made.good, rejects + made.rejects)


def to_samples(rows: pa.Table) -> Rows:
    """Raw rows to samples; boxes are cut off at the edges of the picture."""
    return picture_files.to_samples(rows, SCHEMA, _with_clipped_boxes, BLANK_SD)


def split_of(digest: str) -> str:
    """The split of a picture by the digest (hexadecimal) of its file: 80, 10 and 10 %."""
    share = picture_files.share_of(digest)
    return "train" if share < 0.8 else "validation" if share < 0.9 else "test"


def _place(file: RawFile) -> tuple[str, str]:
    """Kind of a file by the folder it is in, and what is above that folder; else empty texts."""
    folders = file.name.lower().split("/")[:-1]
    for depth, folder in enumerate(folders):
        if folder in KINDS:
            kind = folder if file.suffix in KINDS[folder] else ""
            return kind, "/".join(folders[:depth])
    return "", ""


def _numbered(files: list[RawFile], kind: str, rejects: list[Reject]) -> dict[_Key, RawFile]:
    """Files of one kind by the number in their names, which 1.png and 00001.png share."""
    found: dict[_Key, RawFile] = {}
    for file in sorted(files, key=lambda file: (file.suffix in LABELS[1:], file.name)):
        of_kind, above = _place(file)
        if of_kind != kind:
            continue
        stem = PurePosixPath(file.name).stem
        if not _NUMBER.fullmatch(stem):
            detail = f"expected a whole number of at most five digits, found {stem!r}"
            rejects.append(Reject(file.name, None, "unknown_name", detail))
        elif (above, int(stem)) in found:
            detail = f"{found[above, int(stem)].name} has the same number"
            rejects.append(Reject(file.name, None, "same_name_twice", detail))
        else:
            found[above, int(stem)] = file
    return found


def _values(key: _Key, picture: RawFile, label: RawFile) -> picture_files.Labels:
    if label.suffix != ".txt":
        expected = "expected a .txt file with the number of faces and `x1 y1 x2 y2` per line"
        raise Unusable("bad_label", f"{expected}, found {label.suffix}")
    boxes = box_text.parse(picture_files.read_limited(label.path, LABEL_BYTES))
    return {
        "sample_id": f"darkface-{key[1]:05d}",
        "split": split_of(picture.digest.hex()),
        "boxes": boxes,
        "n_boxes_published": len(boxes),
    }


def _with_clipped_boxes(row: picture_files.Labels, picture: Measured) -> picture_files.Labels:
    return {"boxes": box_text.clipped(row["boxes"], picture.width_px, picture.height_px)}


def _no_label(picture: RawFile) -> Reject:
    expected = f"expected {PurePosixPath(picture.name).stem}.txt in a folder `label` beside it"
    return Reject(picture.name, None, "no_label", expected)


def _no_picture(label: RawFile) -> Reject:
    expected = f"expected {PurePosixPath(label.name).stem}.png in a folder `image` beside it"
    return Reject(label.name, None, "picture_missing", expected)


def draw(raw_root: Path, n: int, seed: int) -> None:
    """Write about n/40 drawn streets, at least twelve and so many that each split has one."""
    folder = raw_root / "darkface"
    drawn_pictures.begin(folder)
    (folder / "label").mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    splits: list[str] = []
    while len(splits) < max(MIN_DRAWN, n // 40) or set(splits) != set(schema.SPLITS):
        number = len(splits) + 1
        n_faces = 0 if number == DRAWN_WITHOUT_FACES else int(rng.integers(1, 9))
        street, faces = drawn_streets.draw_street(rng, SIZE_PX, n_faces)
        picture = folder / "image" / f"{number}.png"
        drawn_pictures.write(picture, street)
        lines = [str(len(faces)), *(" ".join(map(str, edges)) for edges in faces)]
        (folder / "label" / f"{number}.txt").write_text("\n".join(lines) + "\n", newline="\n")
        splits.append(split_of(digest_file(picture)))


DATASET = Dataset(
    name="darkface",
    title="DarkFace",
    homepage="https://flyywh.github.io/CVPRW2019LowLight/",
    licence="unknown: for research, no redistribution",
    expects="folders `image` (1.png, 2.png, ...) and `label` (1.txt, 2.txt, ...: the number of"
    " faces, then `x1 y1 x2 y2` per line)",
    n_buckets=64,
    find=find,
    scan=scan,
    to_samples=to_samples,
    keyed_by=("source", "file_digest", "split", "boxes", "n_boxes_published", "synthetic"),
    schema=SCHEMA,
    emotions=(),
    draw=draw,
    expected_rejects=frozenset({"no_label"}),
    own_splits=True,
    blank_sd=BLANK_SD,
    size_px=SIZE_PX,
    face_px=48,  # the median face has 11 px
)
