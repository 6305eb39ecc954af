import numpy as np
import pytest
import torch
from torch import nn

from emotion_pipeline.training import models
from emotion_pipeline.training.calibration import (
    COLDEST,
    HOTTEST,
    cool,
    fit_temperature,
    probabilities_at,
)
from emotion_pipeline.training.fit import fit
from emotion_pipeline.training.predict import logits_of_views, predict
from emotion_pipeline.training.trainer import Hardware
from emotion_pipeline_tests.training import tiny
from emotion_pipeline_tests.training.test_every_recipe import RECIPES

FAMILIES = {recipe.model.name: recipe for recipe in RECIPES.values()}


def _loss(shares: np.ndarray, labels: np.ndarray) -> float:
    return -np.log(shares[np.arange(len(labels)), labels]).mean()


@pytest.mark.parametrize("times", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_the_logits_were_multiplied_by(times):
    random = np.random.default_rng(1)
    logits = random.normal(size=(20_000, 4))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) < random.random((len(shares), 1))).sum(axis=1)
    assert fit_temperature(times * logits[None], labels) == pytest.approx(times, rel=0.06)


def test_a_model_that_is_always_right_or_never_stays_within_bounds():
    labels = np.arange(4000) % 4
    logits = np.eye(4)[labels][None]
    assert COLDEST <= fit_temperature(logits, labels) < 0.2
    assert 10 < fit_temperature(logits, (labels + 1) % 4) <= HOTTEST


def test_a_few_rows_that_are_all_right_make_nothing_certain():
    found = [fit_temperature(np.eye(4)[None, :n], np.arange(n)) for n in (1, 2, 4)]
    assert 1 > found[0] > found[1] > found[2] > 0.3


@pytest.mark.parametrize("family", FAMILIES)
def test_the_logits_of_every_family_are_divided(family):
    recipe = FAMILIES[family]
    torch.manual_seed(1)
    network = models.build(family, recipe.model, recipe.sizes).eval()
    side_px = recipe.model.input_px
    pictures = torch.randn(2, recipe.data.n_channels, side_px, side_px)
    features = torch.randn(2, recipe.data.n_features)
    inputs = [one for one in (pictures, features) if one.shape[1]]
    with torch.inference_mode():
        before = network(*inputs)
        cool(network, 0.4, len(recipe.emotions))
        assert torch.allclose(network(*inputs), before / 0.4, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("test_views", ["one", "flip"])
def test_what_a_network_said_before_it_was_calibrated_can_be_had_again(test_views):
    recipe, pictures = tiny.recipe(test_views=test_views), tiny.patterns(9).inputs
    torch.manual_seed(1)
    network = models.build("cnn5", recipe.model, recipe.sizes)
    before = predict(network, recipe, pictures, "cpu")
    cool(network, 0.3, len(recipe.emotions))
    again = probabilities_at(1 / 0.3, logits_of_views(network, recipe, pictures, "cpu"))
    assert np.allclose(again, before, atol=1e-5)
    assert not np.allclose(predict(network, recipe, pictures, "cpu"), before, atol=1e-3)


def test_a_network_that_ends_otherwise_is_refused():
    with pytest.raises(ValueError, match="ends with a linear layer"):
        cool(nn.Sequential(nn.Linear(3, 8), nn.Conv2d(3, 7, 1)), 1.0, 7)


def test_a_calibrated_model_is_as_sure_as_it_is_right_on_the_validation_part(tmp_path):
    train, validation = tiny.patterns(64), tiny.patterns(64, seed=9)
    labels = validation.targets.argmax(axis=1)
    losses, found = [], []
    for calibrated in (False, True):
        recipe = tiny.recipe(epochs=12, augment={"policy": "none"}, calibrated=calibrated)
        folder = tmp_path / str(calibrated)
        result = fit(recipe, 1, train, validation, folder, identity="a", hardware=Hardware("cpu"))
        network = models.build("cnn5", recipe.model, recipe.sizes)
        network.load_state_dict(result.state_dict)
        shares = predict(network, recipe, validation.inputs, "cpu")
        losses.append(_loss(shares, labels))
        found.append(shares.argmax(axis=1))
        assert (result.temperature != 1) == calibrated
    assert losses[1] < losses[0]
    assert (found[0] == found[1]).mean() > 0.95
