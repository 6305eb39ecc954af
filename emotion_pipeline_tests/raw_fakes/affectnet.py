"""Tiny AffectNet folders in each of the three layouts in which copies go round."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

CODES = ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")
FOLDERS = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt")
HEADER = (
    "subDirectory_filePath,face_x,face_y,face_width,face_height,facial_landmarks,expression,"
    "valence,arousal"
)
STRAY_FILES = ("Thumbs.db", ".DS_Store", "readme.pdf")
N_PICTURES = 64
SIDE_PX = 32


@dataclass(frozen=True)
class Picture:
    """One picture: its number, its code as published, its part and its bytes."""

    number: int
    code: int
    is_test: bool
    data: bytes

    @property
    def emotion(self) -> str:
        return CODES[self.code]

    @property
    def path(self) -> str:
        """As the official CSV files say it."""
        return f"{self.number % 3}/{self.number:08x}.jpg"

    @property
    def valence(self) -> float:
        return round(self.number / 100, 2)

    @property
    def arousal(self) -> float:
        return -self.valence

    @property
    def landmarks(self) -> list[list[float]]:
        """68 points."""
        return [[self.number + place / 4, place / 2] for place in range(68)]


def pictures(n: int = N_PICTURES, seed: int = 0) -> list[Picture]:
    """Noisy pictures of all eight emotions, a quarter of them of the published test part."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, 256, (n, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    encoded = [cv2.imencode(".jpg", pixels)[1].tobytes() for pixels in drawn]
    return [
        Picture(number, number % len(CODES), number // len(CODES) % 4 == 1, data)
        for number, data in enumerate(encoded)
    ]


def csv_row(picture: Picture, **changed: object) -> str:
    """One line of the official CSV files, without its end; columns by name may be changed."""
    landmarks = ";".join(f"{value:.2f}" for point in picture.landmarks for value in point)
    values = (picture.path, 1, 2, 20, 30, landmarks, picture.code, picture.valence, picture.arousal)
    row = dict(zip(HEADER.split(","), values, strict=True)) | changed
    return ",".join(map(str, row.values()))


def write_official(folder: Path, shown: list[Picture]) -> None:
    """Folders of photographs with `training.csv` and, without a header, `validation.csv`."""
    for picture in shown:
        _write(folder / "Manually_Annotated_Images" / picture.path, picture.data)
    lists = folder / "Manually_Annotated_file_lists"
    rows = {part: [csv_row(one) for one in shown if one.is_test == part] for part in (False, True)}
    _write(lists / "training.csv", "\n".join([HEADER, *rows[False], ""]).encode())
    _write(lists / "validation.csv", "\n".join(rows[True]).encode())
    _write_stray_files(folder)


def write_mini(folder: Path, shown: list[Picture], as_text: bool = True) -> None:
    """The smaller release; its numbers are stored as text or as numbers."""
    for picture in shown:
        part = folder / ("val_set" if picture.is_test else "train_set")
        _write(part / "images" / f"{picture.number}.jpg", picture.data)
        values = {"exp": picture.code, "val": picture.valence, "aro": picture.arousal}
        for kind, value in values.items():
            write_npy(part, picture.number, kind, str(value) if as_text else value)
        lnd = np.array(picture.landmarks)
        write_npy(part, picture.number, "lnd", lnd if as_text else lnd.ravel())
    _write_stray_files(folder)


def write_npy(part: Path, number: int, kind: str, value: object) -> Path:
    """One annotation file."""
    path = part / "annotations" / f"{number}_{kind}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, value)
    return path


def write_folders(folder: Path, shown: list[Picture]) -> None:
    """Folders of emotions, with the `labels.csv` that lies beside them."""
    for picture in shown:
        part = folder / ("Test" if picture.is_test else "Train")
        _write(part / FOLDERS[picture.code] / f"image{picture.number:07d}.jpg", picture.data)
    _write(folder / "labels.csv", b",pth,label,relFCs\n0,anger/image0000006.jpg,surprise,0.87\n")
    _write_stray_files(folder)


LAYOUTS: dict[str, Callable[[Path, list[Picture]], None]] = {
    "official": write_official,
    "mini": write_mini,
    "folders": write_folders,
}


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _write_stray_files(folder: Path) -> None:
    for name in STRAY_FILES:
        _write(folder / name, b"\xd0\xcf\x11\xe0")
