"""A network of the layout of DeepFace's emotion model, with weights drawn at random, as ONNX."""

from pathlib import Path

import numpy as np
import pytest

N_CLASSES = 7


def write(path: Path, seed: int = 0, *, side_px: int = 48, n_classes: int = N_CLASSES) -> Path:
    """Five convolutions and three dense layers; pictures are (n, side_px, side_px, 1).

    Skips the test where the library that writes ONNX is missing.
    """
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: no network can be written")
    weights, nodes = [], []
    rng = np.random.default_rng(seed)

    def weight(*shape: int) -> str:
        values = rng.normal(size=(shape[0], np.prod(shape[1:])))
        # What all pictures have in common is left out, so that they get different answers.
        values -= values.mean(axis=1, keepdims=True)
        values *= 3 / np.sqrt(values.shape[1])
        name = f"weight{len(weights)}"
        weights.append(onnx.numpy_helper.from_array(values.reshape(shape).astype("float32"), name))
        return name

    def then(kind: str, *more: str, **attributes: object) -> None:
        before = nodes[-1].output[0] if nodes else "input"
        nodes.append(onnx.helper.make_node(kind, [before, *more], [f"{len(nodes)}"], **attributes))

    def convolved(n_in: int, n_out: int, kernel_px: int) -> None:
        then("Conv", weight(n_out, n_in, kernel_px, kernel_px))
        then("Relu")

    def pooled(kind: str, kernel_px: int) -> None:
        then(kind, kernel_shape=[kernel_px, kernel_px], strides=[2, 2])

    then("Transpose", perm=[0, 3, 1, 2])
    convolved(1, 64, 5)
    pooled("MaxPool", 5)
    convolved(64, 64, 3)
    convolved(64, 64, 3)
    pooled("AveragePool", 3)
    convolved(64, 128, 3)
    convolved(128, 128, 3)
    then("GlobalAveragePool")
    then("Flatten")
    for n_in, n_out in ((128, 1024), (1024, 1024)):
        then("Gemm", weight(n_out, n_in), transB=1)
        then("Relu")
    then("Gemm", weight(n_classes, 1024), transB=1)
    then("Softmax", axis=-1)
    shapes = {"input": ["n", side_px, side_px, 1], nodes[-1].output[0]: ["n", n_classes]}
    ends = [
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)]
        for name, shape in shapes.items()
    ]
    graph = onnx.helper.make_graph(nodes, "emotions", *ends, weights)
    opset = onnx.helper.make_opsetid("", 17)
    onnx.save(onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9), path)
    return path
