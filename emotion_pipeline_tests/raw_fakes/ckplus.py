"""A tiny CK+ folder in both layouts in which copies go round."""

from pathlib import Path

import cv2
import numpy as np

STRAY_FILES = ("readme.txt", "FACS/S005/001/S005_001_00000011_facs.txt", "Emotion/.DS_Store")


def picture(seed: int = 0, size_px: tuple[int, int] = (48, 48)) -> bytes:
    """A gray PNG with something on it."""
    pixels = np.random.default_rng(seed).integers(0, 256, size_px[::-1], dtype=np.uint8)
    return cv2.imencode(".png", pixels)[1].tobytes()


def label(code: int) -> bytes:
    """The content of a label file, as published."""
    return f"   {code:.7e}\n".encode()


def frame(sequence: str, number: int) -> str:
    return f"{sequence}_{number:08d}"


def write_sequence(
    folder: Path, sequence: str, n_frames: int, text: bytes | None = None, about: int | None = None
) -> None:
    """Write a sequence such as S005_001 in the original layout, labelled where there is a text.

    `about` is the number of the frame that the label is about, by default the last.
    """
    person, number = sequence.split("_")
    for index in range(1, n_frames + 1):
        path = folder / "cohn-kanade-images" / person / number / f"{frame(sequence, index)}.png"
        put(path, picture(index))
    labels = folder / "Emotion" / person / number
    labels.mkdir(parents=True, exist_ok=True)  # published for every sequence, mostly empty
    if text is not None:
        put(labels / f"{frame(sequence, about or n_frames)}_emotion.txt", text)


def write_folders(folder: Path, emotion: str, sequence: str, last_frame: int) -> None:
    """Write the three last frames of a sequence as CK+48 has them, below a folder of emotions."""
    for number in range(last_frame - 2, last_frame + 1):
        put(folder / emotion / f"{frame(sequence, number)}.png", picture(number))


def write_stray_files(folder: Path) -> None:
    for stray in STRAY_FILES:
        put(folder / stray, b"stray")


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
