"""What the augmentation policies do to a drawn face: docs/pictures/augmentation.png.

    python -m emotion_pipeline_tests.training.augmentation_picture

writes it anew. A row is a policy: its name, and what it makes of the same face, time after time.
"""

from pathlib import Path

import cv2
import numpy as np
import torch

from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.training.augment import augment
from emotion_pipeline.training.mirroring import mirror_some
from emotion_pipeline.training.policies import POLICIES
from emotion_pipeline.training.randomness import stream
from emotion_pipeline.training.values import Data

FILE = Path(__file__).resolve().parents[2] / "docs/pictures/augmentation.png"
SIDE_PX, N_FACES, NAME_PX = 64, 8, 96
PICTURES_ALONE = Data(labels="ferplus", pictures="fer2013")
WHITE, DARK = 255, 60


def sheet() -> np.ndarray:
    """All policies below one another, (policies * SIDE_PX, NAME_PX + N_FACES * SIDE_PX) uint8."""
    face = draw_face("contempt", np.random.default_rng(4), SIDE_PX)
    pictures = torch.from_numpy(face).float().expand(N_FACES, 1, -1, -1)
    deviation, mean = torch.std_mean(pictures[0])
    rows = []
    for name, policy in POLICIES.items():
        draws, faces = stream("picture"), ((pictures - mean) / deviation,)
        (mirrored,) = mirror_some(faces, PICTURES_ALONE, policy.flip_probability, draws)
        changed = augment(mirrored, policy, draws)
        bytes_ = (changed * deviation + mean).round().clamp(0, 255).to(torch.uint8)
        rows.append(np.hstack([_label(name), *bytes_[:, 0].numpy()]))
    return np.vstack(rows)


def _label(name: str) -> np.ndarray:
    field = np.full((SIDE_PX, NAME_PX), WHITE, np.uint8)
    place = (4, SIDE_PX // 2 + 4)
    return cv2.putText(field, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, DARK, 1, cv2.LINE_AA)


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(FILE), sheet(), (cv2.IMWRITE_PNG_COMPRESSION, 9))
