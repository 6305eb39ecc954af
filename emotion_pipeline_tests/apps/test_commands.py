"""`export` and `predict` as a user runs them."""

import csv

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner

from emotion_pipeline.apps.onnx_model import OnnxModel
from emotion_pipeline.cli import main
from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.imaging.codec import decode_gray
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import faces, model_folders, samples
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.training import weights
from emotion_pipeline.training.models import build
from emotion_pipeline_tests.apps.files_made_up import EMOTIONS, graph, write
from emotion_pipeline_tests.training import tiny

RECIPE = "ferplus_cnn5_small"


@pytest.fixture(scope="session")
def lake(tmp_path_factory):
    """A lake with drawn faces, and weights that nobody trained."""
    folder = tmp_path_factory.mktemp("export")
    workspace = Workspace(Settings(lake=folder, engine="sequential"))
    for name in ("fer2013", "ferplus"):
        dataset = get_dataset(name)
        dataset.draw(workspace.settings.raw_root, 120, 1)
        samples.ingest(workspace, dataset)
    faces.make(workspace, get_dataset("fer2013"))
    recipe = tiny.recipe()
    torch.manual_seed(1)
    network = build(recipe.model.name, recipe.model, recipe.sizes)
    meta = weights.describe(recipe, seed=1, n_parameters=1, digests={})
    with model_folders.artifact(workspace, RECIPE, 1).replace(
        "inputs", "code"
    ) as folder_of_weights:
        weights.save(folder_of_weights, network.state_dict(), meta)
    return folder


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments, lake=tmp_path / "no_lake"):
        variables = {"EMOTION_PIPELINE_LAKE": str(lake), "EMOTION_PIPELINE_RECIPES": "*"}
        return CliRunner().invoke(main, list(map(str, arguments)), env=variables)

    return command


@pytest.fixture
def pictures(tmp_path):
    """A folder with a dark and a bright picture, in color and in a folder below."""
    folder = tmp_path / "faces"
    (folder / "more").mkdir(parents=True)
    cv2.imwrite(str(folder / "dark.png"), np.zeros((9, 9), np.uint8))
    cv2.imwrite(str(folder / "more" / "bright.JPG"), np.full((50, 40, 3), 255, np.uint8))
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_trained_weights_become_a_file_that_predicts(lake, run, tmp_path):
    done = run("export", RECIPE, lake=lake)
    assert done.exit_code == 0, done.output
    path = tmp_path / f"{RECIPE}-1.onnx"
    assert done.output.startswith(f"{path.name}: 0.")
    assert "100.0% with the same most probable emotion" in done.output
    rows = Workspace(Settings(lake=lake)).samples(get_dataset("fer2013")).read_all()
    pictures = [row["bytes"] for row in rows["image"].to_pylist()[:3]]
    for number, data in enumerate(pictures):
        (tmp_path / f"{number}.png").write_bytes(data)
    done = run("predict", path, "0.png", "1.png", "2.png", "--csv", "out.csv")
    assert (done.exit_code, done.output) == (0, "out.csv: 3 pictures\n")
    with (tmp_path / "out.csv").open() as file:
        found = list(csv.DictReader(file))
    model = OnnxModel.open(path)
    expected = model.predict([decode_gray(data) for data in pictures])
    for row, shares in zip(found, expected, strict=True):
        given = [float(row[f"p_{name}"]) for name in model.emotions]
        assert np.allclose(given, shares, atol=1e-6)
        assert row["emotion"] == model.emotions[shares.argmax()]


def test_weights_that_are_not_there_are_said_in_words(lake, run, tmp_path):
    done = run("export", "ferplus_cnn5", "--out", "mine.onnx", lake=lake)
    assert done.exit_code == 1
    assert "train the recipe first" in done.output
    assert not list(tmp_path.glob("*.onnx"))
    done = run("export", "ferplus_cnn", lake=lake)
    assert done.exit_code == 1
    assert "ferplus_cnn5" in done.output


def test_a_folder_is_predicted_as_a_table(run, pictures, tmp_path):
    done = run("predict", write(tmp_path / "model.onnx"), pictures)
    assert done.exit_code == 0, done.output
    heading, *rows = (line.split() for line in done.output.splitlines())
    assert heading == ["file", "emotion", *EMOTIONS]
    assert [row[:2] for row in rows] == [
        [str(pictures / "dark.png"), "neutral"],
        [str(pictures / "more" / "bright.JPG"), "anger"],
    ]
    assert all(sum(map(float, row[2:])) == pytest.approx(1, abs=0.02) for row in rows)


def test_files_that_cannot_be_read_are_named_and_the_others_predicted(run, pictures, tmp_path):
    damaged = [pictures / "cut.png", pictures / "line\nbreak.png", pictures / "absent.jpg"]
    damaged[0].write_bytes((pictures / "dark.png").read_bytes()[:40])
    damaged[1].write_bytes(b"")
    done = run("predict", write(tmp_path / "model.onnx"), pictures, damaged[2])
    assert done.exit_code == 1
    assert f"{damaged[0]}: skipped, damaged or cut off" in done.stderr
    assert f"{pictures}/line\\nbreak.png: skipped, empty" in done.stderr
    assert f"{damaged[2]}: skipped, unreadable" in done.stderr
    assert len(done.stdout.splitlines()) == 3
    alone = run("predict", tmp_path / "model.onnx", damaged[2])
    assert (alone.exit_code, alone.stdout) == (1, "")


def test_files_that_are_no_models_are_said_in_words(run, pictures, tmp_path):
    (tmp_path / "other.onnx").write_bytes(graph().SerializeToString())
    vectors = write(
        tmp_path / "vectors.onnx",
        graph(("n", 5), "features"), inputs='["blendshapes"]', n_features="5",
    )  # fmt: skip
    for model, message in (
        ("absent.onnx", "emotion-pipeline export"),
        ("other.onnx", "not a model of this program"),
        (vectors, "takes blendshapes, but this command has pictures only"),
    ):
        done = run("predict", model, pictures)
        assert done.exit_code == 1
        assert message in done.output
        assert "Traceback" not in done.output


def test_a_folder_without_pictures_is_said(run, tmp_path):
    (tmp_path / "empty").mkdir()
    done = run("predict", write(tmp_path / "model.onnx"), tmp_path / "empty")
    assert done.exit_code == 1
    assert "no PNG or JPEG in" in done.output
