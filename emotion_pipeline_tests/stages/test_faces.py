from dataclasses import replace

import cv2
import numpy as np
import pytest

from emotion_pipeline import fingerprint
from emotion_pipeline.datasets import all_datasets, get_dataset
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.landmarks.geometry import mesh_square
from emotion_pipeline.stages import detections, faces
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline_tests.landmarks.shared_detectors import photographs, shared_detectors
from emotion_pipeline_tests.stages.small_faces import (
    DATASETS,
    make_from_samples,
    workspace_in,
    write_samples,
)

pytestmark = pytest.mark.model_files

LOOSE = [name for name, dataset in DATASETS.items() if not dataset.tight_crop]
PERSONAL = replace(get_dataset("personal"), n_buckets=1)
NOBODY = np.full((200, 240, 3), 120, np.uint8)


def rows_of(workspace, dataset) -> list[dict]:
    return table_of(workspace, dataset, ORIGINAL).read_all().to_pylist()


def turned(picture: np.ndarray, degrees: float) -> np.ndarray:
    """The picture turned clockwise about its middle."""
    height_px, width_px = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width_px / 2, height_px / 2), -degrees, 1)
    return cv2.warpAffine(picture, matrix, (width_px, height_px), borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.parametrize("name", LOOSE)
def test_faces_are_squares_of_the_size_of_their_dataset(drawn_faces, name):
    rows = rows_of(drawn_faces[0], DATASETS[name])
    side_px = DATASETS[name].face_px
    assert {decode(row["image"]["bytes"]).shape[:2] for row in rows} == {(side_px, side_px)}
    assert {(row["width_px"], row["height_px"]) for row in rows} == {(side_px, side_px)}


@pytest.mark.parametrize("name", [name for name in DATASETS if name not in LOOSE])
def test_tight_crops_pass_byte_for_byte(drawn_faces, name):
    workspace, dataset = drawn_faces[0], DATASETS[name]
    samples = workspace.samples(dataset).read_all(["sample_id", "image"])
    faces_made = table_of(workspace, dataset, ORIGINAL).read_all(["sample_id", "image"])
    assert faces_made.equals(samples)
    assert not workspace.detections(dataset).folder.exists()


@pytest.mark.parametrize("name", [name for name in LOOSE if DATASETS[name].emotions])
def test_pictures_with_an_emotion_have_one_face_under_their_own_name(drawn_faces, name):
    workspace, dataset = drawn_faces[0], DATASETS[name]
    names = [row["sample_id"] for row in rows_of(workspace, dataset)]
    samples = workspace.samples(dataset).read_all(["sample_id"])["sample_id"].to_pylist()
    assert names == samples


def test_pictures_without_an_emotion_have_every_face_under_a_number(drawn_faces):
    workspace, dataset = drawn_faces[0], DATASETS["darkface"]
    found = workspace.detections(dataset).read_all(["sample_id", "n_faces"]).to_pylist()
    expected = [
        f"{row['sample_id']}#{number:03d}" for row in found for number in range(row["n_faces"])
    ]
    rows = rows_of(workspace, dataset)
    assert [row["sample_id"] for row in rows] == expected
    assert [row["image"]["path"] for row in rows] == [f"{name}.png" for name in expected]
    assert 0 in {row["n_faces"] for row in found} != {0}


def test_every_drawn_face_lies_in_the_middle_of_its_picture(drawn_faces):
    workspace, dataset = drawn_faces[0], DATASETS["kdef"]
    yunet = shared_detectors().yunet
    for row in rows_of(workspace, dataset):
        (found,) = yunet.find(decode(row["image"]["bytes"]))
        middle = (found.box_px[:2] + found.box_px[2:]) / 2 / dataset.face_px
        assert middle == pytest.approx([0.5, 0.5], abs=0.1)
        assert 0.6 < found.side_px / dataset.face_px < 0.95


@pytest.fixture(scope="module")
def turned_people(tmp_path_factory):
    """The stages of a photograph turned by four angles, and of a picture without a face."""
    workspace = workspace_in(tmp_path_factory.mktemp("turned"))
    person = photographs()["img10.jpg"]
    pictures = [turned(person, degrees) for degrees in (0, -40, 25, 50)] + [NOBODY]
    write_samples(workspace, PERSONAL, pictures, emotion=["neutral"] * 5)
    return workspace, make_from_samples(workspace, PERSONAL)


def test_a_turned_face_comes_out_upright_and_in_the_middle(turned_people):
    workspace, _ = turned_people
    meshes = workspace.landmarks(PERSONAL, ORIGINAL).read_all(["landmarks"])["landmarks"]
    assert len(meshes) == 4
    for mesh in meshes.to_pylist():
        square = mesh_square(np.array(mesh).reshape(-1, 3)[:, :2])  # in sides of the picture
        assert square.roll_degrees == pytest.approx(0, abs=3)
        assert square[:2] == pytest.approx((0.5, 0.5), abs=0.03)


def test_the_square_around_a_mesh_gets_its_margin_on_each_side(turned_people):
    workspace, _ = turned_people
    for mesh in workspace.landmarks(PERSONAL, ORIGINAL).read_all()["landmarks"].to_pylist():
        x, y = np.array(mesh).reshape(-1, 3)[:468, :2].T
        side = max(np.ptp(x), np.ptp(y))
        assert side == pytest.approx(1 / (1 + 2 * faces.MARGIN), abs=0.04)


def test_a_picture_without_a_face_has_none_and_is_counted(turned_people):
    workspace, made = turned_people
    counts = workspace.detections(PERSONAL).read_all(["n_faces"])["n_faces"].to_pylist()
    assert counts == [1, 1, 1, 1, 0]
    names = [row["sample_id"] for row in rows_of(workspace, PERSONAL)]
    assert names == [f"picture-{number}" for number in range(4)]
    assert made.detections.figures["pictures_without_a_face"] == 1
    (rates,) = made.landmarks.preview["by_emotion"].to_pylist()
    assert (rates["n"], rates["n_found"]) == (5, 4)


def test_a_dataset_of_pictures_without_faces_makes_empty_tables(tmp_path):
    workspace = workspace_in(tmp_path)
    write_samples(workspace, PERSONAL, [NOBODY, NOBODY], emotion=["neutral"] * 2)
    made = make_from_samples(workspace, PERSONAL)
    assert rows_of(workspace, PERSONAL) == []
    assert made.detections.figures["faces"] == 0
    assert np.isnan(made.landmarks.figures["detected_score"])
    assert make_from_samples(workspace, PERSONAL).rows_computed() == [0, 0, 0]


def test_detections_of_other_samples_are_refused(tmp_path):
    workspace = workspace_in(tmp_path)
    write_samples(workspace, PERSONAL, [NOBODY, NOBODY])
    detections.make(workspace, PERSONAL)
    write_samples(workspace, PERSONAL, [NOBODY, NOBODY, NOBODY])
    with pytest.raises(RuntimeError, match="refresh"):
        faces.make(workspace, PERSONAL)


def test_the_size_of_the_faces_counts_as_code_and_tight_crops_have_another():
    dataset = DATASETS["kdef"]
    assert faces.code(dataset) == faces.code(DATASETS["personal"])
    assert faces.code(dataset) != faces.code(replace(dataset, face_px=dataset.face_px + 1))
    assert faces.code(dataset) != faces.code(replace(dataset, tight_crop=True))


def test_the_code_that_cuts_out_counts_for_cut_out_faces_and_no_others():
    """What a face depends on follows from the module that cuts it out."""
    needed = {"align", "codec", "face_rows", "pictures"}
    found = fingerprint.reachable("emotion_pipeline.imaging.face_rows")
    assert {f"emotion_pipeline.imaging.{name}" for name in needed} <= found
    assert "emotion_pipeline.imaging.degrade" not in found
    own = fingerprint.fingerprint(
        faces.__name__,
        "emotion_pipeline.imaging.face_rows",
        "emotion_pipeline.schema",
        values=faces.MARGIN,
    )
    for name, dataset in all_datasets().items():
        assert faces.code(dataset).startswith(own) != dataset.tight_crop, name
