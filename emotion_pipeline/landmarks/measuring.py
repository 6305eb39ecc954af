"""The mesh of a face picture, taken for a face only if two detectors agree.

The landmarker returns meshes for drawings, masks and scenes without a usable face, too. So a mesh
counts where YuNet also sees a face in the picture. How often either errs: docs/experiments.md.
"""

from collections.abc import Sequence
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


def measure(pictures: Sequence[np.ndarray], detectors: Detectors) -> list[Measured]:
    """Measure the face of each face picture (h, w, 3) RGB uint8.

    One detector after the other: in turns, they throw each other out of the processor's cache.
    """
    meshes = [detectors.mesh.find(picture) for picture in pictures]
    return [
        _judged(mesh, picture, detectors) for picture, mesh in zip(pictures, meshes, strict=True)
    ]


def is_confirmed(picture: np.ndarray, detectors: Detectors) -> bool:
    """Whether YuNet sees a face in a face picture."""
    return detectors.yunet.sees_face(_square(picture), GATE_SIDE_PX, GATE_MIN_SCORE)


def _judged(mesh: FaceMesh | None, picture: np.ndarray, detectors: Detectors) -> Measured:
    if mesh is None:
        return Measured(None, NO_MESH)
    confirmed = is_confirmed(picture, detectors)
    return Measured(mesh, None) if confirmed else Measured(None, NOT_CONFIRMED)


def _square(picture: np.ndarray) -> np.ndarray:
    height_px, width_px = picture.shape[:2]
    down_px, right_px = (max(0, other) for other in (width_px - height_px, height_px - width_px))
    if not down_px + right_px:
        return picture
    return cv2.copyMakeBorder(picture, 0, down_px, 0, right_px, cv2.BORDER_REPLICATE)
