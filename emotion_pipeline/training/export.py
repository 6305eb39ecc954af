"""A trained network as one ONNX file, which gets its name only if it says what the network says.

The graph takes pictures as they are and normalises them itself. It gives the probabilities of one
view; views whose mean a recipe takes at test time are left to whoever uses the file.
"""

import json
import os
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.onnx.errors import OnnxExporterError

from emotion_pipeline.digests import combined, digest_bytes
from emotion_pipeline.training.data import as_tensors, network_inputs
from emotion_pipeline.training.model_card import FORMAT, ModelCard
from emotion_pipeline.training.predict import predict
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.values import N_FEATURES, PICTURES, Data

LEAST_PROBED = 64
BATCH_SIZES = (1, 64)
# Classes that are further apart than twice this keep their order, so that the most probable emotion
# of every row that is not undecided stays the same too.
TOLERANCE = 1e-4


class ExportError(ValueError):
    """A network that ONNX does not reproduce, or that cannot be probed; no file was written."""


class Parity(NamedTuple):
    """How far the file's probabilities are from torch's: the largest difference, over how many
    inputs, and for which share of them the most probable emotion is the same."""

    largest_difference: float
    n_inputs: int
    agreement: float


def export(
    network: nn.Module,
    recipe: Recipe,
    meta: dict[str, Any],
    path: Path,
    probe: tuple[np.ndarray, ...],
) -> Parity:
    """Write a network as ONNX: `pictures` uint8 (n, channels, input_px, input_px) and `features`
    float32 (n, f), whichever the recipe has, to `probabilities` float32 (n, classes), for any n.

    `meta` is the model's description, as `weights.load` gives it. `probe` are the inputs, as in
    `TrainingData.inputs`, of at least LEAST_PROBED real rows. Moves the network to the CPU and
    switches it to evaluation. Raises ExportError, and leaves what is at `path` as it is, where
    onnxruntime's probabilities differ from torch's by more than TOLERANCE.
    """
    if len(probe[0]) < LEAST_PROBED:
        raise ExportError(
            f"{path.name}: only {len(probe[0])} inputs to compare on, at least {LEAST_PROBED} are"
            " needed; add pictures to the dataset"
        )
    one_view = recipe.model_copy(update={"test_views": "one"})
    try:
        expected = predict(network, one_view, probe, "cpu")
    except ValueError as error:
        raise ExportError(f"{path.name}: {error}") from error
    where = f"look at what cannot be traced in training/models/{recipe.model.name}.py"
    try:
        model = _to_onnx(network, recipe, probe)
    except OnnxExporterError as error:
        raise ExportError(f"{path.name}: torch cannot export this network; {where}") from error
    onnx.helper.set_model_props(model, _card(network, recipe, meta).as_metadata())
    written = model.SerializeToString()
    parity = _compare(written, recipe, probe, expected)
    if not parity.largest_difference <= TOLERANCE:
        raise ExportError(
            f"{path.name}: probabilities differ by up to {parity.largest_difference:.2g} between"
            f" torch and ONNX on {parity.n_inputs} inputs, more than {TOLERANCE:g}; {where}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    unfinished.write_bytes(written)
    unfinished.replace(path)
    return parity


class _FromInputs(nn.Module):
    """The network with what comes before and after it."""

    def __init__(self, network: nn.Module, values: Data) -> None:
        super().__init__()
        self.network, self.values = network, values

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Probabilities (n, classes) of inputs as they are."""
        logits = self.network(*network_inputs(inputs, self.values))
        return torch.softmax(logits.float(), dim=1)


def _to_onnx(network: nn.Module, recipe: Recipe, probe: tuple[np.ndarray, ...]) -> onnx.ModelProto:
    first = as_tensors(tuple(one[:2] for one in probe), recipe.sizes, recipe.model.input_px)
    any_number = {0: torch.export.Dim("n")}
    with warnings.catch_warnings():
        # Two inputs with the same number of rows are meant.
        warnings.filterwarnings("ignore", "# The axis name: n will not be used", UserWarning)
        program: Any = torch.onnx.export(
            _FromInputs(network, recipe.data).eval(),
            first,
            dynamo=True,  # the other exporter lacks operators, such as most adaptive poolings
            input_names=_input_names(recipe),
            output_names=["probabilities"],
            dynamic_shapes=((any_number,) * len(first),),
            verbose=False,
        )
    model: onnx.ModelProto = program.model_proto
    return model


def _card(network: nn.Module, recipe: Recipe, meta: dict[str, Any]) -> ModelCard:
    tensors = sorted(network.state_dict().items())
    return ModelCard.model_validate(
        {
            "format": FORMAT,
            "emotions": json.dumps(recipe.emotions),
            "inputs": json.dumps([n for n in (PICTURES, *N_FEATURES) if n in recipe.data.inputs]),
            "n_features": recipe.data.n_features,
            "color": recipe.data.color,
            "input_px": recipe.model.input_px,
            "normalisation": recipe.data.normalisation,
            "seed": meta["seed"],
            "recipe": recipe.model_dump_json(),
            "weights_digest": combined(
                f"{name} {digest_bytes(tensor.numpy().tobytes()).hex()}" for name, tensor in tensors
            ),
        }
    )


def _compare(
    model: bytes, recipe: Recipe, probe: tuple[np.ndarray, ...], expected: np.ndarray
) -> Parity:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    tensors = as_tensors(probe, recipe.sizes, recipe.model.input_px)
    given = dict(zip(_input_names(recipe), (one.numpy() for one in tensors), strict=True))
    differences, agreements = [], []
    for batch_size in BATCH_SIZES:
        parts = (
            {name: values[start : start + batch_size] for name, values in given.items()}
            for start in range(0, len(expected), batch_size)
        )
        found = np.concatenate([session.run(None, part)[0] for part in parts])
        differences.append(np.abs(found - expected).max())
        agreements.append((found.argmax(1) == expected.argmax(1)).mean())
    return Parity(float(np.max(differences)), len(expected), float(min(agreements)))


def _input_names(recipe: Recipe) -> list[str]:
    sizes = recipe.sizes
    return ["pictures"] * (sizes.n_channels > 0) + ["features"] * (sizes.n_features > 0)
