import numpy as np
import pyarrow as pa
import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.digests import digest_bytes
from emotion_pipeline.imaging.codec import encode_png
from emotion_pipeline.imaging.pictures import picture_columns
from emotion_pipeline.lake.tables import split_into_buckets
from emotion_pipeline.schema import BOX, BOX_PREDICTIONS
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import face_detectors, face_predictions
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.face_rows import box_array, face_rows
from emotion_pipeline_tests.training.detection import squares

DARKFACE = get_dataset("darkface")
RECIPE = squares.recipe(epochs=2, seeds=[1, 2])
SPLITS = ["train"] * 8 + ["validation"] * 3 + ["test"] * 3
NAME = "darkface_faster_rcnn_tiny"


def write_samples(workspace: Workspace, *, shifted: str = "") -> squares.FacePictures:
    """Drawn squares as samples of DarkFace; the boxes of the picture `shifted` are off by one."""
    drawn = squares.squares(len(SPLITS))
    names = [f"darkface-{number:05d}" for number in range(len(SPLITS))]
    encoded = [encode_png(picture) for picture in drawn.pictures]
    boxes = [
        [dict(zip(BOX.names, map(int, box + (name == shifted)), strict=True)) for box in one]
        for name, one in zip(names, drawn.boxes, strict=True)
    ]
    known = {
        "sample_id": names,
        "input_digest": [digest_bytes(name.encode()) for name in names],
        "split": SPLITS,
        **picture_columns(names, encoded, [picture.shape[1::-1] for picture in drawn.pictures]),
        "boxes": boxes,
        "synthetic": [True] * len(names),
    }
    columns = [
        pa.array(known.get(field.name, [None] * len(names)), field.type)
        for field in DARKFACE.schema
    ]
    rows = pa.table(columns, schema=DARKFACE.schema)
    table = workspace.samples(DARKFACE)
    for bucket, part in enumerate(split_into_buckets(rows, DARKFACE.n_buckets)):
        table.write(bucket, [part], f"inputs {shifted}", "code")
    return drawn


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with samples, a trained detector per seed, and what they were made of."""
    settings = Settings(lake=tmp_path_factory.mktemp("lake"), engine="sequential", device="cpu")
    workspace = Workspace(settings)
    drawn = write_samples(workspace)
    trained = [face_detectors.train(workspace, NAME, RECIPE, seed) for seed in RECIPE.seeds]
    predicted = face_predictions.make(workspace, NAME, RECIPE)
    return workspace, drawn, trained, predicted


def test_a_detector_is_trained_once_per_seed(made, monkeypatch):
    workspace, _, trained, _ = made
    assert trained[0].version != trained[1].version
    assert trained[0].figures["n_training_rows"] == SPLITS.count("train")
    assert 0 <= trained[0].figures["validation_ap50_score"] <= 1
    assert trained[0].preview["curves"].num_rows == 2
    monkeypatch.setattr(face_detectors, "_train", None)
    for before, seed in zip(trained, RECIPE.seeds, strict=True):
        assert face_detectors.train(workspace, NAME, RECIPE, seed).version == before.version


def test_what_is_learned_is_never_of_the_validation_or_test_split(made):
    workspace, drawn, *_ = made
    found = face_rows(workspace, DARKFACE, "train", "validation")
    for split in ("train", "validation"):
        rows = found.of(split)
        numbers = [number for number, name in enumerate(SPLITS) if name == split]
        assert len(rows.pictures()) == len(numbers)
        for picture, boxes, number in zip(rows.pictures(), rows.boxes(), numbers, strict=True):
            np.testing.assert_array_equal(picture, drawn.pictures[number])
            np.testing.assert_array_equal(boxes, drawn.boxes[number])
    assert "test" not in found.rows["split"].to_pylist()


def test_predictions_are_of_every_held_out_picture_and_each_seed(made):
    workspace, drawn, _, predicted = made
    for seed in RECIPE.seeds:
        rows = face_predictions.table(workspace, NAME, RECIPE, seed).read_all()
        assert rows.schema.names == BOX_PREDICTIONS.names
        assert set(rows["seed"].to_pylist()) == {seed}
        assert sorted(rows["split"].to_pylist()) == sorted(s for s in SPLITS if s != "train")
        for row in rows.to_pylist():
            number = int(row["sample_id"].removeprefix("darkface-"))
            np.testing.assert_array_equal(box_array(row["truth"]), drawn.boxes[number])
            assert len(row["boxes"]) == len(row["scores"])
            assert row["scores"] == sorted(row["scores"], reverse=True)
    assert predicted.version == face_predictions.version(workspace, NAME, RECIPE)
    assert 0 <= predicted.figures["test_ap50_score"] <= 1


def test_predictions_that_are_there_are_kept(made):
    workspace, *_, predicted = made
    again = face_predictions.make(workspace, NAME, RECIPE)
    assert again.version == predicted.version
    assert again.summary.count(": 0 rows computed") == len(RECIPE.seeds)


def test_other_boxes_make_other_inputs_where_they_are_learned_from(tmp_path):
    workspace = Workspace(Settings(lake=tmp_path, engine="sequential"))

    def digest(shifted: str) -> str:
        write_samples(workspace, shifted=shifted)
        return face_rows(workspace, DARKFACE, "train", "validation").digest()

    same = digest("")
    assert digest("darkface-00013") == same  # a test picture
    assert digest("darkface-00001") != same


def test_scores_are_of_the_test_split_and_by_height():
    box = {"left_px": 0.0, "top_px": 0.0, "right_px": 10.0, "bottom_px": 12.0}
    large = {"left_px": 0.0, "top_px": 0.0, "right_px": 40.0, "bottom_px": 50.0}
    rows = [
        {"split": "test", "truth": [box, large], "boxes": [box], "scores": [0.9]},
        {"split": "validation", "truth": [box], "boxes": [], "scores": []},
    ]
    scores = face_predictions.scores_of_test(pa.Table.from_pylist(rows))
    assert scores["ap50_score"] == 0.5
    assert scores["ap50_below_16_px_score"] == 1
    assert scores["ap50_32_to_64_px_score"] == 0
    assert np.isnan(scores["ap50_from_64_px_score"])


def test_a_dataset_without_boxes_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="KDEF has no boxes"):
        face_rows(Workspace(Settings(lake=tmp_path)), get_dataset("kdef"), "train")


def test_the_recipe_counts_as_code_only_where_it_changes_the_result():
    other_words = RECIPE.model_copy(update={"description": "other words"})
    longer = RECIPE.model_copy(update={"epochs": 9})
    assert face_detectors.code(other_words) == face_detectors.code(RECIPE)
    assert face_detectors.code(longer) != face_detectors.code(RECIPE)
    assert face_predictions.code(longer) == face_predictions.code(RECIPE)
