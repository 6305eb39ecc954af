import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_pipeline.imaging.align import to_crop
from emotion_pipeline.landmarks.geometry import (
    CHIN,
    FOREHEAD,
    LEFT_EYE,
    MESH_BELOW_BOX,
    MESH_PER_BOX,
    N_CLASSIC_POINTS,
    N_POINTS,
    RIGHT_EYE,
    box_square,
    canonical_vector,
    classic_vector,
    mesh_square,
)
from emotion_pipeline_tests.landmarks.shared_detectors import photographs, shared_detectors

rolls = st.floats(-179, 179)


def turned(points: np.ndarray, roll_degrees: float, center: tuple[float, float]) -> np.ndarray:
    """Points (n, 2) about the origin, turned clockwise and moved."""
    angle = np.deg2rad(roll_degrees)
    clockwise = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ clockwise.T + center


def upright_mesh(width: float, height: float) -> np.ndarray:
    """(478, 2) points of an oval about the origin, forehead on top; irises far outside."""
    points = np.full((N_POINTS, 2), 1e4)
    turn = np.linspace(0, 2 * np.pi, N_CLASSIC_POINTS)
    points[:N_CLASSIC_POINTS] = np.column_stack([np.cos(turn) * width, np.sin(turn) * height]) / 2
    points[FOREHEAD], points[CHIN] = (0, -height / 2), (0, height / 2)
    return points


def test_the_classic_vector_is_the_points_without_the_irises_in_their_order():
    landmarks = np.arange(2 * N_POINTS * 3, dtype=np.float32).reshape(2, N_POINTS, 3)
    vectors = classic_vector(landmarks)
    assert vectors.shape == (2, 1404)
    assert vectors.dtype == np.float32
    assert (vectors == landmarks[:, :468].reshape(2, -1)).all()
    assert (classic_vector(landmarks.reshape(2, -1)) == vectors).all()
    assert classic_vector(landmarks[:0]).shape == (0, 1404)


@pytest.mark.parametrize("n_points", [468, 477, 479])
def test_landmarks_of_another_number_of_points_are_refused(n_points):
    with pytest.raises(ValueError, match="reshape"):
        classic_vector(np.zeros((2, n_points * 3)))


@given(rolls, st.floats(10, 500), st.floats(10, 500), st.floats(0, 2000), st.floats(0, 2000))
def test_the_square_of_a_turned_mesh_just_holds_it_upright(roll, width, height, x_px, y_px):
    mesh = turned(upright_mesh(width, height), roll, (x_px, y_px))
    square = mesh_square(mesh)
    assert square.roll_degrees == pytest.approx(roll, abs=1e-4)
    assert square.side_px == pytest.approx(max(width, height), rel=1e-3)
    assert square[:2] == pytest.approx((x_px, y_px), abs=0.01 * max(width, height))
    matrix = to_crop(square, 100)
    inside = mesh[:N_CLASSIC_POINTS] @ matrix[:, :2].T + matrix[:, 2]
    assert inside.min() > -0.1
    assert inside.max() < 100.1
    assert inside[FOREHEAD, 1] < inside[CHIN, 1]


def test_depth_does_not_count_for_the_square_of_a_mesh():
    flat = turned(upright_mesh(80, 100), 20, (300, 200))
    deep = np.column_stack([flat, np.random.default_rng(0).normal(0, 999, N_POINTS)])
    assert mesh_square(deep.astype(np.float32)) == pytest.approx(mesh_square(flat), abs=1e-3)


@given(rolls, st.floats(10, 300))
def test_the_square_of_a_box_is_turned_as_its_five_points_are(roll, side_px):
    upright = np.array([[-0.2, -0.2], [0.2, -0.2], [0, 0], [-0.15, 0.25], [0.15, 0.25]])
    points = turned(upright * side_px, roll, (400, 300))
    half = np.array([-0.4, -0.5, 0.4, 0.5]) * side_px
    square = box_square(np.add(half, (400, 300, 400, 300)), points)
    assert square.roll_degrees == pytest.approx(roll, abs=1e-4)
    assert square.side_px == pytest.approx(side_px * MESH_PER_BOX)
    below = turned(np.array([[0, MESH_BELOW_BOX * side_px]]), roll, (400, 300))[0]
    assert square[:2] == pytest.approx(below, abs=1e-6)


def test_points_that_coincide_still_make_a_square_with_an_area():
    square = mesh_square(np.full((N_POINTS, 3), 7.0))
    assert square == (7.0, 7.0, 1.0, 0.0)
    box = np.array([10.0, 20.0, 30.0, 60.0])
    assert box_square(box, np.full((5, 2), 25.0)).roll_degrees == 0


def rotation(axis: int, degrees: float) -> np.ndarray:
    """(3, 3) about x, y or z, right-handed."""
    angle = np.deg2rad(degrees)
    turn = np.eye(3)
    one, other = [number for number in range(3) if number != axis]
    turn[one, one] = turn[other, other] = np.cos(angle)
    turn[one, other], turn[other, one] = -np.sin(angle), np.sin(angle)
    return turn if axis != 1 else turn.T


def head(seed: int = 0) -> np.ndarray:
    """(478, 3) points in the axes of MediaPipe's canonical face, the eyes apart."""
    points = np.random.default_rng(seed).normal(size=(N_POINTS, 3))
    points[RIGHT_EYE], points[LEFT_EYE] = (-3, 2, 1), (3, 2, 1)
    return points


def photographed(
    points: np.ndarray, turn: np.ndarray, scale: float = 0.05, moved: tuple[float, float] = (0, 0)
) -> tuple[np.ndarray, np.ndarray]:
    """What MediaPipe says of a turned head: landmarks (1, 478, 3) and pose (1, 4, 4)."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = turn, (1, 2, -40)
    shift = (0.5 + moved[0], 0.5 + moved[1], 0)
    return ((points @ turn.T) * (1, -1, -1) * scale + shift)[np.newaxis], pose[np.newaxis]


angles = st.floats(-80, 80)


@given(angles, angles, rolls, st.floats(0.01, 0.3), st.floats(-2, 2), st.floats(-2, 2))
def test_the_canonical_vector_is_that_of_the_head_looking_straight(yaw, pitch, roll, scale, x, y):
    straight = canonical_vector(*photographed(head(), np.eye(3)))
    turn = rotation(2, roll) @ rotation(1, yaw) @ rotation(0, pitch)
    found = canonical_vector(*photographed(head(), turn, scale, (x, y)))
    np.testing.assert_allclose(found, straight, atol=1e-5)


@given(rolls, st.floats(0.2, 5), st.floats(-2, 2), st.floats(-2, 2))
def test_turning_moving_and_scaling_the_picture_leaves_the_canonical_vector(roll, scale, x, y):
    landmarks, pose = photographed(head(1), rotation(1, 30) @ rotation(0, -10))
    found = landmarks.copy()
    found[0, :, :2] = turned(landmarks[0, :, :2] * scale, roll, (x, y))
    found[0, :, 2] *= scale
    other = pose.copy()
    other[0, :3, :3] = rotation(2, -roll) @ pose[0, :3, :3]  # clockwise, and y points up
    expected = canonical_vector(landmarks, pose)
    np.testing.assert_allclose(canonical_vector(found, other), expected, atol=1e-5)


def test_the_canonical_vector_lies_between_the_eyes_one_apart_with_y_up():
    landmarks, pose = photographed(head(), rotation(1, 25))
    vector = canonical_vector(landmarks.reshape(1, -1), pose.reshape(1, -1))
    assert vector.shape == (1, 3 * N_CLASSIC_POINTS)
    assert vector.dtype == np.float32
    points = vector.reshape(N_CLASSIC_POINTS, 3)
    np.testing.assert_allclose(points[RIGHT_EYE], (-0.5, 0, 0), atol=1e-6)
    np.testing.assert_allclose(points[LEFT_EYE], (0.5, 0, 0), atol=1e-6)
    expected = (head()[:N_CLASSIC_POINTS] - (0, 2, 1)) / 6
    np.testing.assert_allclose(points, expected, atol=1e-5)


def test_a_pose_that_also_scales_turns_as_one_that_does_not():
    landmarks, pose = photographed(head(), rotation(1, 25))
    expected = canonical_vector(landmarks, pose)
    pose[0, :3, :3] *= 7
    np.testing.assert_allclose(canonical_vector(landmarks, pose), expected, atol=1e-5)


def test_rows_without_landmarks_are_not_a_number_and_the_others_as_alone():
    landmarks, pose = photographed(head(), rotation(1, 25))
    nothing, empty = np.full_like(landmarks, np.nan), np.full_like(pose, np.nan)
    point = np.full_like(landmarks, 0.5)
    several = np.concatenate([nothing, landmarks, landmarks, point, landmarks])
    found = canonical_vector(several, np.concatenate([pose, pose, empty, pose, pose]))
    assert np.isnan(found[[0, 2, 3]]).all()
    np.testing.assert_array_equal(found[[1, 4]], np.repeat(canonical_vector(landmarks, pose), 2, 0))
    assert canonical_vector(landmarks[:0], pose[:0]).shape == (0, 3 * N_CLASSIC_POINTS)


# Points on the right and on the left of a face: eyes, mouth, cheeks, jaw and temples.
MIRRORED = ((33, 263), (133, 362), (61, 291), (50, 280), (205, 425), (58, 288), (234, 454))


def asymmetry(vector: np.ndarray) -> float:
    """Mean distance of points from the mirror images of their counterparts."""
    right, left = (vector.reshape(-1, 3)[list(side)] for side in zip(*MIRRORED, strict=True))
    return float(np.linalg.norm(right - left * (-1, 1, 1), axis=1).mean())


@pytest.mark.model_files
def test_faces_of_photographs_become_symmetric_whichever_way_they_look():
    mesh = shared_detectors().mesh
    before, after = [], []
    for picture in photographs().values():
        height_px, width_px = picture.shape[:2]
        square = mesh_square(mesh.find(picture).points * (width_px, height_px, width_px))
        matrix = to_crop(square._replace(side_px=1.4 * square.side_px), 256)
        found = mesh.find(cv2.warpAffine(picture, matrix, (256, 256)))
        before.append(asymmetry(canonical_vector(found.points[np.newaxis], np.eye(4))))
        after.append(asymmetry(canonical_vector(found.points[np.newaxis], found.pose)))
    assert max(after) < max(before) / 2
    assert sum(after) < sum(before) / 2
