"""What follows from points on a face: squares to cut it out, and vectors for models.

Points are numbered as in MediaPipe's face mesh: 468 on the face, then 10 on the irises.
"""

import numpy as np

from emotion_pipeline.imaging.align import Square

N_POINTS = 478
N_CLASSIC_POINTS = 468
FOREHEAD, CHIN = 10, 152
# Outer corners of the eyes: that on the left of a picture is of the person's right eye.
RIGHT_EYE, LEFT_EYE = 33, 263
SMALLEST_APART = 1e-6
"""Eyes that are nearer than this, in widths of the picture, are no measure of anything."""

# How the square around a mesh lies to YuNet's box of the same face, in longer sides of that box:
# its side, and how far its centre is below that of the box. Medians over 451 faces of FER2013's
# Training part (0.94 and 0.04) and 16 faces of photographs (0.87 and 0.05).
MESH_PER_BOX = 0.9
MESH_BELOW_BOX = 0.045


def classic_vector(landmarks: np.ndarray) -> np.ndarray:
    """(n, 478, 3) or (n, 1434) landmarks as (n, 1404): the 468 points without the irises.

    This is the vector x0, y0, z0, x1, ... that MediaPipe's earlier FaceMesh gave and that most
    published landmark models take.
    """
    points = np.asarray(landmarks).reshape(len(landmarks), N_POINTS, 3)
    return points[:, :N_CLASSIC_POINTS].reshape(len(landmarks), N_CLASSIC_POINTS * 3)


def canonical_vector(landmarks: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """(n, 478, 3) or (n, 1434) landmarks and their poses, (n, 4, 4) or (n, 16), as (n, 1404)
    float32: the points of `classic_vector` as if every head looked straight into the camera.

    The rotation of MediaPipe's pose is taken back, the middle between the outer corners of the eyes
    becomes the origin, and their distance 1. The axes are those of MediaPipe's canonical face: x to
    the right of the picture, y up, z towards the camera. Pictures have to be square. Rows with a
    value that is not finite, and meshes without size, are NaN.
    """
    points = classic_vector(landmarks).reshape(-1, N_CLASSIC_POINTS, 3).astype(np.float64)
    poses = np.asarray(poses, dtype=np.float64).reshape(len(points), 4, 4)
    known = np.isfinite(points).all(axis=(1, 2)) & np.isfinite(poses).all(axis=(1, 2))
    # Pictures count y downwards, and the mesh counts z away from the camera.
    seen = points[known] * (1, -1, -1)
    straight = seen @ _rotations(poses[known, :3, :3])
    eyes = straight[:, [RIGHT_EYE, LEFT_EYE]]
    apart = np.linalg.norm(eyes[:, 1] - eyes[:, 0], axis=1)[:, np.newaxis, np.newaxis]
    apart[apart < SMALLEST_APART] = np.nan
    points[:] = np.nan
    points[known] = (straight - eyes.mean(axis=1, keepdims=True)) / apart
    return points.reshape(len(points), N_CLASSIC_POINTS * 3).astype(np.float32)


def mesh_square(points_px: np.ndarray) -> Square:
    """The upright square that just holds a mesh (478, 2 or 3) in pixels, irises left out."""
    points = points_px[:N_CLASSIC_POINTS, :2].astype(np.float64)
    up = points[FOREHEAD] - points[CHIN]
    return _square_around(points, _roll_degrees(up))


def box_square(box_px: np.ndarray, five_points_px: np.ndarray) -> Square:
    """About the same square from a box (left, top, right, bottom) and YuNet's five points (5, 2):
    right eye, left eye, tip of the nose, right and left corner of the mouth."""
    eyes, mouth = five_points_px[:2].mean(axis=0), five_points_px[3:].mean(axis=0)
    roll = _roll_degrees(eyes - mouth)
    longer_px = float(max(box_px[2:] - box_px[:2]))
    angle = np.deg2rad(roll)
    down = np.array([-np.sin(angle), np.cos(angle)])
    center = (box_px[:2] + box_px[2:]) / 2 + down * MESH_BELOW_BOX * longer_px
    return Square(float(center[0]), float(center[1]), longer_px * MESH_PER_BOX, roll)


def _rotations(matrices: np.ndarray) -> np.ndarray:
    """The nearest rotations to matrices (n, 3, 3) that may also scale, by their polar form."""
    left, _, right = np.linalg.svd(matrices)
    left[..., -1] *= np.linalg.det(left @ right)[:, np.newaxis]
    rotations: np.ndarray = left @ right
    return rotations


def _roll_degrees(up: np.ndarray) -> float:
    """How far a vector that should point up in a picture, whose y grows downwards, is turned
    clockwise; 0 for a vector without length."""
    return float(np.rad2deg(np.arctan2(up[0], -up[1]))) if np.any(up) else 0.0


def _square_around(points: np.ndarray, roll_degrees: float) -> Square:
    angle = np.deg2rad(roll_degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    upright = points @ turn.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    center = (low + high) / 2 @ turn
    side_px = max(float((high - low).max()), 1.0)
    return Square(float(center[0]), float(center[1]), side_px, roll_degrees)
