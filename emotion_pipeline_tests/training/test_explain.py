from dataclasses import fields

import numpy as np
import pytest
import torch

pytest.importorskip("pytorch_grad_cam", reason="grad-cam is not installed: extra `explain`")

from emotion_pipeline.training import models
from emotion_pipeline.training.explain import BATCH, Explained, Explainer, redrawn
from emotion_pipeline.training.predict import predict
from emotion_pipeline_tests.training import tiny
from emotion_pipeline_tests.training.looking_at_a_corner import (
    BRIGHT,
    CORNER_PX,
    CornerNetwork,
    bright_corners,
)
from emotion_pipeline_tests.training.test_models import CASES, named

RECIPE = tiny.recipe()
SEEING = [case for case in CASES if case.pictures]


@pytest.fixture(scope="module")
def corners():
    return Explainer(CornerNetwork(), RECIPE, 1, "cpu").explain((bright_corners(12),))


def drawn_network(recipe=RECIPE):
    torch.manual_seed(0)
    return models.build(recipe.model.name, recipe.model, recipe.sizes).eval()


def test_a_network_that_looks_at_a_corner_is_found_out(corners):
    inside = corners.maps[:, :CORNER_PX, :CORNER_PX]
    assert (corners.predicted == BRIGHT).all()
    assert corners.maps.dtype == np.uint8
    assert inside.mean() > 150
    assert corners.maps[:, 2 * CORNER_PX :].max() == 0


def test_hiding_what_a_network_looks_at_changes_its_mind_and_hiding_the_rest_does_not(corners):
    assert (corners.salient_drop > 0.3).all()
    assert (corners.salient_drop > corners.random_drop).all()
    assert corners.random_drop.mean() < corners.salient_drop.mean() / 2


def test_a_network_of_other_weights_gives_another_map(corners):
    assert corners.redrawn_similarity.mean() < 0.5
    assert (corners.maps != corners.redrawn_maps).any(axis=(1, 2)).all()


@pytest.mark.parametrize("case", SEEING, ids=named)
def test_every_weight_of_every_family_is_drawn_anew_and_nothing_fades_out(case):
    torch.manual_seed(0)
    network, inputs = case.build().eval(), tuple(case.inputs(side_px=64))
    other = redrawn(network, inputs, seed=1)
    again = redrawn(network, inputs, seed=1).state_dict()
    before = dict(network.named_parameters())
    for name, weights in other.named_parameters():
        assert torch.equal(weights, again[name])
        if weights.ndim > 1:
            assert (weights != before[name]).float().mean() > 0.99
    one, two = other(*(torch.cat([one[:1], one[1:2]]) for one in inputs))
    assert not other.training
    assert (one - two).abs().max() > 1e-4


def test_what_is_predicted_is_what_predict_says_of_one_view():
    network, recipe = drawn_network(), tiny.recipe(test_views="one")
    pictures = (tiny.patterns(BATCH + 3).pictures,)
    explainer = Explainer(network, tiny.recipe(test_views="flip"), 1, "cpu")
    expected = predict(network, recipe, pictures, "cpu")
    found = explainer.explain(pictures)
    np.testing.assert_allclose(found.p, expected, atol=1e-5)
    np.testing.assert_array_equal(found.predicted, expected.argmax(1))
    np.testing.assert_array_equal(explainer.predicted(pictures), expected.argmax(1))
    assert found.maps.shape == found.redrawn_maps.shape == (BATCH + 3, 32, 32)


def test_maps_for_the_predicted_class_are_those_of_the_explanation():
    explainer, pictures = Explainer(drawn_network(), RECIPE, 1, "cpu"), (bright_corners(5),)
    found = explainer.explain(pictures)
    maps = explainer.maps(pictures, found.predicted)
    np.testing.assert_allclose(maps, found.maps / 255, atol=0.003)


def test_equal_seeds_draw_the_same_and_other_seeds_do_not():
    pictures = (tiny.patterns(6).pictures,)
    one, again, other = (
        Explainer(drawn_network(), RECIPE, seed, "cpu").explain(pictures) for seed in (1, 1, 2)
    )
    for field in fields(Explained):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(again, field.name))
    np.testing.assert_array_equal(one.maps, other.maps)
    assert (one.redrawn_maps != other.redrawn_maps).any()
    assert (one.random_drop != other.random_drop).any()


def test_explaining_leaves_the_network_and_torchs_random_state_as_they_were():
    network = drawn_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.random.get_rng_state()
    Explainer(network, RECIPE, 1, "cpu").explain((bright_corners(1),))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_beside_landmarks_is_explained_by_its_picture():
    inputs = {"inputs": ["pictures", "blendshapes"]}
    model = {"name": "hybrid", "widths": [4, 4, 8, 8, 8], "dense": [8], "input_px": 32}
    recipe = tiny.recipe(data={"labels": "ferplus", "pictures": "fer2013", **inputs}, model=model)
    shapes = np.random.default_rng(0).random((4, 52)).astype(np.float32)
    shapes[1] = np.nan
    found = Explainer(drawn_network(recipe), recipe, 1, "cpu").explain((bright_corners(4), shapes))
    for field in fields(Explained):
        assert np.isfinite(getattr(found, field.name)).all()
