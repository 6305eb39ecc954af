"""FER2013: 35,887 gray faces of 48×48 pixels in one CSV file (Goodfellow et al. 2013).

The published Usage decides the split: Training is `train`, PublicTest `validation` and
PrivateTest `test`. A sample is named by its row, because FER+ is joined by row.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import drawn_sample, pixel_csv
from emotion_pipeline.datasets.base import Dataset, Pictures, Rows
from emotion_pipeline.datasets.raw_files import (
    SYNTHETIC_MARK,
    SYNTHETIC_NOTE,
    RawFile,
    folder_of,
    is_synthetic,
    missing,
)
from emotion_pipeline.imaging.codec import encode_png, measure_pixels
from emotion_pipeline.imaging.pictures import measured_columns
from emotion_pipeline.labels import EMOTIONS, Emotion
from emotion_pipeline.schema import SAMPLES, SPLITS

CODES = (
    Emotion.ANGER,
    Emotion.DISGUST,
    Emotion.FEAR,
    Emotion.HAPPINESS,
    Emotion.SADNESS,
    Emotion.SURPRISE,
    Emotion.NEUTRAL,
)
PUBLISHED_COUNTS = {
    split: dict(zip(map(str, CODES), counts, strict=True))
    for split, counts in {
        "train": (3995, 436, 4097, 7215, 4830, 3171, 4965),
        "validation": (467, 56, 496, 895, 653, 415, 607),
        "test": (491, 55, 528, 879, 594, 416, 626),
    }.items()
}
FILES = ("fer2013.csv", "icml_face_data.csv")
SIDE_PX = 48


def sample_id(row: int) -> str:
    """Name of the picture in a data row of the published file, counted from 0."""
    return f"fer2013-{row:06d}"


def find(raw_root: Path) -> list[RawFile]:
    """The CSV file, and the mark of drawn samples if it is there."""
    for folder in folder_of(raw_root, "fer2013"):
        by_name = {path.name.lower(): path for path in folder.iterdir() if path.is_file()}
        found = [by_name[name] for name in FILES if name in by_name]
        if found:
            mark = by_name.get(SYNTHETIC_MARK.lower())
            return [RawFile.at(path) for path in (found[0], mark) if path is not None]
    raise missing(DATASET.title, raw_root / "fer2013", DATASET.expects, DATASET.homepage)


def scan(files: list[RawFile], _: Pictures | None = None) -> Rows:
    """Decode the CSV: one raw row per good line, with its pixels as 2,304 bytes, row-major."""
    blocks, rejects = pixel_csv.read(Path(files[0].path))
    synthetic = is_synthetic(files)
    return Rows(pa.concat_tables([_raw_rows(rows, synthetic) for rows in blocks]), rejects)


def _raw_rows(rows: pixel_csv.PixelRows, synthetic: bool) -> pa.Table:
    """Raw rows of one block; the pixels are not copied."""
    n = len(rows.position)
    pixels = pa.py_buffer(np.ascontiguousarray(rows.pixels))
    return pa.table(
        {
            "sample_id": [sample_id(row) for row in rows.position],
            "split": [SPLITS[use] for use in rows.use],
            "emotion": [str(CODES[code]) for code in rows.code],
            "pixels": pa.Array.from_buffers(pa.binary(pixel_csv.N_PIXELS), n, [None, pixels]),
            "synthetic": pa.array([synthetic] * n, pa.bool_()),
        }
    )


def to_samples(rows: pa.Table) -> Rows:
    """Raw rows to samples; the pixels become a lossless gray PNG."""
    blobs = rows["pixels"].to_pylist()
    pixels = [np.frombuffer(blob, np.uint8).reshape(SIDE_PX, SIDE_PX) for blob in blobs]
    names = [f"{name}.png" for name in rows["sample_id"].to_pylist()]
    encoded = [encode_png(values) for values in pixels]
    pictures = measured_columns(names, encoded, [measure_pixels(values) for values in pixels])
    columns = ("sample_id", "split", "emotion", "synthetic")
    return Rows(pa.table({**{name: rows[name] for name in columns}, **pictures}), [])


def draw(raw_root: Path, n: int, seed: int) -> None:
    """Write `fer2013/fer2013.csv` with n drawn faces, marked as synthetic."""
    folder = raw_root / "fer2013"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SYNTHETIC_MARK).write_text(SYNTHETIC_NOTE)
    with (folder / FILES[0]).open("w", newline="\n") as file:
        file.write("emotion,pixels,Usage\n")
        for face in drawn_sample.faces(n, seed):
            pixels = " ".join(map(str, face.pixels.ravel().tolist()))
            file.write(f"{CODES.index(Emotion(face.label))},{pixels},{face.usage}\n")


DATASET = Dataset(
    name="fer2013",
    title="FER2013",
    homepage="https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge",
    licence="Kaggle competition rules: research use, no redistribution",
    expects="`fer2013.csv` (or `icml_face_data.csv`), 35,887 rows of emotion, pixels, Usage",
    n_buckets=16,
    find=find,
    scan=scan,
    to_samples=to_samples,
    keyed_by=("split", "emotion", "pixels", "synthetic"),
    schema=SAMPLES,
    emotions=tuple(map(str, sorted(CODES, key=EMOTIONS.index))),
    draw=draw,
    published_counts=PUBLISHED_COUNTS,
    size_px=(SIDE_PX, SIDE_PX),
    tight_crop=True,
)
