import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

pytest.importorskip("pytorch_grad_cam", reason="grad-cam is not installed: extra `explain`")

from emotion_pipeline.training.grad_cam import LEAST_GRID_PX, explained_layer, maps
from emotion_pipeline_tests.training.looking_at_a_corner import CornerNetwork
from emotion_pipeline_tests.training.test_models import CASES, named

SEEING = [case for case in CASES if case.pictures]


class Shortcut(nn.Module):
    """A block whose last convolution is the one beside it; what is averaged sees both."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.Conv2d(1, 2, 3, stride=4, padding=1)
        self.block, self.shortcut = nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 2, 1)
        self.head = nn.Linear(2, 3)

    def forward(self, images):
        features = self.before(images)
        joined = self.block(features).relu() + self.shortcut(features)
        return self.head(joined.mean((2, 3)))


@pytest.mark.parametrize("side_px", [32, 64])
@pytest.mark.parametrize("case", SEEING, ids=named)
def test_every_family_that_sees_pictures_has_maps(case, side_px):
    torch.manual_seed(0)
    network = case.build().eval().requires_grad_(False)
    inputs = tuple(case.inputs(side_px=side_px))
    layer = explained_layer(network, inputs)
    found = maps(network, layer, inputs, np.array([0, 3, 6]))
    assert min(layer.grid_px) >= LEAST_GRID_PX
    assert found.shape == (3, side_px, side_px)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.min() >= 0
    assert 0 < found.max() <= 1


def test_a_branch_beside_a_shortcut_does_not_count_as_the_picture():
    torch.manual_seed(0)
    network = Shortcut().eval()
    assert explained_layer(network, (torch.zeros(1, 1, 32, 32),)).name == "before"


def test_pictures_too_small_for_a_map_are_refused():
    with pytest.raises(ValueError, match=r"larger model\.input_px"):
        explained_layer(Shortcut().eval(), (torch.zeros(1, 1, 8, 8),))


def test_the_map_lies_where_the_network_looks():
    network = CornerNetwork().eval()
    images = torch.ones(2, 1, 32, 32)
    layer = explained_layer(network, (images,))
    found = maps(network, layer, (images,), np.array([3, 3]))
    assert layer.name == "cells"
    assert (found[:, :6, :6] > 0.5).all()
    assert (found[:, 12:] == 0).all()
    assert (found[:, :, 12:] == 0).all()
    assert maps(network, layer, (images,), np.array([0, 0])).max() == 0  # nothing speaks for it


def test_maps_are_gradient_times_feature_counted_by_hand():
    torch.manual_seed(1)
    network = Shortcut().eval()
    images = torch.randn(2, 1, 32, 32)
    layer = explained_layer(network, (images,))
    found = maps(network, layer, (images,), np.array([1, 2]))
    features = network.before(images).detach().requires_grad_()
    joined = network.block(features).relu() + network.shortcut(features)
    logits = network.head(joined.mean((2, 3)))
    (logits[0, 1] + logits[1, 2]).backward()
    speaking = (features.grad * features).sum(1).relu().detach()  # (2, 8, 8)
    lowest, highest = speaking.amin((1, 2), True), speaking.amax((1, 2), True)
    scaled = ((speaking - lowest) / (highest - lowest))[:, None]
    expected = functional.interpolate(scaled, (32, 32), mode="bilinear")[:, 0].numpy()
    expected /= expected.max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_what_is_overwritten_in_place_afterwards_does_not_change_a_map():
    torch.manual_seed(2)
    plain = nn.Sequential(
        nn.Conv2d(1, 2, 3, stride=4, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(128, 3)
    )
    layer = explained_layer(plain, (torch.zeros(1, 1, 32, 32),))
    images, classes = (torch.randn(2, 1, 32, 32),), np.array([0, 1])
    before = maps(plain, layer, images, classes)
    plain[1] = nn.ReLU(inplace=True)
    np.testing.assert_array_equal(maps(plain, layer, images, classes), before)
