"""The mesh of a face picture, taken for a face only if two detectors agree.

The landmarker returns meshes for drawings, masks and scenes without a usable face, too. So a mesh
counts where YuNet also sees a face in the picture. How often either errs: docs/experiments.md.
"""

from typing import NamedTuple

import cv2
import numpy as np

from emotion_pipeline.landmarks.detectors import Detectors
from emotion_pipeline.landmarks.face_mesh import FaceMesh

NO_MESH = "no_mesh"
NOT_CONFIRMED = "not_confirmed"

GATE_SIDE_PX = 96
GATE_MIN_SCORE = 0.5


class Measured(NamedTuple):
    """The mesh of a face picture, or the reason why there is none."""

    mesh: FaceMesh | None
    reason: str | None


def measure(picture: np.ndarray, detectors: Detectors) -> Measured:
    """Measure the face of a face picture (h, w, 3) RGB uint8."""
    mesh = detectors.mesh.find(picture)
    if mesh is None:
        return Measured(None, NO_MESH)
    if not is_confirmed(picture, detectors):
        return Measured(None, NOT_CONFIRMED)
    return Measured(mesh, None)


def is_confirmed(picture: np.ndarray, detectors: Detectors) -> bool:
    """Whether YuNet sees a face in a face picture."""
    return detectors.yunet.sees_face(_square(picture), GATE_SIDE_PX, GATE_MIN_SCORE)


def _square(picture: np.ndarray) -> np.ndarray:
    height_px, width_px = picture.shape[:2]
    down_px, right_px = (max(0, other) for other in (width_px - height_px, height_px - width_px))
    if not down_px + right_px:
        return picture
    return cv2.copyMakeBorder(picture, 0, down_px, 0, right_px, cv2.BORDER_REPLICATE)
