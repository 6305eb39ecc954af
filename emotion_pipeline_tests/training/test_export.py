"""Networks as ONNX files: what is in them, and that none is written that says something else."""

import json

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from emotion_pipeline.apps.onnx_model import OnnxModel
from emotion_pipeline.training import models
from emotion_pipeline.training.data import TrainingData, as_tensors, network_inputs
from emotion_pipeline.training.export import LEAST_PROBED, TOLERANCE, ExportError, export
from emotion_pipeline.training.predict import predict
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline_tests.training.test_models import CASES, Case, named

N_PROBED = 70
META = {"seed": 3}
CNN5 = next(case for case in CASES if case.name == "cnn5")
# Both variants of a family are built of the same parts.
one_per_family = pytest.mark.parametrize("case", [c for c in CASES if c.id != "large"], ids=named)


def recipe_of(case: Case, side_px: int = 33, **data: str) -> Recipe:
    inputs = ["pictures"] * case.pictures + ["blendshapes"] * case.features
    values = {
        "description": "tiny",
        "data": {"labels": "ferplus", "pictures": "fer2013", "inputs": inputs, **data},
        "model": {"name": case.name, "input_px": side_px, **case.values},
        "optimiser": {"name": "sgd", "learning_rate": 0.1},
        "epochs": 1,
        "batch_size": 8,
    }
    return Recipe.model_validate(values)


def probe_of(recipe: Recipe, n: int = N_PROBED) -> tuple[np.ndarray, ...]:
    """Noise of all contrasts; some rows were not measured."""
    random = np.random.default_rng(n)
    side_px, sizes = recipe.model.input_px, recipe.sizes
    pictures = random.integers(0, 256, (n, side_px, side_px, max(sizes.n_channels, 1)))
    pictures = (pictures * random.random((n, 1, 1, 1))).astype(np.uint8)
    features = random.normal(0, 1, (n, sizes.n_features)).astype(np.float32)
    features[::7] = np.nan
    data = TrainingData(
        np.zeros((n, 8), np.float32),
        pictures if sizes.n_channels else None,
        features if sizes.n_features else None,
    )
    return data.inputs


def network_of(recipe: Recipe, seed: int = 1) -> nn.Module:
    """A network with statistics as after a training."""
    torch.manual_seed(seed)
    network = models.build(recipe.model.name, recipe.model, recipe.sizes)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 1.0
    nn.init.normal_([m for m in network.modules() if isinstance(m, nn.Linear)][-1].weight, 0, 0.5)
    inputs = as_tensors(probe_of(recipe), recipe.sizes, recipe.model.input_px)
    with torch.no_grad():
        network.train()(*network_inputs(inputs, recipe.data))
    return network


def simplest(recipe: Recipe, seed: int = 1) -> nn.Module:
    """A network of one layer."""
    torch.manual_seed(seed)
    n_values = recipe.sizes.n_channels * recipe.model.input_px**2
    return nn.Sequential(nn.Flatten(), nn.Linear(n_values, recipe.sizes.n_classes))


@one_per_family
def test_a_file_says_what_the_network_says_for_any_number_of_rows(case, tmp_path):
    recipe = recipe_of(case)
    network, probe, path = network_of(recipe), probe_of(recipe), tmp_path / "model.onnx"
    parity = export(network, recipe, META, path, probe)
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]
    assert parity.largest_difference <= TOLERANCE
    assert (parity.n_inputs, parity.agreement) == (N_PROBED, 1)
    model = OnnxModel.open(path)
    pictures = list(probe[0].squeeze(3)) if case.pictures else None
    found = model.predict(pictures, probe[-1] if case.features else None)
    one_view = recipe.model_copy(update={"test_views": "one"})
    assert np.allclose(found, predict(network, one_view, probe, "cpu"), atol=TOLERANCE)
    assert found.std(axis=0).max() > 0.01


@pytest.mark.parametrize("normalisation", ["per_image", "imagenet"])
@pytest.mark.parametrize("color", ["gray", "rgb"])
def test_pictures_are_normalised_in_the_graph(color, normalisation, tmp_path):
    recipe = recipe_of(CNN5, color=color, normalisation=normalisation)
    path = tmp_path / "model.onnx"
    assert export(simplest(recipe), recipe, META, path, probe_of(recipe)).agreement == 1
    inputs = onnxruntime.InferenceSession(path).get_inputs()
    n_channels = {"gray": 1, "rgb": 3}[color]
    assert [(one.name, one.type, one.shape) for one in inputs] == [
        ("pictures", "tensor(uint8)", ["n", n_channels, 33, 33])
    ]


def test_a_file_says_all_that_is_needed_to_use_it(tmp_path):
    recipe, path = recipe_of(CNN5), tmp_path / "model.onnx"
    export(simplest(recipe), recipe, META, path, probe_of(recipe))
    texts = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    assert json.loads(texts["emotions"]) == list(recipe.emotions)
    assert Recipe.model_validate_json(texts["recipe"]) == recipe
    assert (texts["color"], texts["input_px"], texts["normalisation"], texts["seed"]) == (
        ("gray", "33", "per_image", "3")
    )
    before = texts["weights_digest"]
    for seed, same in ((1, True), (2, False)):
        export(simplest(recipe, seed), recipe, META, path, probe_of(recipe))
        assert (OnnxModel.open(path).card.weights_digest == before) is same


def test_a_file_names_features_in_the_order_in_which_they_are_joined(tmp_path):
    values = recipe_of(CNN5).model_dump()
    values["data"] = {"labels": "a", "pictures": "a", "inputs": ["blendshapes", "landmarks"]}
    recipe, path = Recipe.model_validate(values), tmp_path / "model.onnx"
    n_features = recipe.data.n_features
    features = np.random.default_rng(1).normal(size=(LEAST_PROBED, n_features)).astype("f4")
    export(nn.Linear(n_features, 8), recipe, META, path, (features,))
    assert OnnxModel.open(path).card.inputs == ("landmarks", "blendshapes")


class Moody(nn.Module):
    """A network that says something else each time."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network, self.n_calls = network, 0

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        self.n_calls += 1
        return self.network(*inputs) / self.n_calls


class Branching(Moody):
    """A network that looks at values before it decides what to do."""

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        logits = self.network(*inputs)
        return -logits if float(logits[0, 0].detach()) > 0 else logits


@pytest.mark.parametrize(
    ("wrap", "message"), [(Moody, "differ by up to 0"), (Branching, "cannot export")]
)
def test_a_network_that_the_file_would_not_reproduce_is_refused(wrap, message, tmp_path):
    recipe, path = recipe_of(CNN5), tmp_path / "model.onnx"
    path.write_bytes(b"an earlier file")
    with pytest.raises(ExportError, match=rf"model.onnx: .*{message}.*cnn5.py"):
        export(wrap(simplest(recipe)), recipe, META, path, probe_of(recipe))
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"an earlier file"]


def test_a_network_that_gives_no_numbers_is_refused(tmp_path):
    recipe, network = recipe_of(CNN5), simplest(recipe_of(CNN5))
    nn.init.constant_(network[1].bias, torch.nan)
    with pytest.raises(ExportError, match="values that are no numbers"):
        export(network, recipe, META, tmp_path / "model.onnx", probe_of(recipe))
    assert not list(tmp_path.iterdir())


def test_a_comparison_on_too_few_inputs_is_refused(tmp_path):
    recipe = recipe_of(CNN5)
    probe = probe_of(recipe, LEAST_PROBED - 1)
    with pytest.raises(ExportError, match="only 63 inputs to compare on, at least 64"):
        export(simplest(recipe), recipe, META, tmp_path / "model.onnx", probe)
    assert not list(tmp_path.iterdir())
