import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_pipeline.imaging.align import to_crop
from emotion_pipeline.landmarks.geometry import (
    CHIN,
    FOREHEAD,
    MESH_BELOW_BOX,
    MESH_PER_BOX,
    N_CLASSIC_POINTS,
    N_POINTS,
    box_square,
    classic_vector,
    mesh_square,
)

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
