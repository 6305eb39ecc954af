import cv2
import numpy as np
import pytest

from emotion_pipeline.imaging.align import Square
from emotion_pipeline.landmarks.detectors import Detectors
from emotion_pipeline.landmarks.finding import Face, about, find_faces
from emotion_pipeline.metrics.detection import iou_matrix, match, recall_score
from emotion_pipeline_tests.landmarks.montages import compose, cut_head
from emotion_pipeline_tests.landmarks.shared_detectors import (
    photograph,
    photographs,
    shared_detectors,
    without_faces,
)
from emotion_pipeline_tests.shared_data import GROUP_PHOTO, shared_file

N_MONTAGES = 12
TURNED_PX = 640


@pytest.fixture(scope="module")
def detectors():
    return shared_detectors()


@pytest.fixture(scope="module")
def people():
    return photographs()


@pytest.fixture(scope="module")
def found(detectors, people):
    """The faces of each photograph."""
    return {name: find_faces(picture, detectors) for name, picture in people.items()}


def boxes_of(faces: list[Face]) -> np.ndarray:
    return np.array([face.box_px for face in faces], dtype=np.float64).reshape(-1, 4)


def turned(picture: np.ndarray, face: Square, roll_degrees: float) -> np.ndarray:
    """The picture turned about its face so that the face has this roll."""
    center = (face.center_x_px, face.center_y_px)
    scale = TURNED_PX / 3 / face.side_px
    matrix = cv2.getRotationMatrix2D(center, face.roll_degrees - roll_degrees, scale)
    matrix[:, 2] += TURNED_PX / 2 - np.array(center)
    return cv2.warpAffine(
        picture,
        matrix,
        (TURNED_PX, TURNED_PX),
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_REPLICATE,
    )


def face_at(left: float, top: float, side_px: float) -> Face:
    square = Square(left + side_px / 2, top + side_px / 2, side_px, 0.0)
    return Face((left, top, left + side_px, top + side_px), 0.9, square, True)


@pytest.mark.model_files
def test_photographs_of_one_person_have_one_upright_face_with_a_mesh(found):
    for name, faces in found.items():
        (face,) = faces
        assert face.has_mesh, name
        assert abs(face.square.roll_degrees) < 30, name
        assert 0.6 <= face.score <= 1, name
        left, top, right, bottom = face.box_px
        assert left < face.square.center_x_px < right, name
        assert top < face.square.center_y_px < bottom, name
        assert face.square.side_px == pytest.approx(bottom - top, rel=0.3), name


@pytest.mark.model_files
def test_several_people_are_found_the_largest_first(detectors):
    faces = find_faces(photograph(shared_file(f"data/photos/{GROUP_PHOTO}")), detectors)
    sides_px = [face.square.side_px for face in faces]
    assert len(faces) in (5, 6, 7)
    assert sides_px == sorted(sides_px, reverse=True)
    overlap = iou_matrix(boxes_of(faces), boxes_of(faces))
    assert (overlap[~np.eye(len(faces), dtype=bool)] < 0.3).all()


@pytest.mark.model_files
def test_faces_whose_places_are_known_are_found_there_and_nowhere_else(detectors, people):
    rng = np.random.default_rng(1)
    heads = [cut_head(picture, detectors.yunet) for picture in people.values()]
    matches = []
    for _ in range(N_MONTAGES):
        montage = compose(heads, rng)
        faces = sorted(find_faces(montage.picture, detectors), key=lambda face: -face.score)
        matches.append(match(boxes_of(faces), montage.boxes_px))
    assert sum(one.n_truth for one in matches) > 2 * N_MONTAGES
    assert recall_score(matches) >= 0.9
    assert sum(one.n_false_positives for one in matches) <= N_MONTAGES / 10


@pytest.mark.model_files
@pytest.mark.parametrize("roll_degrees", [-60, -45, -30, -15, 15, 30, 45, 60])
def test_turned_heads_are_found_and_it_is_known_how_far_they_are_turned(
    detectors, people, found, roll_degrees
):
    for name in list(people)[roll_degrees < 0 :: 2]:
        upright = found[name][0].square
        faces = find_faces(turned(people[name], upright, roll_degrees), detectors)
        assert faces, name
        assert faces[0].square.roll_degrees == pytest.approx(roll_degrees, abs=10), name
        assert faces[0].square[:2] == pytest.approx([TURNED_PX / 2] * 2, abs=20), name


class SeesFacesOnlyWhereTold:
    """A YuNet that finds nothing in whole pictures."""

    def __init__(self, is_face: bool):
        self.is_face = is_face

    def find(self, _):
        return []

    def sees_face(self, *_):
        return self.is_face


@pytest.mark.model_files
@pytest.mark.parametrize("is_face", [True, False])
def test_where_only_the_landmarker_finds_a_face_the_other_detector_has_the_last_word(
    detectors, people, found, is_face
):
    asked = Detectors(detectors.mesh, SeesFacesOnlyWhereTold(is_face))
    for name, picture in list(people.items())[:3]:
        faces = find_faces(picture, asked)
        assert len(faces) == is_face, name
        for face in faces:
            expected = found[name][0].square
            assert face.has_mesh
            assert face.square[:2] == pytest.approx(expected[:2], abs=0.1 * expected.side_px)
            assert face.square.side_px == pytest.approx(expected.side_px, rel=0.1)


@pytest.mark.model_files
def test_pictures_that_nobody_is_in_have_no_face(detectors):
    pictures = without_faces().items()
    assert [name for name, picture in pictures if find_faces(picture, detectors)] == []


@pytest.mark.model_files
@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3)])
def test_tiny_pictures_have_no_face_and_do_no_harm(detectors, shape):
    assert find_faces(np.full((*shape, 3), 90, np.uint8), detectors) == []


@pytest.mark.model_files
def test_a_face_too_small_for_a_mesh_keeps_what_the_detector_says(detectors, people, found):
    name, (large,) = next(iter(found.items()))
    picture = people[name]
    scale = 22 / large.square.side_px
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    (face,) = find_faces(small, detectors)
    assert not face.has_mesh
    expected = np.array(large.square[:3]) * scale
    assert face.square[:3] == pytest.approx(expected, abs=0.15 * 22)


def test_the_face_that_lies_in_the_given_box_comes_first_and_the_others_keep_their_order():
    large, middle, small = face_at(0, 0, 90), face_at(200, 0, 60), face_at(400, 0, 30)
    faces = [large, middle, small]
    assert about((205, 5, 265, 65), faces) == [middle, large, small]
    assert about((400, 0, 430, 30), faces) == [small, large, middle]
    assert about((0, 0, 500, 90), faces)[0] == large


def test_a_box_that_no_face_was_found_in_stands_for_one():
    faces = [face_at(0, 0, 90), face_at(200, 0, 60)]
    for found in (faces, []):
        unseen, *others = about((500, 500, 600, 640), found)
        assert others == found
        assert unseen.box_px == (500, 500, 600, 640)
        assert unseen.square == Square(550, 570, 140, 0)
        assert (unseen.score, unseen.has_mesh) == (0, False)


def test_a_box_without_an_area_changes_nothing():
    faces = [face_at(0, 0, 90), face_at(200, 0, 60)]
    assert about((5, 5, 5, 5), faces) == faces
    assert about((9, 9, 5, 5), []) == []
