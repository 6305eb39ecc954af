import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.drawn_pictures import colour_face
from emotion_pipeline.fetching import FetchFailed, model_files, web
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import detections
from emotion_pipeline.stages.base import Lacking, Workspace
from emotion_pipeline_tests.stages.small_faces import (
    DATASETS,
    N_STREETS,
    workspace_in,
    write_samples,
)

LOOSE = [name for name, dataset in DATASETS.items() if not dataset.tight_crop]
LARGE, SMALL = (20, 60, 220, 260), (260, 100, 380, 220)
AFFECTNET = replace(get_dataset("affectnet"), n_buckets=1)


def street(*edges: tuple[int, int, int, int]) -> np.ndarray:
    """A gray ground with drawn faces in these boxes (left, top, right, bottom)."""
    picture = np.full((320, 420, 3), 110, np.uint8)
    rng = np.random.default_rng(4)
    for left, top, right, bottom in edges:
        picture[top:bottom, left:right] = colour_face("happiness", rng, right - left)
    return picture


def as_box(edges: tuple[int, int, int, int]) -> dict[str, int]:
    return dict(zip(("left_px", "top_px", "right_px", "bottom_px"), edges, strict=True))


def holds(edges: tuple[int, int, int, int], face: dict) -> bool:
    left, top, right, bottom = edges
    return left < face["center_x_px"] < right and top < face["center_y_px"] < bottom


def iou(one: dict, other: dict) -> float:
    def area(box):
        return max(0, box["right_px"] - box["left_px"]) * max(0, box["bottom_px"] - box["top_px"])

    shared = {name: max(one[name], other[name]) for name in ("left_px", "top_px")}
    shared |= {name: min(one[name], other[name]) for name in ("right_px", "bottom_px")}
    return area(shared) / (area(one) + area(other) - area(shared))


@pytest.mark.model_files
@pytest.mark.parametrize("name", LOOSE)
def test_every_sample_has_a_row_that_counts_its_faces(drawn_faces, name):
    workspace, made = drawn_faces
    dataset = DATASETS[name]
    rows = workspace.detections(dataset).read_all().to_pylist()
    names = workspace.samples(dataset).read_all(["sample_id"])["sample_id"].to_pylist()
    assert [row["sample_id"] for row in rows] == names
    assert [row["n_faces"] for row in rows] == [len(row["faces"]) for row in rows]
    for face in (face for row in rows for face in row["faces"]):
        assert 0.5 <= face["score"] <= 1
        assert face["side_px"] > 0
        edges = tuple(face["box"].values())
        assert holds(edges, face)
    figures = made[name].detections.figures
    assert figures["faces"] == sum(row["n_faces"] for row in rows)
    assert figures["pictures_without_a_face"] == [row["n_faces"] for row in rows].count(0)
    assert (
        f"{1 - figures['pictures_without_a_face'] / len(rows):.1%}" in made[name].detections.summary
    )


@pytest.mark.model_files
@pytest.mark.parametrize("name", [name for name in LOOSE if DATASETS[name].emotions])
def test_drawn_portraits_have_one_face(drawn_faces, name):
    counts = drawn_faces[0].detections(DATASETS[name]).read_all(["n_faces"])["n_faces"].to_pylist()
    assert set(counts) == {1}


@pytest.mark.model_files
def test_recall_against_published_boxes_is_that_of_a_count_by_hand(drawn_faces):
    workspace, made = drawn_faces
    dataset = DATASETS["darkface"]
    samples = workspace.samples(dataset).read_all(["sample_id", "boxes"]).to_pylist()
    found = workspace.detections(dataset).read_all(["sample_id", "faces"]).to_pylist()
    faces_of = {row["sample_id"]: row["faces"] for row in found}
    n_truth = n_found = n_matched = 0
    for row in samples:  # drawn faces do not overlap, so no box can match two
        pairs = [
            (box, face)
            for box in map(tuple, map(dict.items, row["boxes"]))
            for face in faces_of[row["sample_id"]]
            if iou(dict(box), face["box"]) >= 0.5
        ]
        n_matched += len({box for box, _ in pairs})
        n_truth += len(row["boxes"])
        n_found += len(faces_of[row["sample_id"]])
    figures = made["darkface"].detections.figures
    assert figures["boxes_published"] == n_truth > N_STREETS
    assert figures["recall_iou50_score"] == pytest.approx(n_matched / n_truth)
    assert figures["recall_iou50_score"] > 0.5
    assert figures["false_positives_iou50"] == n_found - n_matched


@pytest.mark.model_files
@pytest.mark.parametrize("name", [name for name in LOOSE if name != "darkface"])
def test_recall_is_only_said_where_all_boxes_are_published(drawn_faces, name):
    assert "recall_iou50_score" not in drawn_faces[1][name].detections.figures


@pytest.mark.model_files
@pytest.mark.parametrize("name", LOOSE)
def test_a_sheet_shows_the_boxes_and_a_table_the_rates_by_emotion(drawn_faces, name):
    preview = drawn_faces[1][name].detections.preview
    sheet = cv2.imdecode(np.frombuffer(preview["sheet"], np.uint8), cv2.IMREAD_COLOR).astype(int)
    assert ((sheet[..., 1] - sheet[..., 0] > 60) & (sheet[..., 1] - sheet[..., 2] > 60)).any()
    assert ("by_emotion" in preview) == bool(DATASETS[name].emotions)


@pytest.mark.model_files
def test_the_face_in_the_published_box_comes_first_else_the_largest(tmp_path):
    workspace = workspace_in(tmp_path)
    boxes = [as_box(LARGE), as_box(SMALL), None, None]
    pictures = [street(LARGE, SMALL)] * 3 + [street()]
    write_samples(workspace, AFFECTNET, pictures, face_box=boxes, emotion=["happiness"] * 4)
    made = detections.make(workspace, AFFECTNET)
    faces = workspace.detections(AFFECTNET).read_all()["faces"].to_pylist()
    assert [len(found) for found in faces] == [2, 2, 2, 0]
    for found, first in zip(faces[:3], (LARGE, SMALL, LARGE), strict=True):
        assert holds(first, found[0])
    (rates,) = made.preview["by_emotion"].to_pylist()
    assert (rates["emotion"], rates["n"], rates["n_found"]) == ("happiness", 4, 3)


@pytest.mark.model_files
def test_another_published_box_makes_only_its_row_stale(tmp_path):
    workspace = workspace_in(tmp_path)
    pictures = [street(LARGE, SMALL), street(SMALL)]
    write_samples(workspace, AFFECTNET, pictures, face_box=[as_box(LARGE), None])
    assert detections.make(workspace, AFFECTNET).figures["rows_computed"] == 2
    write_samples(workspace, AFFECTNET, pictures, face_box=[as_box(SMALL), None])
    assert detections.make(workspace, AFFECTNET).figures["rows_computed"] == 1


@pytest.mark.model_files
def test_gray_pictures_are_looked_at_as_coloured_ones(tmp_path):
    workspace = workspace_in(tmp_path)
    gray = cv2.cvtColor(street(LARGE), cv2.COLOR_RGB2GRAY)
    write_samples(workspace, AFFECTNET, [gray, cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)])
    detections.make(workspace, AFFECTNET)
    one, other = workspace.detections(AFFECTNET).read_all()["faces"].to_pylist()
    assert one == other
    assert len(one) == 1


@pytest.mark.parametrize("model", detections.MODELS, ids=lambda model: model.source.file)
@pytest.mark.parametrize("dataset", [None, AFFECTNET], ids=["prepared", "made"])
def test_a_missing_model_file_is_named_with_its_folder_and_setting(
    tmp_path, monkeypatch, model, dataset
):
    def no_connection(*_):
        raise FetchFailed("no connection")

    monkeypatch.setattr(web, "download", no_connection)
    monkeypatch.setattr(detections, "MODELS", (model,))
    workspace = Workspace(Settings(lake=tmp_path / "lake", model_files=tmp_path / "models"))
    with pytest.raises(Lacking) as lacking:
        detections.make(workspace, dataset) if dataset else detections.prepare(workspace)
    for told in (model.source.file, str(tmp_path / "models"), model_files.SETTING):
        assert told in str(lacking.value)
    assert workspace.detections(AFFECTNET).version() is None


@pytest.mark.model_files
def test_without_mediapipe_it_is_said_before_anything_is_made(tmp_path, monkeypatch):
    workspace = workspace_in(tmp_path)
    detections.prepare(workspace)
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(Lacking, match="emotion-pipeline\\[landmarks\\]"):
        detections.prepare(workspace)
