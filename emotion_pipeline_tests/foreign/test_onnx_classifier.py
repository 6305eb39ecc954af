"""Networks of strangers: what they are given, and what is refused."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from emotion_pipeline.foreign.onnx_classifier import (
    NetworkRefused,
    Takes,
    check,
    metadata,
    probabilities,
)
from emotion_pipeline.imaging.grayscale import to_gray

SIDE_PX = 8
TAKES = Takes(SIDE_PX, "rgb", True, (0.1, 0.2, 0.3), (0.5, 0.6, 0.7), (2, 0, 1), logits=True)
KINDS = {np.float32: TensorProto.FLOAT, np.uint8: TensorProto.UINT8, np.float64: TensorProto.DOUBLE}


def network(
    path,
    *,
    kind=np.float32,
    layout=("n", 3, SIDE_PX, SIDE_PX),
    softmax=False,
    n=3,
    scale=1.0,
    says=TensorProto.FLOAT,
):
    """Mean of each channel, times the number of the output."""
    channels = layout.index(3) if 3 in layout[1:] else layout.index(1, 1)
    axes = [axis for axis in (1, 2, 3) if axis != channels]
    weight = scale * np.arange(1, layout[channels] * n + 1, dtype="f4").reshape(-1, n)
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["f"], ["m"], axes=axes, keepdims=0),
        helper.make_node("Gemm", ["m", "w"], ["g"]),
        helper.make_node("Softmax" if softmax else "Identity", ["g"], ["s"]),
        helper.make_node("Cast", ["s"], ["y"], to=says),
    ]
    ends = [
        [helper.make_tensor_value_info("x", KINDS[kind], layout)],
        [helper.make_tensor_value_info("y", says, [layout[0], n])],
    ]
    graph = helper.make_graph(nodes, "g", *ends, [numpy_helper.from_array(weight, "w")])
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return path


def pictures(n=5):
    rng = np.random.default_rng(0)
    sizes = [(SIDE_PX, SIDE_PX, 3)] * n
    return [rng.integers(0, 256, size, dtype=np.uint8) for size in sizes]


def softmax(values):
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def expected(given, takes, scale=1.0):
    """Recounted one by one."""
    found = []
    for picture in given:
        values = picture.astype(float)[..., ::-1] if takes.color == "bgr" else picture.astype(float)
        values = values / 255 if takes.zero_to_one else values
        values = (values - (takes.mean or 0)) / (takes.sd or 1)
        found.append(values.mean(axis=(0, 1)) @ (scale * np.arange(1, 10).reshape(3, 3)))
    return softmax(np.array(found))[:, list(takes.order)]


@pytest.mark.parametrize("color", ["rgb", "bgr"])
@pytest.mark.parametrize(
    "layout",
    [("n", 3, SIDE_PX, SIDE_PX), ("n", SIDE_PX, SIDE_PX, 3), (2, 3, SIDE_PX, SIDE_PX)],
    ids=["channels_first", "channels_last", "two_at_once"],
)
def test_a_picture_is_given_as_the_recipe_says(tmp_path, color, layout):
    path, takes = network(tmp_path / "a.onnx", layout=layout), replace(TAKES, color=color)
    check(path, takes)
    found = probabilities(path, takes, pictures())
    np.testing.assert_allclose(found, expected(pictures(), takes), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_numbers_stay_whole_where_nothing_is_done_to_them(tmp_path, kind):
    path = network(tmp_path / "a.onnx", kind=kind, scale=0.01)
    takes = Takes(SIDE_PX, "rgb", False, (), (), (0, 1, 2), logits=True)
    found = probabilities(path, takes, pictures())
    np.testing.assert_allclose(found, expected(pictures(), takes, 0.01), atol=1e-4)


def test_gray_networks_get_gray_pictures_of_their_size(tmp_path):
    path = network(tmp_path / "a.onnx", layout=("n", 1, SIDE_PX, SIDE_PX))
    takes = Takes(SIDE_PX, "gray", True, (), (), (0, 1, 2), logits=True)
    colored, large = pictures(1)[0], np.kron(pictures(1)[0], np.ones((2, 2, 1), np.uint8))
    found = probabilities(path, takes, [colored, to_gray(colored), large])
    np.testing.assert_allclose(found[1:], found[[0, 0]], atol=1e-2)
    assert probabilities(path, takes, []).shape == (0, 3)


def test_probabilities_are_taken_as_they_are(tmp_path):
    path = network(tmp_path / "a.onnx", softmax=True)
    found = probabilities(path, replace(TAKES, logits=False), pictures())
    np.testing.assert_allclose(found, expected(pictures(), TAKES), atol=1e-5)


@pytest.mark.parametrize(
    ("made", "changes", "words"),
    [
        ({}, {"logits": False}, "outputs: logits"),
        ({}, {"input_px": 48}, "its input is"),
        ({}, {"color": "gray", "mean": (), "sd": ()}, "its input is"),
        ({"n": 4}, {}, "a number per emotion"),
        ({"says": TensorProto.STRING}, {}, "one output of numbers"),
        ({"says": TensorProto.INT64}, {}, "one output of numbers"),
        ({"scale": float("nan")}, {}, "not numbers"),
        ({"layout": (5000, 3, SIDE_PX, SIDE_PX)}, {}, "5000 pictures at once"),
    ],
)
def test_a_network_that_is_another_than_said_is_refused_in_words(tmp_path, made, changes, words):
    with pytest.raises(NetworkRefused, match=words):
        check(network(tmp_path / "a.onnx", **made), replace(TAKES, **changes))


@pytest.mark.parametrize("content", [b"", b"no network", bytes(1000)])
def test_what_is_no_onnx_file_is_refused(tmp_path, content):
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    with pytest.raises(NetworkRefused, match=r"a\.onnx"):
        check(path, TAKES)


def test_weights_in_another_file_are_not_read(tmp_path, monkeypatch):
    path = network(tmp_path / "whole.onnx")
    apart = tmp_path / "apart.onnx"
    onnx.save(
        onnx.load(path), apart, save_as_external_data=True, location="weights", size_threshold=0
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NetworkRefused, match="without further files"):
        check(apart, TAKES)


def test_operators_that_nobody_knows_are_refused(tmp_path):
    model = onnx.load(network(tmp_path / "a.onnx"))
    model.graph.node[3].domain = "strange"
    model.opset_import.append(helper.make_opsetid("strange", 1))
    onnx.save(model, tmp_path / "b.onnx")
    with pytest.raises(NetworkRefused, match="operators of its own"):
        check(tmp_path / "b.onnx", TAKES)


def test_what_a_file_says_of_itself_can_be_read(tmp_path):
    model = onnx.load(network(tmp_path / "a.onnx"))
    helper.set_model_props(model, {"made_by": "somebody"})
    onnx.save(model, tmp_path / "b.onnx")
    assert metadata(tmp_path / "b.onnx") == {"made_by": "somebody"}
