"""Drawn faces as picture files: in colour, set into a larger picture, encoded as JPEG or PNG."""

from pathlib import Path

import cv2
import numpy as np

from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK, SYNTHETIC_NOTE

JPEG_QUALITY = 92


def begin(folder: Path) -> None:
    """Make a raw folder that is marked as drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SYNTHETIC_MARK).write_text(SYNTHETIC_NOTE)


def colour_face(emotion: str, rng: np.random.Generator, size_px: int) -> np.ndarray:
    """One drawn face, (size_px, size_px, 3) uint8 RGB; ValueError for an unknown emotion."""
    tone = np.array([1.0, rng.uniform(0.75, 0.9), rng.uniform(0.6, 0.8)])
    return (draw_face(emotion, rng, size_px)[..., None] * tone).astype(np.uint8)


def set_into(picture: np.ndarray, face: np.ndarray, left_px: int, top_px: int) -> None:
    """Paste a face into a larger RGB picture, in place."""
    picture[top_px : top_px + face.shape[0], left_px : left_px + face.shape[1]] = face


def write(path: Path, picture: np.ndarray) -> None:
    """Write RGB or gray uint8 as the file's suffix says; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blue_first = picture if picture.ndim == 2 else picture[..., ::-1]
    suffix = path.suffix.lower()
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if suffix in (".jpg", ".jpeg") else []
    path.write_bytes(cv2.imencode(suffix, np.ascontiguousarray(blue_first), options)[1].tobytes())
