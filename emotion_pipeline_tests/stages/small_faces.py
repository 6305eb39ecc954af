"""Small drawn datasets, and the stages from their pictures to landmarks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.imaging.codec import encode_png
from emotion_pipeline.imaging.pictures import picture_columns
from emotion_pipeline.schema import SAMPLES
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import detections, faces, landmarks, samples
from emotion_pipeline.stages.base import Produced, Workspace
from emotion_pipeline_tests.landmarks.shared_detectors import usable_models

N_DRAWN = 8
N_STREETS = 5
DATASETS = {
    name: replace(dataset, n_buckets=4)
    for name, dataset in all_datasets().items()
    if dataset.draw is not None and dataset.pictures_from is None
}


class Made(NamedTuple):
    """What the stages of one dataset made; no detections where pictures are tight crops."""

    detections: Produced | None
    faces: Produced
    landmarks: Produced

    def rows_computed(self) -> list[int | None]:
        return [made and made.figures["rows_computed"] for made in self]


def workspace_in(folder: Path, engine: str = "sequential", workers: int = 1) -> Workspace:
    """A lake and raw files in a folder, with the shared model files; skips without those."""
    paths = {"lake": folder / "lake", "raw": folder / "raw"}
    models = usable_models().yunet.parent
    return Workspace(Settings(**paths, engine=engine, workers=workers, model_files=models))


def draw(raw: Path, name: str) -> None:
    """Few drawn pictures of a dataset: KDEF from the front, five streets of DarkFace."""
    DATASETS[name].draw(raw, N_DRAWN, 1)
    if name == "kdef":
        for picture in raw.glob("kdef/*/*.JPG"):
            if not picture.stem.endswith("S"):  # seen from the front
                picture.unlink()
    if name == "darkface":
        for picture in raw.glob("darkface/image/*"):
            if int(picture.stem) > N_STREETS:
                picture.unlink()
                (raw / "darkface" / "label" / f"{picture.stem}.txt").unlink()


def make(workspace: Workspace, name: str) -> Made:
    """Bring the tables of a dataset from samples to landmarks up to date."""
    dataset = DATASETS[name]
    samples.ingest(workspace, dataset)
    return make_from_samples(workspace, dataset)


def make_from_samples(workspace: Workspace, dataset: Dataset) -> Made:
    return Made(
        None if dataset.tight_crop else detections.make(workspace, dataset),
        faces.make(workspace, dataset),
        landmarks.make(workspace, dataset, ORIGINAL),
    )


def write_samples(
    workspace: Workspace, dataset: Dataset, pictures: Sequence[np.ndarray], **columns: list
) -> None:
    """Samples `picture-0`, `picture-1`, ... of pictures; columns that are not given are null."""
    names = [f"picture-{number}" for number in range(len(pictures))]
    encoded = [encode_png(picture) for picture in pictures]
    known = {
        "sample_id": names,
        "input_digest": [bytes(16)] * len(names),
        **picture_columns(names, encoded, [picture.shape[1::-1] for picture in pictures]),
        **columns,
    }
    values = [
        pa.array(known.get(field.name, [None] * len(names)), field.type) for field in dataset.schema
    ]
    assert set(known) <= set(dataset.schema.names) >= set(SAMPLES.names)
    assert dataset.n_buckets == 1
    workspace.samples(dataset).write(0, [pa.table(values, schema=dataset.schema)], "inputs", "code")


def files_of(workspace: Workspace, name: str) -> dict[str, bytes]:
    """Every file of the detections, faces and landmarks of a dataset."""
    lake = workspace.settings.lake
    folders = [lake / kind / name for kind in ("detections", "faces", "landmarks")]
    return {
        str(path.relative_to(lake)): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*.parquet"))
    }
