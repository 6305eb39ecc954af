"""ONNX files with our metadata that need neither torch nor a training."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

EMOTIONS = ("neutral", "happiness", "anger")
INPUT_PX = 4
TEXTS = {
    "format": "emotion_pipeline/1",
    "emotions": json.dumps(EMOTIONS),
    "inputs": '["pictures"]',
    "n_features": "0",
    "color": "gray",
    "input_px": str(INPUT_PX),
    "normalisation": "per_image",
    "seed": "1",
    "recipe": "{}",
    "weights_digest": "0",
}


def graph(shape: tuple = ("n", 1, INPUT_PX, INPUT_PX), name: str = "pictures") -> onnx.ModelProto:
    """Pictures to shares that only their mean brightness decides: dark neutral, bright anger."""
    kind = TensorProto.UINT8 if name == "pictures" else TensorProto.FLOAT
    ends = (
        [helper.make_tensor_value_info(name, kind, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ("n", 3))],
    )
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [1], [1]),
        helper.make_tensor("weights", TensorProto.FLOAT, [1, 3], np.array([-1, 0, 1]) / 25),
        helper.make_tensor("bias", TensorProto.FLOAT, [3], np.array([4, 0, -4])),
    ]
    nodes = [
        helper.make_node("Cast", [name], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["numbers"], ["rows"]),
        helper.make_node("ReduceMean", ["rows", "axes"], ["mean"], keepdims=1),
        helper.make_node("Gemm", ["mean", "weights", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    opset = helper.make_opsetid("", 20)
    made = helper.make_graph(nodes, "brightness", *ends, constants)
    return helper.make_model(made, opset_imports=[opset], ir_version=10)


def write(path: Path, model: onnx.ModelProto | None = None, **texts: str | None) -> Path:
    """A file with metadata; texts replace some, or leave them out where None."""
    model = model or graph()
    kept = {name: text for name, text in {**TEXTS, **texts}.items() if text is not None}
    helper.set_model_props(model, kept)
    path.write_bytes(model.SerializeToString())
    return path
