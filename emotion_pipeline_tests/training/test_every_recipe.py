"""One body over every recipe of an emotion model: it trains a step, as it is, and predicts."""

import numpy as np
import pytest
import torch

from emotion_pipeline.training import models
from emotion_pipeline.training.data import TrainingData
from emotion_pipeline.training.fit import fit
from emotion_pipeline.training.predict import predict
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import load_all
from emotion_pipeline.training.trainer import Hardware

RECIPES = {name: recipe for name, recipe in load_all().items() if isinstance(recipe, Recipe)}
N_ROWS = 6


def _rows(recipe: Recipe) -> TrainingData:
    """Noise in the shape of the recipe's inputs; one row has no landmarks."""
    random = np.random.default_rng(1)
    side_px, data = recipe.model.input_px, recipe.data
    pictures, features = None, None
    if data.n_channels:
        shape = (N_ROWS, side_px, side_px, data.n_channels)
        pictures = random.integers(0, 256, shape).astype(np.uint8)
    if data.n_features:
        features = random.normal(size=(N_ROWS, data.n_features)).astype(np.float32)
        features[0] = np.nan
    classes = np.arange(N_ROWS) % len(recipe.emotions)
    targets = np.eye(len(recipe.emotions), dtype=np.float32)[classes]
    return TrainingData(targets, pictures, features)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_trains_a_step_and_predicts(tmp_path, name):
    recipe = RECIPES[name].model_copy(update={"epochs": 1, "batch_size": N_ROWS})
    rows, initial = _rows(recipe), None
    if recipe.initial is not None:
        torch.manual_seed(5)
        initial = models.build(recipe.model.name, recipe.model, recipe.sizes).state_dict()
    result = fit(
        recipe, 1, rows, rows, tmp_path, identity=name, initial=initial, hardware=Hardware("cpu")
    )
    network = models.build(recipe.model.name, recipe.model, recipe.sizes)
    network.load_state_dict(result.state_dict)
    found = predict(network, recipe, rows.inputs, "cpu")
    assert result.epoch == 1
    assert found.shape == (N_ROWS, len(recipe.emotions))
    assert np.isfinite(found).all()
    assert np.allclose(found.sum(axis=1), 1, atol=1e-4)
