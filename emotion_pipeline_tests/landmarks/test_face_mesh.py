import sys

import cv2
import numpy as np
import pytest

from emotion_pipeline.blendshapes import BLENDSHAPES
from emotion_pipeline.imaging.align import crop
from emotion_pipeline.landmarks.face_mesh import (
    SMALL_PX,
    FaceMesh,
    MeshDetector,
    with_border,
)
from emotion_pipeline.landmarks.geometry import CHIN, FOREHEAD, N_POINTS, box_square
from emotion_pipeline.landmarks.mediapipe_library import (
    NOT_INSTALLED,
    LandmarkerUnusable,
    lacking,
)
from emotion_pipeline_tests.landmarks.shared_detectors import (
    photographs,
    shared_detectors,
    usable_models,
    without_faces,
)

NOSE_TIP, LEFT_CHEEK, RIGHT_CHEEK = 1, 234, 454  # left and right of the picture


@pytest.fixture(scope="module")
def detector():
    return shared_detectors().mesh


@pytest.fixture(scope="module")
def faces():
    """Upright face pictures of 256 px."""
    pictures = photographs()
    yunet = shared_detectors().yunet
    found = {name: yunet.find(picture)[0] for name, picture in pictures.items()}
    return {
        name: crop(pictures[name], box_square(one.box_px, one.five_points_px).with_margin(0.3), 256)
        for name, one in found.items()
    }


@pytest.fixture(scope="module")
def face(faces):
    return next(iter(faces.values()))


def resized(picture: np.ndarray, side_px: int) -> np.ndarray:
    return cv2.resize(picture, (side_px, side_px), interpolation=cv2.INTER_AREA)


def arrays(mesh: FaceMesh | None) -> tuple[bytes, ...]:
    assert mesh is not None
    return tuple(array.tobytes() for array in mesh)


@pytest.mark.model_files
def test_every_face_has_a_mesh_of_the_documented_shapes_and_ranges(detector, faces):
    for name, picture in faces.items():
        mesh = detector.find(picture)
        assert mesh is not None, name
        assert {array.dtype for array in mesh} == {np.dtype(np.float32)}
        assert mesh.points.shape == (N_POINTS, 3)
        assert mesh.blendshapes.shape == (len(BLENDSHAPES),) == (52,)
        assert mesh.pose.shape == (4, 4)
        assert 0 < mesh.points[:, :2].min() < mesh.points[:, :2].max() < 1
        assert 0 <= mesh.blendshapes.min() < mesh.blendshapes.max() <= 1
        assert mesh.pose[3].tolist() == [0, 0, 0, 1]


@pytest.mark.model_files
def test_the_mesh_lies_on_the_face(detector, faces):
    for picture in faces.values():
        x, y, z = detector.find(picture).points.T
        assert y[FOREHEAD] < y[NOSE_TIP] < y[CHIN]
        assert x[LEFT_CHEEK] < x[NOSE_TIP] < x[RIGHT_CHEEK]
        assert z[NOSE_TIP] < min(z[LEFT_CHEEK], z[RIGHT_CHEEK])


@pytest.mark.model_files
def test_pictures_that_nobody_is_in_have_no_mesh(detector):
    pictures = without_faces().items()
    assert [name for name, picture in pictures if detector.find(picture) is not None] == []


@pytest.mark.model_files
@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3)])
def test_tiny_pictures_do_no_harm(detector, shape):
    assert detector.find(np.full((*shape, 3), 90, np.uint8)) is None


@pytest.mark.model_files
def test_numbers_and_names_are_those_of_mediapipe(detector, face):
    import mediapipe

    image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=face)
    theirs = detector._landmarker.detect(image)
    ours = detector.find(face)
    assert tuple(one.category_name for one in theirs.face_blendshapes[0]) == BLENDSHAPES
    expected = [one.score for one in theirs.face_blendshapes[0]]
    assert ours.blendshapes == pytest.approx(expected, abs=1e-6)
    expected = [(point.x, point.y, point.z) for point in theirs.face_landmarks[0]]
    assert ours.points == pytest.approx(np.array(expected), abs=1e-6)
    assert ours.pose == pytest.approx(theirs.facial_transformation_matrixes[0], abs=1e-5)


@pytest.mark.model_files
def test_coordinates_are_shares_of_the_picture_whatever_border_it_gets(detector, faces):
    for name, picture in faces.items():
        bordered = detector.find(resized(picture, SMALL_PX - 1)).points
        plain = detector.find(resized(picture, SMALL_PX)).points
        assert np.abs(bordered - plain)[:, :2].mean() < 0.01, name
        depth, expected = (float(np.ptp(points[:, 2])) for points in (bordered, plain))
        assert depth == pytest.approx(expected, rel=0.1), name


@pytest.mark.model_files
@pytest.mark.parametrize("side_px", [100, 200], ids=["bordered", "plain"])
def test_x_and_z_count_in_widths_and_y_in_heights(detector, face, side_px):
    square = resized(face, side_px)
    mesh = detector.find(square).points
    wide = cv2.copyMakeBorder(square, 0, 0, side_px // 2, side_px // 2, cv2.BORDER_REPLICATE)
    in_wide = detector.find(wide).points * (2, 1, 2) - (0.5, 0, 0)
    assert np.abs(in_wide - mesh).mean(axis=0) == pytest.approx([0, 0, 0], abs=0.02)


@pytest.mark.model_files
def test_a_second_detector_gives_the_same_bytes_whatever_it_has_seen(detector, faces):
    other = MeshDetector(usable_models().landmarker)
    for picture in reversed(faces.values()):
        other.find(picture)
    for picture in faces.values():
        assert arrays(detector.find(picture)) == arrays(other.find(picture))


@pytest.mark.model_files
def test_a_mesh_stays_as_it_is_while_others_are_found(detector, faces):
    first, *others = faces.values()
    mesh = detector.find(first)
    before = arrays(mesh)
    for picture in others:
        detector.find(picture)
    assert arrays(mesh) == before


@pytest.mark.parametrize(
    ("shape", "rim_px"),
    [
        ((100, 300, 3), 25),
        ((SMALL_PX - 1, SMALL_PX, 3), 32),
        ((SMALL_PX, 300, 3), 0),
        ((1, 1, 3), 0),
    ],
)
def test_small_pictures_get_a_border_that_repeats_their_edge(shape, rim_px):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    bordered, found_px = with_border(picture)
    assert found_px == rim_px
    rims = ((rim_px, rim_px), (rim_px, rim_px), (0, 0))
    assert (bordered == np.pad(picture, rims, mode="edge")).all()


def test_without_mediapipe_the_message_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(LandmarkerUnusable) as unusable:
        MeshDetector(tmp_path / "face_landmarker.task")
    assert str(unusable.value) == NOT_INSTALLED
    assert lacking() == NOT_INSTALLED
