"""The sheets in docs/pictures/degradations: documentation, and what the suite has to give again.

    python -m emotion_pipeline_tests.imaging.golden

writes them anew. A sheet shows a drawn face and what severities 1 to 5 make of it.
"""

from pathlib import Path

import cv2
import numpy as np

from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.datasets.drawn_pictures import colour_face
from emotion_pipeline.domains import CORRUPTIONS, SEVERITIES, Degradation
from emotion_pipeline.imaging.degrade import degrade

FOLDER = Path(__file__).resolve().parents[2] / "docs/pictures/degradations"
IN_COLOUR = "_in_colour"
NAMES = (*CORRUPTIONS, f"old_photo{IN_COLOUR}")


def sheet(name: str, face: np.ndarray) -> np.ndarray:
    """The face and its five versions side by side, the name also being their key."""
    corruption = name.removesuffix(IN_COLOUR)
    worse = [degrade(face, Degradation(corruption, severity), name) for severity in SEVERITIES]
    return np.hstack([face, *worse])


def face_of(stored: np.ndarray) -> np.ndarray:
    """The face that a sheet begins with."""
    return stored[:, : stored.shape[0]].copy()


def _write(name: str) -> None:
    rng = np.random.default_rng(4)
    face = (
        colour_face("happiness", rng, 64) if IN_COLOUR in name else draw_face("happiness", rng, 96)
    )
    made = sheet(name, face)
    blue_first = made if made.ndim == 2 else made[..., ::-1]
    FOLDER.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(FOLDER / f"{name}.png"), blue_first, (cv2.IMWRITE_PNG_COMPRESSION, 9))


if __name__ == "__main__":
    for name in NAMES:
        _write(name)
