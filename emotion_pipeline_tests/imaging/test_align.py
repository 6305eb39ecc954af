import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_pipeline.imaging.align import Square, crop, to_crop

squares = st.builds(
    Square,
    st.floats(-100, 2000),
    st.floats(-100, 2000),
    st.floats(0.5, 3000),
    st.floats(-180, 180),
)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def moved(square: Square, size_px: int, x_px: float, y_px: float) -> np.ndarray:
    """Where `to_crop` takes a point of the picture."""
    return to_crop(square, size_px) @ (x_px, y_px, 1)


def dotted(x_px: int, y_px: int, radius_px: int) -> np.ndarray:
    """A black picture with a soft white dot, its middle at a corner of pixels."""
    picture = np.zeros((400, 500), np.uint8)
    picture[y_px - radius_px : y_px + radius_px, x_px - radius_px : x_px + radius_px] = 255
    return cv2.GaussianBlur(picture, (0, 0), radius_px)


def middle_of_light(picture: np.ndarray) -> tuple[float, float]:
    """The centre of gravity of a gray picture, in pixels from its upper left corner."""
    y, x = np.indices(picture.shape) + 0.5
    weight = picture.astype(np.float64)
    return (x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum()


@given(squares, st.integers(1, 400))
def test_the_centre_goes_to_the_centre_and_the_side_to_the_size(square, size_px):
    centre = moved(square, size_px, square.center_x_px, square.center_y_px)
    assert centre == pytest.approx([size_px / 2] * 2, abs=1e-6)
    angle = np.deg2rad(square.roll_degrees)
    along = square.side_px * np.array([np.cos(angle), np.sin(angle)])
    end = moved(square, size_px, square.center_x_px + along[0], square.center_y_px + along[1])
    assert end - centre == pytest.approx([size_px, 0], abs=1e-6)


def test_what_is_turned_clockwise_in_the_picture_is_upright_in_the_crop():
    straight_up = moved(Square(0, 0, 10, 0), 10, 0, -3)
    to_the_right = moved(Square(0, 0, 10, 90), 10, 3, 0)
    assert straight_up == pytest.approx([5, 2])
    assert to_the_right == pytest.approx([5, 2])


@pytest.mark.parametrize("roll_degrees", [-170, -45, -10, 0, 30, 90])
@pytest.mark.parametrize("side_px", [40, 100, 130, 300])
def test_a_marker_lands_where_the_matrix_says(roll_degrees, side_px):
    picture = dotted(x_px=215, y_px=190, radius_px=max(2, side_px // 25))
    square = Square(220.5, 185.0, side_px, roll_degrees)
    found = middle_of_light(crop(picture, square, 100))
    assert found == pytest.approx(moved(square, 100, 215, 190), abs=0.5)


@pytest.mark.parametrize("shape", [(60, 80), (60, 80, 3)])
def test_an_upright_square_of_the_size_of_the_crop_is_a_plain_slice(shape):
    picture = noise(*shape)
    assert (crop(picture, Square(40, 30, 20, 0), 20) == picture[20:40, 30:50]).all()
    whole_height = crop(picture, Square(30, 30, 60, 0), 60)
    assert (whole_height == picture[:, :60]).all()


def test_quarter_turns_turn_pixels_without_loss():
    picture = noise(50, 50)
    assert (crop(picture, Square(25, 25, 30, 90), 30) == np.rot90(picture[10:40, 10:40])).all()


@pytest.mark.parametrize("shape", [(30, 30), (30, 30, 3)])
def test_beyond_the_edge_the_edge_is_repeated(shape):
    picture = noise(*shape)
    found = crop(picture, Square(0, 30, 20, 0), 20)
    assert (found[:10, 10:] == picture[20:, :10]).all()
    assert (found[:10, :10] == picture[20:, :1]).all()
    assert (found[10:, 10:] == picture[-1, :10]).all()


def test_a_much_larger_picture_is_averaged_and_not_sampled():
    checkerboard = (255 * (np.indices((1000, 1200)).sum(axis=0) % 2)).astype(np.uint8)
    for square in (Square(500, 500, 960, 0), Square(500, 500, 960, 17)):
        assert np.abs(crop(checkerboard, square, 48).astype(int) - 127).max() <= 2


def test_an_enlarged_picture_is_interpolated_between_its_pixels():
    ramp = np.tile(np.arange(0, 250, 10, dtype=np.uint8), (25, 1))
    steps = np.diff(crop(ramp, Square(12, 12, 10, 0), 100)[50].astype(int))
    assert set(steps.tolist()) <= {0, 1, 2}
    assert steps.sum() in range(98, 102)


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3)])
@pytest.mark.parametrize("side_px", [3, 100])
def test_gray_stays_gray_and_colour_stays_colour(shape, side_px):
    found = crop(noise(*shape), Square(3, 4, side_px, 20), 16)
    assert found.shape == (16, 16, *shape[2:])
    assert found.dtype == np.uint8


def test_what_is_far_from_the_square_changes_nothing():
    picture = noise(300, 400)
    alone = picture.copy()
    alone[:, 300:] = 0
    square = Square(150, 150, 100, 30)
    assert (crop(picture, square, 48) == crop(alone, square, 48)).all()


@pytest.mark.parametrize("side_px", [0, -3, float("nan")])
def test_a_square_without_an_area_is_refused(side_px):
    with pytest.raises(ValueError, match="not a square with an area"):
        crop(noise(20, 20), Square(10, 10, side_px, 0), 8)


@pytest.mark.parametrize("center", [(-40, 10), (10, -40), (60, 10), (10, 60)])
def test_a_square_outside_the_picture_is_refused_with_its_size(center):
    with pytest.raises(ValueError, match="outside a picture of 30 x 20 px"):
        crop(noise(20, 30), Square(*center, 10, 45), 8)


@given(squares, st.floats(0, 2))
def test_a_margin_is_added_on_each_side(square, margin):
    wider = square.with_margin(margin)
    assert wider.side_px - square.side_px == pytest.approx(2 * margin * square.side_px)
    assert wider._replace(side_px=square.side_px) == square
