import cv2
import numpy as np
import pytest

from emotion_pipeline.landmarks.yunet import MIN_SCORE, Detection, YuNet
from emotion_pipeline.metrics.detection import iou_matrix
from emotion_pipeline_tests.landmarks.shared_detectors import photographs, without_faces
from emotion_pipeline_tests.shared_data import YUNET, shared_file

pytestmark = pytest.mark.model_files

SIDES_PX = (96, 320, 1280)


@pytest.fixture(scope="module")
def yunet():
    return YuNet(shared_file(YUNET))


@pytest.fixture(scope="module")
def people():
    return photographs()


def with_long_side(picture: np.ndarray, side_px: int) -> np.ndarray:
    scale = side_px / max(picture.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)


@pytest.mark.parametrize("side_px", SIDES_PX)
def test_a_face_is_found_once_and_in_its_place_at_every_size(yunet, people, side_px):
    for name, picture in people.items():
        (whole,) = yunet.find(picture)
        (found,) = yunet.find(with_long_side(picture, side_px))
        expected = whole.box_px * side_px / max(picture.shape[:2])
        assert iou_matrix(found.box_px[None], expected[None])[0, 0] >= 0.8, name
        assert MIN_SCORE <= found.score <= 1


def test_a_tight_close_up_is_found_once_and_in_its_place(yunet, people):
    for name, picture in people.items():
        (whole,) = yunet.find(picture)
        left, top = np.maximum(whole.box_px[:2], 0).astype(int)
        right, bottom = whole.box_px[2:].astype(int)
        (found,) = yunet.find(picture[top:bottom, left:right])
        expected = whole.box_px - [left, top, left, top]
        assert iou_matrix(found.box_px[None], expected[None])[0, 0] >= 0.8, name


def test_the_five_points_lie_in_the_box_the_right_way_up_and_round(yunet, people):
    for picture in people.values():
        (found,) = yunet.find(picture)
        right_eye, left_eye, nose, right_mouth, left_mouth = found.five_points_px
        assert (found.five_points_px > found.box_px[:2]).all()
        assert (found.five_points_px < found.box_px[2:]).all()
        assert right_eye[0] < left_eye[0]  # as seen by whoever looks at the picture
        assert right_mouth[0] < left_mouth[0]
        assert max(right_eye[1], left_eye[1]) < nose[1] < min(right_mouth[1], left_mouth[1])


def test_pictures_that_nobody_is_in_have_no_face(yunet):
    assert [name for name, picture in without_faces().items() if yunet.find(picture)] == []


def test_the_surest_face_comes_first_and_a_higher_score_leaves_fewer(yunet, people):
    rows = [with_long_side(picture, 200) for picture in people.values()]
    side_by_side = np.hstack([cv2.resize(picture, (150, 200)) for picture in rows])
    found = yunet.find(side_by_side)
    scores = [face.score for face in found]
    assert len(found) == len(people)
    assert scores == sorted(scores, reverse=True)
    middle = float(np.median(scores))
    surer = [face.score for face in yunet.find(side_by_side, middle)]
    assert surer == [score for score in scores if score >= middle]
    assert [face.score for face in yunet.find(side_by_side)] == scores


def test_sees_face_tells_a_face_from_none(yunet, people):
    for name, picture in people.items():
        assert yunet.sees_face(picture, 96, 0.5), name
    assert not any(yunet.sees_face(picture, 96, 0.5) for picture in without_faces().values())


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 200), (200, 3), (1, 5000)])
def test_tiny_and_narrow_pictures_have_no_face_and_do_no_harm(yunet, shape):
    assert yunet.find(np.full((*shape, 3), 90, np.uint8)) == []


def test_the_same_picture_gives_the_same_numbers_in_every_detector(yunet, people):
    other = YuNet(shared_file(YUNET))
    picture = next(iter(people.values()))
    other.find(np.zeros((50, 70, 3), np.uint8))
    for one, same in zip(yunet.find(picture), other.find(picture), strict=True):
        assert (one.box_px == same.box_px).all()
        assert (one.five_points_px == same.five_points_px).all()
        assert one.score == same.score


def test_the_longer_side_and_what_lies_within():
    def detection(*box):
        return Detection(np.array(box, dtype=np.float64), np.zeros((5, 2)), 0.9)

    large, small, beside = (
        detection(0, 0, 60, 100),
        detection(10, 10, 20, 20),
        detection(55, 0, 70, 9),
    )
    assert large.side_px == 100
    assert small.is_within(large)
    assert not large.is_within(small)
    assert not beside.is_within(large)
