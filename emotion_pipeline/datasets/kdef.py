"""KDEF: 4,900 posed faces in colour, 562×762 (Lundqvist, Flykt and Öhman 1998).

70 actors show 7 emotions from 5 angles in 2 sessions. No split was published; here an actor is in
one split with all pictures of both sessions. The averaged faces that are packed with KDEF (AKDEF)
show all actors at once, so they fit into no split and are left out.
"""

from collections import defaultdict
from itertools import cycle, islice, product
from pathlib import Path

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import drawn_pictures, path_labels, picture_files
from emotion_pipeline.datasets.base import Dataset, Pictures, Rows
from emotion_pipeline.datasets.kdef_names import (
    ANGLES,
    EMOTION_CODES,
    GENDERS,
    NUMBERS,
    SESSIONS,
    shot_of,
)
from emotion_pipeline.datasets.picture_files import Labels, share_of
from emotion_pipeline.datasets.raw_files import RawFile, folder_of, listed, missing
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import SPLITS, labels_of, samples_with

SIZE_PX = (562, 762)
N_PER_EMOTION = 700
N_PER_FOLDER = len(EMOTION_CODES) * len(ANGLES)
PERSONS_BY_SPLIT = {"train": 25, "validation": 5, "test": 5}  # of each gender

FACE_PX, FACE_LEFT_PX, FACE_TOP_PX = 430, 66, 150  # in drawn portraits

SCHEMA = samples_with(
    person_id=pa.string(), gender=pa.string(), session=pa.string(), angle=pa.string()
)
LABELS = {field.name: field.type for field in labels_of(SCHEMA)}


def _splits() -> dict[str, str]:
    """The split of each of the 70 persons.

    All 35 of a gender are ranked, whoever is there, so that no split depends on who else is.
    """
    by_rank = [split for split, n_persons in PERSONS_BY_SPLIT.items() for _ in range(n_persons)]
    found: dict[str, str] = {}
    for gender in GENDERS:
        persons = [gender + number for number in NUMBERS]
        ranked = sorted(persons, key=lambda person: share_of(f"kdef {person}"))
        found.update(zip(ranked, by_rank, strict=True))
    return found


SPLIT_OF = _splits()


def find(raw_root: Path) -> list[RawFile]:
    """The pictures without the averaged ones, and the mark of drawn samples if it is there."""
    for folder in folder_of(raw_root, "KDEF", "KDEF_and_AKDEF"):
        files = listed(folder, ".jpg", ".jpeg", ".png", without=("akdef",))
        if any(file.is_picture for file in files):
            return files
    raise missing(DATASET.title, raw_root / "KDEF", DATASET.expects, DATASET.homepage)


def scan(files: list[RawFile], _: Pictures | None = None) -> Rows:
    """One raw row per picture, by its name; SourceRefused if no name can be used."""
    return path_labels.read(files, _labels, LABELS, DATASET.expects)


def to_samples(rows: pa.Table) -> Rows:
    """Raw rows to samples.

    About ten of the published pictures are black. They are rejects for what they show: the lists
    of them that go round do not agree.
    """
    return picture_files.to_samples(rows, SCHEMA)


def draw(raw_root: Path, n: int, seed: int) -> None:
    """Write about n / 4 drawn portraits to `kdef/`: whole folders of 35, at least three."""
    folder = raw_root / "kdef"
    drawn_pictures.begin(folder)
    rng = np.random.default_rng(seed)
    n_folders = max(len(SPLITS), round(n / 4 / N_PER_FOLDER))
    for person in _drawn_folders(rng)[:n_folders]:
        for emotion, angle in product(EMOTION_CODES, ANGLES):
            portrait = _drawn_portrait(EMOTION_CODES[emotion], rng)
            drawn_pictures.write(folder / person / f"{person}{emotion}{angle}.JPG", portrait)


def _labels(file: RawFile) -> Labels:
    shot = shot_of(file.name)
    return {
        "sample_id": f"kdef-{shot.name}",
        "split": SPLIT_OF[shot.person_id],
        "emotion": str(EMOTION_CODES[shot.emotion]),
        "person_id": shot.person_id,
        "gender": GENDERS[shot.gender],
        "session": shot.session,
        "angle": ANGLES[shot.angle],
    }


def _drawn_folders(rng: np.random.Generator) -> list[str]:
    """All 140 folders by lot, in turns: genders alternate, and splits come in their shares."""
    waiting: dict[tuple[str, str], list[str]] = defaultdict(list)
    for person in rng.permutation(list(SPLIT_OF)).tolist():
        waiting[person[0], SPLIT_OF[person]] += [session + person for session in SESSIONS]
    turns = zip(cycle(GENDERS), cycle((*SPLITS, *["train"] * 4)), strict=False)
    return [waiting[turn].pop() for turn in islice(turns, len(SESSIONS) * len(SPLIT_OF))]


def _drawn_portrait(emotion: str, rng: np.random.Generator) -> np.ndarray:
    """(762, 562, 3) uint8 RGB: a face before a wall of one shade."""
    width_px, height_px = SIZE_PX
    portrait = np.full((height_px, width_px, 3), rng.integers(90, 140, 3), np.uint8)
    face = drawn_pictures.colour_face(emotion, rng, FACE_PX)
    drawn_pictures.set_into(portrait, face, FACE_LEFT_PX, FACE_TOP_PX)
    return portrait


DATASET = Dataset(
    name="kdef",
    title="KDEF",
    homepage="https://kdef.se",
    licence="KDEF terms: non-commercial research only, no redistribution",
    expects="`AF01/AF01ANFL.JPG` and so on, 4,900 pictures with their published names",
    n_buckets=16,
    find=find,
    scan=scan,
    to_samples=to_samples,
    keyed_by=("source", "file_digest", *(name for name in LABELS if name != "sample_id")),
    schema=SCHEMA,
    emotions=tuple(emotion for emotion in EMOTIONS if emotion in EMOTION_CODES.values()),
    draw=draw,
    published_counts={
        "+".join(SPLITS): {str(emotion): N_PER_EMOTION for emotion in EMOTION_CODES.values()}
    },
    own_splits=True,
    apart=("person_id",),
    size_px=SIZE_PX,
)
