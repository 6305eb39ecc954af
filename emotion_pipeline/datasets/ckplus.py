"""CK+, the extended Cohn-Kanade faces: short sequences of posed expressions (Lucey et al. 2010).

A sequence runs from a neutral face to the apex of the expression, and only this last frame is
labelled. Two copies go round: the original, with label files apart, and CK+48, with three late
frames of each labelled sequence in folders by emotion. No split was published; here a person is
in one split only.
"""

import re
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import drawn_pictures, emotion_folders, path_labels, picture_files
from emotion_pipeline.datasets.base import Dataset, Pictures, Reject, Rows, Unusable
from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.datasets.raw_files import RawFile, folder_of, listed, missing
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import labels_of, samples_with

# By the codes 0 to 7 of the label files.
CODES = ("neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise")
LABEL_FILE = "_emotion.txt"
LABEL_BYTES = 256
DRAWN_PERSONS, DRAWN_SIDE_PX = 118, 48  # as in CK+48

SCHEMA = samples_with(person_id=pa.string(), sequence_id=pa.string())
LABELS = {field.name: field.type for field in labels_of(SCHEMA)}

_FRAME = re.compile("(?P<sequence_id>(?P<person_id>S[0-9]{3})_(?P<number>[0-9]{3}))_[0-9]{8}")
_CODE = re.compile(rb"\s*([0-7])(?:\.0*)?(?:[eE][+-]?0+)?\s*")


def find(raw_root: Path) -> list[RawFile]:
    """Pictures and label files, and the mark of drawn samples if it is there."""
    for folder in folder_of(raw_root, "ckplus", "CK+", "CK+48"):
        files = listed(folder, ".png", ".jpg", ".jpeg", LABEL_FILE)
        if any(file.is_picture for file in files):
            return files
    raise missing(DATASET.title, raw_root / "ckplus", DATASET.expects, DATASET.homepage)


def scan(files: list[RawFile], _: Pictures | None = None) -> Rows:
    """One raw row per labelled picture, in either layout; SourceRefused if there is none."""
    label_files: dict[str, RawFile] = {}
    rejects: list[Reject] = []
    for file in files:
        if file.name.lower().endswith(LABEL_FILE):
            first = label_files.setdefault(_frame(file), file)
            if first is not file:
                rejects.append(Reject(file.name, None, "same_name_twice", f"like {first.name}"))
    files = _without_early_frames(files)
    rows = path_labels.read(files, partial(_labels, label_files), LABELS, DATASET.expects)
    detail = "expected a picture of this name, the last of its sequence"
    for frame in label_files.keys() - {_frame(file) for file in files if file.is_picture}:
        rejects.append(Reject(label_files[frame].name, None, "no_picture", detail))
    return Rows(rows.good, rows.rejects + rejects)


def split_of(person: str) -> str:
    """The split of everything that a person shows, by hash: about 70, 15 and 15 %."""
    share = picture_files.share_of(f"ckplus {person}")
    return "train" if share < 0.7 else "validation" if share < 0.85 else "test"


def emotion_of(text: bytes) -> str:
    """The emotion in a label file, one number like `1.0000000e+00`; Unusable if it is none."""
    found = _CODE.fullmatch(text)
    if found is None:
        raise Unusable("bad_label", f"found {text[:40]!r}, expected 0 to 7 like 1.0000000e+00")
    return CODES[int(found[1])]


def draw(raw_root: Path, n: int, seed: int) -> None:
    """Write about n drawn faces to `ckplus/CK+48/`: three frames of each sequence."""
    drawn_pictures.begin(raw_root / "ckplus")
    rng = np.random.default_rng(seed)
    for drawn in range(max(1, n // 3)):
        number, person = divmod(drawn, DRAWN_PERSONS)
        emotion = str(rng.choice(CODES[1:]))
        folder = "happy" if emotion == "happiness" else emotion
        face = draw_face(emotion, rng, DRAWN_SIDE_PX)
        for frame in range(10, 13):
            name = f"S{person + 1:03d}_{number + 1:03d}_{frame:08d}.png"
            noisy = np.clip(face + rng.normal(0, 2, face.shape), 0, 255).astype(np.uint8)
            drawn_pictures.write(raw_root / "ckplus" / "CK+48" / folder / name, noisy)


def _labels(label_files: dict[str, RawFile], file: RawFile) -> picture_files.Labels:
    """The labels of one picture; Unusable if it has none."""
    named = _FRAME.fullmatch(_frame(file))
    if named is None:
        raise Unusable("unknown_name", "expected one like S005_001_00000011: person, number, frame")
    emotion = emotion_folders.emotion_of(PurePosixPath(file.name).parent.name)
    if emotion is None and not _is_original(file):
        place = f"{named['person_id']}/{named['number']} or a folder named after an emotion"
        raise Unusable("unknown_folder", f"expected it in {place}")
    if emotion is None and named[0] not in label_files:
        detail = f"there is no {named[0]}{LABEL_FILE}; 266 of 593 published sequences have none"
        raise Unusable("no_label", detail)
    if emotion is None:
        emotion = emotion_of(picture_files.read_limited(label_files[named[0]].path, LABEL_BYTES))
    ids = {name: named[name] for name in ("person_id", "sequence_id")}
    split = split_of(named["person_id"])
    return {"sample_id": f"ckplus-{named[0]}", "split": split, "emotion": emotion, **ids}


def _without_early_frames(files: list[RawFile]) -> list[RawFile]:
    """Of a sequence of the original its last frame only; every other file as it is."""
    apex = {PurePosixPath(file.name).parent: file for file in sorted(files) if _is_original(file)}
    last = set(apex.values())
    return [file for file in files if file in last or not _is_original(file)]


def _is_original(file: RawFile) -> bool:
    """Whether it is a frame in a folder of its own sequence, such as S005/001."""
    named = _FRAME.fullmatch(_frame(file))
    folders = PurePosixPath(file.name).parent.parts[-2:]
    return file.is_picture and named is not None and folders == (named[2], named[3])


def _frame(file: RawFile) -> str:
    """The name of the frame that a picture shows or a label file is about."""
    stem = PurePosixPath(file.name).stem
    return stem if file.is_picture else stem[: -len("_emotion")]


DATASET = Dataset(
    name="ckplus",
    title="CK+",
    homepage="https://www.jeffcohn.net/Resources/",
    licence="CK+ user agreement: non-commercial research only, no redistribution",
    expects="`CK+48` with a folder per emotion, or `cohn-kanade-images` and `Emotion`",
    n_buckets=8,
    find=find,
    scan=scan,
    to_samples=partial(picture_files.to_samples, schema=SCHEMA),
    keyed_by=("source", "file_digest", *(name for name in LABELS if name != "sample_id")),
    schema=SCHEMA,
    emotions=EMOTIONS,
    draw=draw,
    expected_rejects=frozenset({"no_label"}),
    own_splits=True,
    apart=("person_id",),
    face_px=112,
)
