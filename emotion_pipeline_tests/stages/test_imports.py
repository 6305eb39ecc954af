"""Somebody's predictions and networks among the pipeline's own, on drawn faces."""

import json
import logging

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest

from emotion_pipeline.apps.onnx_model import OnnxModel
from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.foreign import onnx_classifier
from emotion_pipeline.labels import EMOTIONS, LABEL_SPACES
from emotion_pipeline.stages import foreign, imports, report_inputs
from emotion_pipeline.stages.base import Lacking, Workspace
from emotion_pipeline.stages.graph import build_graph
from emotion_pipeline.stages.pictures import decoded
from emotion_pipeline.training.foreign import ForeignRecipe
from emotion_pipeline.training.recipe_files import load_all
from emotion_pipeline_tests.apps import files_made_up
from emotion_pipeline_tests.foreign import emotion_network
from emotion_pipeline_tests.stages.imports_made_up import (
    DATASETS,
    NAME,
    P,
    lake_in,
    put,
    said,
    truth,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return lake_in(tmp_path_factory.mktemp("imports"))


@pytest.fixture
def workspace(made, tmp_path):
    """The same lake with a raw folder of its own."""
    return Workspace(made.settings.model_copy(update={"raw": tmp_path / "raw"}))


def test_a_table_stands_among_the_predictions_with_its_claim(workspace):
    recipe = put(workspace, said(workspace), claim={"accuracy_score": 0.9})
    foreign.prepare(workspace, recipe)
    foreign.make(workspace, NAME, recipe, ORIGINAL)
    doors = report_inputs.Doors(DATASETS, {NAME: recipe})
    (result,) = report_inputs.read(workspace, ["models"], doors).models
    assert (result.claim, result.foreign, result.synthetic) == (0.9, True, True)
    rows = pd.concat([result.rows(), result.rows("validation")]).set_index("sample_id")
    known = truth(workspace).set_index("sample_id")
    (copy,) = set(known.index[known["split"] != "train"]) - set(rows.index)
    assert known.loc[copy, "split"] == "validation"
    assert (rows["emotion"] == known.loc[rows.index, "emotion"]).all()
    expected = said(workspace).set_index("sample_id").loc[rows.index, P]
    np.testing.assert_allclose(rows[P], expected, atol=1e-5)
    assert 1 <= rows["seen_in_training"].sum() < len(rows)
    told = result.meta["table"]
    assert told["n_test"] == told["n_test_predicted"] == len(result.rows())
    counts = {reason: one["n"] for reason, one in told["rejects"].items()}
    n_train = int((known["split"] == "train").sum())
    assert counts == {"training_picture": n_train, "copy_of_training_picture": 1}


def test_every_row_that_is_not_used_is_counted_with_its_reason(workspace):
    rows, table = truth(workspace), said(workspace)
    test = rows.index[rows["split"] == "test"]
    table = table.assign(split=rows["split"], emotion="fear")
    table.loc[test[0], "sample_id"] = "nobody"
    table.loc[test[1], "split"] = "Training"
    table.loc[test[2], P[0]] = np.nan
    recipe = put(workspace, table)
    foreign.make(workspace, NAME, recipe, ORIGINAL)
    told = foreign.summary(workspace, NAME)
    counts = {reason: one["n"] for reason, one in told["rejects"].items()}
    n_train = int((rows["split"] == "train").sum())
    assert counts == {
        "copy_of_training_picture": 1,
        "not_a_number": 1,
        "other_split": 1,
        "training_picture": n_train,
        "unknown_picture": 1,
    }
    assert told["n_test"] - told["n_test_predicted"] == 3
    assert told["n_rows"] == told["n_used"] + sum(counts.values())
    copies = told["rejects"]["copy_of_training_picture"]["first_rows"]
    used = rows[rows["split"] != "train"].drop([*test[:3], *copies])
    assert told["n_truth_differs"] == (used["emotion"] != "fear").sum()


def test_row_numbers_of_the_published_file_name_the_pictures(workspace):
    table = said(workspace)
    numbers = table["sample_id"].str.removeprefix("fer2013-").astype(int)
    by_row = table.drop(columns="sample_id").assign(number=numbers)
    recipe = put(workspace, by_row, columns={"number": "row"})
    foreign.make(workspace, NAME, recipe, ORIGINAL)
    assert foreign.summary(workspace, NAME)["n_test_predicted"] > 0


def test_a_changed_file_makes_its_predictions_stale_and_no_others(workspace):
    recipe = put(workspace, said(workspace))
    other = put(workspace, said(workspace), name="ferplus_other")

    def codes():
        graph = build_graph(DATASETS, {NAME: recipe, "ferplus_other": other}, workspace.settings)
        return {stage.key: stage.code for stage in graph}

    before = codes()
    first = foreign.make(workspace, NAME, recipe, ORIGINAL).version
    put(workspace, said(workspace).iloc[::-1].round(3))
    after = codes()
    assert {key for key in before if before[key] != after[key]} == {f"predictions/{NAME}"}
    assert foreign.make(workspace, NAME, recipe, ORIGINAL).version != first
    put(workspace, said(workspace))
    assert codes() == before
    assert foreign.make(workspace, NAME, recipe, ORIGINAL).version == first


def test_a_refresh_of_everything_makes_imported_predictions(workspace):
    recipe = put(workspace, said(workspace))
    graph = build_graph(DATASETS, {NAME: recipe}, workspace.settings, lambda _: False)
    (stage,) = (stage for stage in graph if stage.key == f"predictions/{NAME}")
    assert stage.by_default == (ORIGINAL,)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (None, "no plain file"),
        (pd.DataFrame({"sample_id": ["x"], "predicted": ["fear"]}), "none of its 1 rows is about"),
        (pd.DataFrame({"sample_id": ["x"]}), "or predicted"),
    ],
)
def test_a_file_that_cannot_be_used_is_lacking_so_that_reports_go_on_without(
    workspace, table, words
):
    recipe = put(workspace, table)
    for start in (
        foreign.prepare,
        lambda workspace, recipe: foreign.make(workspace, NAME, recipe, ORIGINAL),
    ):
        with pytest.raises(Lacking, match=words):
            start(workspace, recipe)


def test_links_are_not_followed(workspace, tmp_path):
    said(workspace).to_csv(tmp_path / "secret.csv", index=False)
    recipe = put(workspace, None)
    (imports.folder(workspace.settings) / f"{NAME}.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(Lacking, match="links"):
        foreign.prepare(workspace, recipe)
    assert imports.digest(workspace.settings, recipe) is None


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("ferplus_cnn5", {}, "a recipe of that name"),
        ("fer2013_friend", {}, "the file must be called ferplus"),
        ("ferplus_a", {"predictor": "deepface", "file": None}, "label_space"),
        ("ferplus_b", {"data": {"labels": "ferplus", "pictures": "kdef"}}, "are about fer2013"),
        ("none_c", {"data": {"labels": "none", "pictures": "none"}}, "unknown name 'none'"),
        ("ferplus_d", {"claim": {"accuracy_score": 91}}, "accuracy_score"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_a_warning_and_the_rest_stays(
    workspace, caplog, name, changes, words
):
    put(workspace, said(workspace))
    put(workspace, said(workspace), name=name, **changes)
    with caplog.at_level(logging.WARNING):
        found = imports.all_recipes(workspace.settings, DATASETS)
    assert found.keys() - load_all().keys() == {NAME}
    (warning,) = caplog.messages
    assert words in warning
    assert f"{name}.yaml" in warning


def test_a_linked_recipe_is_left_out(workspace, tmp_path):
    put(workspace, said(workspace))
    folder = imports.folder(workspace.settings)
    (folder / "ferplus_link.yaml").symlink_to(folder / f"{NAME}.yaml")
    found, faults = imports.recipes(workspace.settings, DATASETS, {})
    assert list(found) == [NAME]
    assert len(faults) == 1


NETWORK = {
    "predictor": "onnx",
    "file": "fer2013_net.onnx",
    "data": {"labels": "fer2013", "pictures": "fer2013", "label_space": "seven_emotions"},
}
TAKEN = {
    "input_px": 48,
    "color": "gray",
    "pixels": "0-1",
    "emotions": list(EMOTIONS[6::-1]),
    "outputs": "probabilities",
}


def test_a_network_predicts_the_pictures(workspace):
    folder = imports.folder(workspace.settings)
    folder.mkdir(parents=True)
    path = emotion_network.write(folder / "fer2013_net.onnx")
    recipe = put(workspace, None, "fer2013_net", **NETWORK, onnx=TAKEN)
    foreign.prepare(workspace, recipe)
    foreign.make(workspace, "fer2013_net", recipe, ORIGINAL)
    rows = foreign.table(workspace, "fer2013_net", recipe, ORIGINAL).read(0)
    asked = rows["sample_id"].to_pylist()[:5]
    given = decoded(workspace.pictures("faces", get_dataset("fer2013")), asked)
    values = np.stack([given[name] for name in asked])[..., None].astype("f4") / 255
    session = onnxruntime.InferenceSession(path)
    expected = session.run(None, {session.get_inputs()[0].name: values})[0]
    found = np.stack([rows[f"p_{name}"].to_numpy()[:5] for name in TAKEN["emotions"]], axis=1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_network_that_does_not_say_what_it_takes_needs_a_recipe_that_does(workspace):
    folder = imports.folder(workspace.settings)
    folder.mkdir(parents=True)
    emotion_network.write(folder / "fer2013_net.onnx")
    with pytest.raises(Lacking, match="say it in the recipe, under `onnx`"):
        foreign.prepare(workspace, put(workspace, None, "fer2013_net", **NETWORK))


def test_an_exported_model_says_itself_what_it_takes(workspace, tmp_path):
    emotions = LABEL_SPACES["four_emotions"].emotions
    order = ("anger", "sadness", "happiness", "neutral")
    path = tmp_path / "exported.onnx"
    given = [np.full((9, 9), value, np.uint8) for value in (20, 200)]
    files_made_up.write(path, four_outputs(), emotions=json.dumps(order))
    recipe = ForeignRecipe.model_validate(
        {
            **{"task": "foreign", "description": "ours", "predictor": "onnx", "file": path.name},
            "data": {"labels": "fer2013", "pictures": "fer2013", "label_space": "four_emotions"},
        }
    )
    found = onnx_classifier.probabilities(path, imports.takes(path, recipe), given)
    model = OnnxModel.open(path)
    expected = model.predict(given)[:, [model.emotions.index(name) for name in emotions]]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def four_outputs():
    """The network of `files_made_up` with one output more."""
    model = files_made_up.graph()
    for tensor in model.graph.initializer:
        if tensor.name in ("weights", "bias"):
            values = np.append(onnx.numpy_helper.to_array(tensor), np.float32(0.01))
            shape = (1, 4) if tensor.name == "weights" else (4,)
            values = values.reshape(shape).astype("f4")
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 4
    return model
