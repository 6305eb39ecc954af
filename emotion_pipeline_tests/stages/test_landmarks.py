import numpy as np
import pytest

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.landmarks.geometry import classic_vector
from emotion_pipeline.landmarks.measuring import NO_MESH, NOT_CONFIRMED
from emotion_pipeline.stages import landmarks, pictures
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline_tests.stages.small_faces import DATASETS

pytestmark = pytest.mark.model_files

VALUES = {"landmarks": 478 * 3, "blendshapes": 52, "pose": 16}


def rows_of(workspace, name: str) -> list[dict]:
    return workspace.landmarks(DATASETS[name], ORIGINAL).read_all().to_pylist()


@pytest.mark.parametrize("name", DATASETS)
def test_every_face_picture_has_a_row(drawn_faces, name):
    workspace, made = drawn_faces
    faces = table_of(workspace, DATASETS[name], ORIGINAL).read_all(["sample_id"])
    rows = rows_of(workspace, name)
    assert [row["sample_id"] for row in rows] == faces["sample_id"].to_pylist()
    assert made[name].landmarks.figures["rows"] == len(rows) > 0


@pytest.mark.parametrize("name", DATASETS)
def test_a_row_has_all_values_or_a_reason(drawn_faces, name):
    for row in rows_of(drawn_faces[0], name):
        assert row["detected"] == (row["reason"] is None)
        assert row["reason"] in (None, NO_MESH, NOT_CONFIRMED)
        for column, n_values in VALUES.items():
            assert (row[column] is not None) == row["detected"]
            assert not row["detected"] or len(row[column]) == n_values
            assert not row["detected"] or np.isfinite(row[column]).all()


@pytest.mark.parametrize("name", DATASETS)
def test_the_figures_are_those_of_a_recount(drawn_faces, name):
    workspace, made = drawn_faces
    rows = rows_of(workspace, name)
    figures = made[name].landmarks.figures
    assert figures["detected_score"] == pytest.approx(np.mean([row["detected"] for row in rows]))
    for reason in (NO_MESH, NOT_CONFIRMED):
        assert figures.get(reason, 0) == [row["reason"] for row in rows].count(reason)


@pytest.mark.parametrize("name", [name for name in DATASETS if DATASETS[name].emotions])
def test_the_rates_by_emotion_are_those_of_a_recount(drawn_faces, name):
    workspace, made = drawn_faces
    detected = {row["sample_id"]: row["detected"] for row in rows_of(workspace, name)}
    samples = workspace.samples(DATASETS[name]).read_all(["sample_id", "emotion"]).to_pylist()
    rates = made[name].landmarks.preview["by_emotion"].to_pylist()
    for rate in rates:
        names = [row["sample_id"] for row in samples if row["emotion"] == rate["emotion"]]
        assert (rate["n"], rate["n_found"]) == (len(names), sum(detected[name] for name in names))
        assert 0 <= rate["low"] <= rate["found_score"] <= rate["high"] <= 1
    assert sum(rate["n"] for rate in rates) == len(samples)


def test_faces_without_emotions_have_no_rates_by_emotion(drawn_faces):
    assert "by_emotion" not in drawn_faces[1]["darkface"].landmarks.preview


def test_most_drawn_faces_are_measured(drawn_faces):
    for name, made in drawn_faces[1].items():
        assert made.landmarks.figures["detected_score"] >= 0.8, name


def test_landmarks_are_read_as_vectors_for_models(drawn_faces):
    table = drawn_faces[0].landmarks(DATASETS["kdef"], ORIGINAL).read_all()
    column = table["landmarks"].combine_chunks()
    vectors = classic_vector(column.flatten().to_numpy().reshape(len(column), -1))
    assert vectors.shape == (table.num_rows, 1404)
    assert 0.3 < np.median(vectors[:, 0]) < 0.7  # the middle of the upper lip


def test_another_domain_has_a_table_of_its_own(drawn_faces):
    workspace, _ = drawn_faces
    dataset = DATASETS["ckplus"]
    pictures.make_grayscale(workspace, dataset)
    before = workspace.landmarks(dataset, ORIGINAL).version()
    made = landmarks.make(workspace, dataset, GRAYSCALE)
    assert made.figures["rows_computed"] == len(rows_of(workspace, "ckplus"))
    assert made.version == workspace.landmarks(dataset, GRAYSCALE).version()
    assert workspace.landmarks(dataset, ORIGINAL).version() == before
