"""The faces of a picture: where each is, and the upright square that it is cut out by.

YuNet finds faces of any number and size; the landmarker then says more exactly how each lies. A
face without a mesh, such as a small or half hidden one, keeps what YuNet says. Where YuNet finds
nothing, as where a head lies on its side, the landmarker is asked for the whole picture, and its
answer counts if YuNet sees a face there once it is upright.
"""

from typing import NamedTuple

import numpy as np

from emotion_pipeline.imaging.align import Square, crop, to_crop
from emotion_pipeline.landmarks.detectors import Detectors
from emotion_pipeline.landmarks.geometry import box_square, mesh_square
from emotion_pipeline.landmarks.measuring import GATE_MIN_SCORE, is_confirmed
from emotion_pipeline.metrics.detection import iou_matrix

LOOK_MARGIN = 0.25
"""Around the square that a face is looked at in, as a fraction of its side."""
LOOK_PX = 192
MIN_OVERLAP = 0.1
"""Intersection over union from which on a face counts as the one in a published box."""
MIN_MESH_PX = 32
"""Smaller faces get no mesh: the landmarker would guess."""


class Face(NamedTuple):
    """A face: its box (left, top, right, bottom) in pixels, YuNet's score (0 to 1), the upright
    square that holds it, and whether a mesh has told how it lies."""

    box_px: tuple[float, float, float, float]
    score: float
    square: Square
    has_mesh: bool


def find_faces(picture: np.ndarray, detectors: Detectors) -> list[Face]:
    """The faces of a picture (h, w, 3) RGB uint8, largest first."""
    faces = []
    for one in detectors.yunet.find(picture):
        square = box_square(one.box_px, one.five_points_px)
        refined = _refined(picture, square, detectors)
        left, top, right, bottom = one.box_px.tolist()
        faces.append(
            Face((left, top, right, bottom), one.score, refined or square, refined is not None)
        )
    faces = faces or _turned_face(picture, detectors)
    return sorted(faces, key=lambda face: -face.square.side_px)


def _refined(picture: np.ndarray, square: Square, detectors: Detectors) -> Square | None:
    """The square by the mesh of the face that YuNet's square is about."""
    if square.side_px < MIN_MESH_PX:
        return None
    look = square.with_margin(LOOK_MARGIN)
    mesh = detectors.mesh.find(crop(picture, look, LOOK_PX))
    if mesh is None:
        return None
    found = mesh_square(_in_picture(mesh.points[:, :2] * LOOK_PX, look))
    return found if _is_same_face(found, square) else None


def _is_same_face(found: Square, square: Square) -> bool:
    """Whether a mesh lies where it was looked for, and not on a larger face beside it."""
    apart_px = np.hypot(
        found.center_x_px - square.center_x_px, found.center_y_px - square.center_y_px
    )
    return bool(apart_px < square.side_px / 2 and 0.5 < found.side_px / square.side_px < 2)


def _turned_face(picture: np.ndarray, detectors: Detectors) -> list[Face]:
    mesh = detectors.mesh.find(picture)
    if mesh is None:
        return []
    height_px, width_px = picture.shape[:2]
    points = mesh.points[:, :2] * (width_px, height_px)
    square = mesh_square(points)
    upright = crop(picture, square.with_margin(LOOK_MARGIN), LOOK_PX)
    if not is_confirmed(upright, detectors):
        return []
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return [Face((left, top, right, bottom), GATE_MIN_SCORE, square, True)]


def _in_picture(points_px: np.ndarray, square: Square) -> np.ndarray:
    """Points (n, 2) of a cut-out of LOOK_PX as points of the picture."""
    matrix = to_crop(square, LOOK_PX)
    return (points_px - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T


def about(box_px: tuple[float, ...], faces: list[Face]) -> list[Face]:
    """The faces with the one first that lies best in a given box, in the order they had else.

    Where none lies there, the box itself comes first, with score 0: it is the label's face that was
    not found, and not another one.
    """
    truth = np.array([box_px], dtype=np.float64)
    overlap = iou_matrix(np.array([face.box_px for face in faces]).reshape(-1, 4), truth)[:, 0]
    ordered = [faces[number] for number in np.argsort(-overlap, kind="stable")]
    left, top, right, bottom = truth[0].tolist()
    if max(overlap, default=0.0) >= MIN_OVERLAP or right <= left or bottom <= top:
        return ordered
    unseen = Square((left + right) / 2, (top + bottom) / 2, max(right - left, bottom - top), 0.0)
    return [Face((left, top, right, bottom), 0.0, unseen, False), *ordered]
