import subprocess
import sys
from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx.external_data_helper import set_external_data

from emotion_pipeline.apps import onnx_model
from emotion_pipeline.apps.onnx_model import ModelFileError, OnnxModel
from emotion_pipeline_tests.apps.files_made_up import EMOTIONS, INPUT_PX, graph, write


@pytest.fixture
def model(tmp_path):
    return OnnxModel.open(write(tmp_path / "model.onnx"))


def even(value: int, *shape: int) -> np.ndarray:
    return np.full(shape, value, np.uint8)


def test_pictures_of_any_size_and_color_get_probabilities_in_their_order(model):
    pictures = [even(0, 4, 4), even(255, 90, 70), even(0, 2, 3, 3), even(255, 5, 3, 3)]
    found = model.predict(pictures)
    assert (found.shape, found.dtype) == ((4, 3), np.float32)
    assert np.allclose(found.sum(axis=1), 1)
    best = [model.emotions[place] for place in found.argmax(axis=1)]
    assert best == ["neutral", "anger", "neutral", "anger"]
    assert model.emotions == EMOTIONS


@pytest.mark.parametrize("n", [0, 1, onnx_model.BATCH, onnx_model.BATCH + 1])
def test_any_number_of_pictures_is_taken_and_none_depends_on_the_others(model, n):
    pictures = [even(value % 256, 6, 6) for value in range(n)]
    alone = [model.predict([picture])[0] for picture in pictures]
    assert np.allclose(model.predict(pictures), np.array(alone).reshape(n, 3))


def test_color_becomes_gray_by_luma_and_gray_becomes_three_equal_channels(tmp_path, model):
    red = np.zeros((INPUT_PX, INPUT_PX, 3), np.uint8)
    red[..., 0] = 255
    assert np.array_equal(
        model.predict([red]), model.predict([cv2.cvtColor(red, cv2.COLOR_RGB2GRAY)])
    )
    three = graph(("n", 3, INPUT_PX, INPUT_PX))
    in_color = OnnxModel.open(write(tmp_path / "rgb.onnx", three, color="rgb"))
    gray = even(90, INPUT_PX, INPUT_PX)
    assert np.array_equal(in_color.predict([gray]), in_color.predict([np.dstack([gray] * 3)]))


@pytest.mark.parametrize(
    "wrong",
    [np.zeros((4, 4)), even(0, 4), even(0, 4, 4, 4), even(0, 1, 4, 4, 3), even(0, 0, 4)],
    ids=lambda array: f"{array.shape} {array.dtype}",
)
def test_what_is_no_picture_is_refused(model, wrong):
    with pytest.raises(ValueError, match=r"a picture must be \(h, w\) or \(h, w, 3\) uint8"):
        model.predict([even(0, 4, 4), wrong])


def test_features_are_taken_by_models_of_features_alone(tmp_path, model):
    texts = {"inputs": '["blendshapes"]', "n_features": "5"}
    vectors = OnnxModel.open(write(tmp_path / "v.onnx", graph(("n", 5), "features"), **texts))
    found = vectors.predict(features=np.array([[0] * 5, [255] * 5]))
    assert found.argmax(axis=1).tolist() == [0, 2]
    with pytest.raises(ValueError, match=r"features must be \(n, 5\), got \(2, 4\)"):
        vectors.predict(features=np.zeros((2, 4)))
    for other in (vectors, model):
        with pytest.raises(ValueError, match=f"takes {other.card.inputs[0]}, nothing else"):
            other.predict([even(0, 4, 4)], features=np.zeros((1, 5)))
        with pytest.raises(ValueError, match="nothing else"):
            other.predict()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"format": None}, "not a model of this program: format"),
        ({"format": "emotion_pipeline/2"}, "not a model of this program: format"),
        ({"emotions": "["}, "emotions"),
        ({"emotions": "{}"}, "emotions"),
        ({"emotions": '["neutral", "happiness"]'}, "the graph has .* but its metadata ask for"),
        ({"inputs": "[]"}, "inputs"),
        ({"inputs": '["blendshapes"]', "n_features": "52"}, "the graph has"),
        ({"color": "rgb"}, "the graph has"),
        ({"color": "sepia"}, "color"),
        ({"input_px": "5"}, "the graph has"),
        ({"input_px": "-1"}, "input_px"),
        ({"input_px": "1e99"}, "input_px"),
        ({"n_features": "5"}, "the graph has"),
    ],
)
def test_metadata_that_are_not_ours_or_not_the_graph_s_are_refused(tmp_path, texts, message):
    path = write(tmp_path / "model.onnx", **texts)
    with pytest.raises(ModelFileError, match=rf"model.onnx: .*{message}.*emotion-pipeline export"):
        OnnxModel.open(path)


def test_a_graph_for_one_number_of_rows_is_refused(tmp_path):
    path = write(tmp_path / "model.onnx", graph((1, 1, INPUT_PX, INPUT_PX)))
    with pytest.raises(ModelFileError, match="for any number of rows"):
        OnnxModel.open(path)


def test_a_file_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(graph().SerializeToString())
    with pytest.raises(ModelFileError, match="not a model of this program"):
        OnnxModel.open(path)


def test_weights_outside_of_the_file_are_not_read(tmp_path):
    (tmp_path / "secret").write_bytes(np.zeros(3, np.float32).tobytes())
    for location in (str(tmp_path / "secret"), "../secret", "secret"):
        model = graph()
        bias = next(one for one in model.graph.initializer if one.name == "bias")
        bias.CopyFrom(helper.make_tensor("bias", TensorProto.FLOAT, [3], b"\0" * 12, raw=True))
        set_external_data(bias, location)
        bias.ClearField("raw_data")
        with pytest.raises(ModelFileError, match="not a whole ONNX file"):
            OnnxModel.open(write(tmp_path / "model.onnx", model))


@pytest.mark.parametrize("content", [None, b"", b"\0", b"PK\x03\x04", b"x" * 1000])
def test_missing_and_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / "model.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"model.onnx: .*emotion-pipeline export"):
        OnnxModel.open(path)
    with pytest.raises(ModelFileError):
        OnnxModel.open(tmp_path)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    path = write(tmp_path / "model.onnx")
    monkeypatch.setattr(onnx_model, "LARGEST_FILE_BYTES", path.stat().st_size)
    OnnxModel.open(path)
    monkeypatch.setattr(onnx_model, "LARGEST_FILE_BYTES", path.stat().st_size - 1)
    with pytest.raises(ModelFileError, match="too_large"):
        OnnxModel.open(path)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_file_with_any_change_is_read_or_refused(tmp_path_factory, data):
    path = write(tmp_path_factory.getbasetemp() / "changed.onnx")
    content = bytearray(path.read_bytes())
    start = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(0, 20))
    content[start : start + length] = data.draw(st.binary(max_size=20))
    path.write_bytes(content)
    with suppress(ModelFileError):
        assert len(OnnxModel.open(path).predict([even(0, 9, 9)])) == 1


def test_a_model_runs_without_torch_and_dagster(tmp_path):
    path = write(tmp_path / "model.onnx")
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from emotion_pipeline.apps.onnx_model import OnnxModel\n"
        f"OnnxModel.open(Path({str(path)!r})).predict([np.zeros((9, 9), np.uint8)])\n"
        "print([name for name in ('torch', 'dagster', 'onnx', 'pandas') if name in sys.modules])"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"
