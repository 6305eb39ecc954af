import csv
from typing import NamedTuple

import numpy as np
import pyarrow.parquet as pq
import pytest

from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.datasets.drawn_pictures import colour_face
from emotion_pipeline.imaging.align import crop
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.grayscale import to_rgb
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.landmarks.finding import find_faces
from emotion_pipeline.landmarks.measuring import (
    GATE_MIN_SCORE,
    GATE_SIDE_PX,
    NO_MESH,
    NOT_CONFIRMED,
    Measured,
    measure,
)
from emotion_pipeline_tests.landmarks.shared_detectors import (
    photographs,
    shared_detectors,
    without_faces,
)
from emotion_pipeline_tests.shared_data import shared_file

MESH = object()


class Answers(NamedTuple):
    """Detectors that answer the same whatever they see, and note what they are shown."""

    found: object
    is_face: bool
    shown: list

    @property
    def mesh(self):
        return self

    @property
    def yunet(self):
        return self

    def find(self, _):
        return self.found

    def sees_face(self, picture, side_px, min_score):
        self.shown.append((picture, side_px, min_score))
        return self.is_face


@pytest.fixture(scope="module")
def detectors():
    return shared_detectors()


@pytest.mark.parametrize(
    ("found", "is_face", "measured"),
    [
        (MESH, True, Measured(MESH, None)),
        (MESH, False, Measured(None, NOT_CONFIRMED)),
        (None, True, Measured(None, NO_MESH)),
        (None, False, Measured(None, NO_MESH)),
    ],
)
def test_a_mesh_counts_only_where_both_detectors_see_a_face(found, is_face, measured):
    assert measure([np.zeros((9, 9, 3), np.uint8)], Answers(found, is_face, [])) == [measured]


@pytest.mark.parametrize("shape", [(20, 30, 3), (30, 20, 3), (30, 30, 3)])
def test_what_is_confirmed_is_a_square_that_begins_with_the_picture(shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    shown = []
    measure([picture], Answers(MESH, True, shown))
    ((seen, side_px, min_score),) = shown
    assert (side_px, min_score) == (GATE_SIDE_PX, GATE_MIN_SCORE)
    assert seen.shape == (30, 30, 3)
    assert (seen[: shape[0], : shape[1]] == picture).all()
    assert (seen[shape[0] :] == seen[shape[0] - 1]).all()
    assert (seen[:, shape[1] :] == seen[:, shape[1] - 1 : shape[1]]).all()


@pytest.mark.model_files
def test_faces_of_photographs_are_measured(detectors):
    for name, picture in photographs().items():
        (face,) = find_faces(picture, detectors)
        upright = crop(picture, face.square.with_margin(0.15), 224)
        ((mesh, reason),) = measure([upright], detectors)
        assert reason is None, name
        assert mesh is not None, name


@pytest.mark.model_files
@pytest.mark.parametrize("size_px", [48, 224])
def test_drawn_faces_are_measured_in_gray_and_in_colour(detectors, size_px):
    rng = np.random.default_rng(5)
    gray = [to_rgb(draw_face(emotion, rng, size_px)) for emotion in EMOTIONS]
    colour = [colour_face(emotion, rng, size_px) for emotion in EMOTIONS]
    measured = measure(gray + colour, detectors)
    assert np.mean([one.mesh is not None for one in measured]) >= 0.8


@pytest.mark.model_files
def test_pictures_that_nobody_is_in_have_no_mesh(detectors):
    for name, picture in without_faces().items():
        assert measure([picture], detectors) == [Measured(None, NO_MESH)], name


def fer2013_rows(are_wanted) -> list[np.ndarray]:
    """Pictures of the Training rows whose ten votes are wanted."""
    with shared_file("data/fer2013/fer2013new.csv").open(newline="") as file:
        votes = list(csv.DictReader(file))
    wanted = [
        row for row, vote in enumerate(votes) if vote["Usage"] == "Training" and are_wanted(vote)
    ]
    png = pq.read_table(shared_file("data/fer2013/fer2013.parquet"), columns=["png"])["png"]
    return [to_rgb(decode(png[row].as_py())) for row in wanted]


@pytest.mark.real_data
@pytest.mark.model_files
def test_most_pictures_voted_no_face_have_no_mesh_for_either_reason(detectors):
    pictures = fer2013_rows(lambda vote: int(vote["NF"]) >= 9)
    reasons = [one.reason for one in measure(pictures, detectors)]
    assert reasons.count(None) < 0.2 * len(reasons)
    assert reasons.count(NO_MESH) > reasons.count(NOT_CONFIRMED) > 0


@pytest.mark.real_data
@pytest.mark.model_files
def test_nearly_all_faces_that_voters_agree_on_are_measured(detectors):
    pictures = fer2013_rows(lambda vote: vote["happiness"] == "10")[:100]
    assert np.mean([one.reason is None for one in measure(pictures, detectors)]) >= 0.9
