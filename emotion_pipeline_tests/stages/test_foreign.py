"""Somebody else's model on drawn faces; its weights are drawn, too."""

import csv

import numpy as np
import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.fetching import FetchFailed, model_files, web
from emotion_pipeline.foreign.deepface_emotions import probabilities
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import predictions_schema
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import costs, faces, foreign, pictures, samples
from emotion_pipeline.stages.base import Lacking, Workspace
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline_tests.foreign import emotion_network

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: extra `deepface`")

FER2013 = get_dataset("fer2013")
NAME = "fer2013_deepface"
RECIPE = ForeignRecipe.model_validate(
    {
        "task": "foreign",
        "description": "drawn",
        "predictor": "deepface",
        "data": {"labels": "fer2013", "pictures": "fer2013", "label_space": "seven_emotions"},
        "evaluate_on": [ORIGINAL, GRAYSCALE],
    }
)
N_DRAWN = 120
WEIGHTS = model_files.DEEPFACE_EMOTIONS.source.file


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A lake with faces, in which one test row shows the picture of a training row."""
    folder = tmp_path_factory.mktemp("foreign")
    paths = {name: folder / name for name in ("lake", "raw", "model_files")}
    workspace = Workspace(Settings(**paths, engine="sequential", workers=1))
    FER2013.draw(workspace.settings.raw_root, N_DRAWN, 1)
    copy_a_training_picture(workspace.settings.raw_root / "fer2013" / "fer2013.csv")
    samples.ingest(workspace, FER2013)
    faces.make(workspace, FER2013)
    pictures.make_grayscale(workspace, FER2013)
    paths["model_files"].mkdir()
    emotion_network.write(paths["model_files"] / WEIGHTS)
    return workspace


def copy_a_training_picture(path, to="PrivateTest"):
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    pixels, usage = header.index("pixels"), header.index("Usage")
    learned, copied = (next(row for row in rows if row[usage] == part) for part in ("Training", to))
    copied[pixels] = learned[pixels]
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def test_every_row_has_its_truth_and_what_the_predictor_says_of_its_picture(drawn):
    made = foreign.make(drawn, NAME, RECIPE, ORIGINAL)
    rows = foreign.table(drawn, NAME, RECIPE, ORIGINAL).read(0)
    assert rows.schema.equals(predictions_schema(RECIPE.emotions))
    published = drawn.samples(FER2013).read_all(["sample_id", "split", "emotion", "image"])
    known = {row["sample_id"]: row for row in published.to_pylist() if row["split"] != "train"}
    assert sorted(known) == rows["sample_id"].to_pylist()
    for row in rows.to_pylist():
        truth = known[row["sample_id"]]
        assert (row["split"], row["emotion"]) == (truth["split"], truth["emotion"])
        assert row["seed"] == 0
        assert row["synthetic"]
        assert all(np.isnan(row[f"share_{emotion}"]) for emotion in EMOTIONS)
    images = [decode(known[name]["image"]["bytes"]) for name in rows["sample_id"].to_pylist()]
    found = np.stack([rows[f"p_{emotion}"].to_numpy() for emotion in RECIPE.emotions], axis=1)
    expected = probabilities(drawn.settings.model_files_root / WEIGHTS, images)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    tested = np.array(rows["split"].to_pylist()) == "test"
    right = np.array(RECIPE.emotions)[expected.argmax(1)] == np.array(rows["emotion"].to_pylist())
    assert made.figures["accuracy_score"] == pytest.approx(right[tested].mean())
    assert made.version == foreign.version(drawn, NAME, RECIPE, ORIGINAL)


def test_a_picture_of_the_training_part_counts_as_seen_and_no_other(drawn):
    foreign.make(drawn, NAME, RECIPE, ORIGINAL)
    rows = foreign.table(drawn, NAME, RECIPE, ORIGINAL).read(0)
    digests = drawn.samples(FER2013).read_all(["sample_id", "split", "image_digest"]).to_pylist()
    learned = {row["image_digest"] for row in digests if row["split"] == "train"}
    copies = {row["sample_id"] for row in digests if row["image_digest"] in learned}
    seen = [row["sample_id"] for row in rows.to_pylist() if row["seen_in_training"]]
    assert seen == sorted(copies & set(rows["sample_id"].to_pylist()))
    assert 1 <= len(seen) < rows.num_rows


def test_other_domains_have_test_rows_only(drawn):
    foreign.make(drawn, NAME, RECIPE, GRAYSCALE)
    rows = foreign.table(drawn, NAME, RECIPE, GRAYSCALE).read(0)
    assert set(rows["split"].to_pylist()) == {"test"}
    assert 1 in rows["seen_in_training"].to_pylist()  # by the original picture


def test_nothing_is_predicted_twice_and_everything_anew_by_other_weights(drawn):
    first = foreign.make(drawn, NAME, RECIPE, ORIGINAL)
    again = foreign.make(drawn, NAME, RECIPE, ORIGINAL)
    assert (again.version, again.figures["rows_computed"]) == (first.version, 0)
    code = foreign.code(RECIPE, drawn.settings)
    path = drawn.settings.model_files_root / WEIGHTS
    known = path.read_bytes()
    try:
        emotion_network.write(path, seed=1)
        other = foreign.make(drawn, NAME, RECIPE, ORIGINAL)
        assert other.figures["rows_computed"] == other.figures["rows"]
        assert other.version != first.version
        assert foreign.code(RECIPE, drawn.settings) != code
    finally:
        path.write_bytes(known)
    assert foreign.make(drawn, NAME, RECIPE, ORIGINAL).version == first.version


STARTS = pytest.mark.parametrize(
    "start",
    [
        foreign.prepare,
        lambda workspace, recipe: foreign.make(workspace, NAME, recipe, ORIGINAL),
        lambda workspace, recipe: costs.make(workspace, NAME, recipe),
    ],
    ids=["prepared", "made", "timed"],
)


@STARTS
def test_a_file_that_is_no_such_model_is_lacking(tmp_path, start):
    workspace = Workspace(Settings(lake=tmp_path / "lake", model_files=tmp_path))
    (tmp_path / WEIGHTS).write_text("<html>too many requests</html>")
    with pytest.raises(Lacking, match="Move it away"):
        start(workspace, RECIPE)


@STARTS
def test_missing_weights_are_named_with_their_folder_and_setting(tmp_path, monkeypatch, start):
    def no_connection(*_):
        raise FetchFailed("no connection")

    monkeypatch.setattr(web, "download", no_connection)
    workspace = Workspace(Settings(lake=tmp_path / "lake", model_files=tmp_path / "models"))
    with pytest.raises(Lacking) as lacking:
        start(workspace, RECIPE)
    for told in (WEIGHTS, str(tmp_path / "models"), model_files.SETTING):
        assert told in str(lacking.value)
    assert foreign.version(workspace, NAME, RECIPE, ORIGINAL) is None
