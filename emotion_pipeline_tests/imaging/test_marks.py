import numpy as np
import pytest

from emotion_pipeline.imaging.marks import COLOR, with_boxes, with_points

GRAY, COLOUR = np.full((60, 80), 90, np.uint8), np.full((60, 80, 3), 90, np.uint8)


def is_marked(picture: np.ndarray) -> np.ndarray:
    return (picture == COLOR).all(axis=-1)


@pytest.mark.parametrize("picture", [GRAY, COLOUR], ids=["gray", "colour"])
def test_a_box_is_drawn_around_and_not_over_what_is_in_it(picture):
    marked = with_boxes(picture, np.array([[10.4, 20.0, 49.6, 50.0]]))
    assert marked.shape == (60, 80, 3)
    rows, columns = np.nonzero(is_marked(marked))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (10, 20, 50, 50)
    assert (marked[22:48, 12:48] == 90).all()


@pytest.mark.parametrize("picture", [GRAY, COLOUR], ids=["gray", "colour"])
def test_the_picture_itself_stays_as_it_is(picture):
    with_boxes(picture, np.array([[0.0, 0.0, 70.0, 50.0]]))
    with_points(picture, np.array([[0.5, 0.5]]), 40)
    assert (picture == 90).all()


def test_without_boxes_and_points_nothing_is_marked():
    assert not is_marked(with_boxes(GRAY, np.empty((0, 4)))).any()
    assert not is_marked(with_points(GRAY, np.empty((0, 2)), 40)).any()


def test_boxes_beyond_the_picture_are_drawn_as_far_as_they_reach():
    marked = with_boxes(GRAY, np.array([[-20.0, -20.0, 30.0, 900.0]]))
    assert is_marked(marked)[:, 30].all()
    assert not is_marked(marked)[:, 33:].any()


def test_lines_are_wider_on_larger_pictures():
    large = with_boxes(np.zeros((600, 800), np.uint8), np.array([[100.0, 100.0, 500.0, 500.0]]))
    assert is_marked(large)[300, 90:110].sum() > 5


@pytest.mark.parametrize("picture", [GRAY, COLOUR], ids=["gray", "colour"])
def test_points_stand_at_their_share_of_width_and_height(picture):
    marked = with_points(picture, np.array([[0.25, 0.5], [0.75, 0.1]]), 100)
    assert marked.shape == (100, 100, 3)
    assert np.argwhere(is_marked(marked)).tolist() == [[10, 75], [50, 25]]


def test_points_outside_the_picture_do_no_harm():
    marked = with_points(GRAY, np.array([[-0.5, 0.5], [1.5, 2.0]]), 100)
    assert not is_marked(marked).any()
