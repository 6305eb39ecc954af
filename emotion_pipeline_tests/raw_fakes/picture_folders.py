"""Picture files for raw folders, and what a dataset makes of such a folder."""

from pathlib import Path

import cv2
import numpy as np

from emotion_pipeline.datasets.base import Dataset, Rows
from emotion_pipeline.datasets.raw_files import RawFile
from emotion_pipeline.digests import digest_file


def write_picture(path: Path, seed: int = 0, size_px: tuple[int, int] = (48, 48)) -> Path:
    """A gray picture of noise as the suffix says; the same seed gives the same bytes."""
    width_px, height_px = size_px
    gray = np.random.default_rng(seed).integers(0, 256, (height_px, width_px), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(path.suffix.lower(), gray)[1].tobytes())
    return path


def found(dataset: Dataset, raw_root: Path) -> list[RawFile]:
    """The raw files of a folder, with digests filled in as the pipeline does."""
    return [
        file._replace(digest=bytes.fromhex(digest_file(Path(file.path))))
        for file in dataset.find(raw_root)
    ]


def scan(dataset: Dataset, raw_root: Path) -> Rows:
    """The raw rows of a folder."""
    return dataset.scan(found(dataset, raw_root), None)


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
