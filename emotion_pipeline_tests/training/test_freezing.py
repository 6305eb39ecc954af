import pytest
import torch
from torch import nn

from emotion_pipeline.training.freezing import check_parts, freeze
from emotion_pipeline.training.values import Freeze


@pytest.fixture
def network():
    features = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    return nn.ModuleDict({"features": features, "head": nn.Linear(4, 2)}).train()


def frozen(network):
    return {name for name, weight in network.named_parameters() if not weight.requires_grad}


IN_FEATURES = {"features.0.weight", "features.0.bias", "features.1.weight", "features.1.bias"}


@pytest.mark.parametrize(
    ("epochs", "epoch", "is_frozen"),
    [(None, 0, True), (None, 999, True), (2, 0, True), (2, 1, True), (2, 2, False), (2, 3, False)],
)
def test_a_part_is_frozen_for_its_epochs_and_then_released(network, epochs, epoch, is_frozen):
    freeze(network, Freeze(parts=("features",), epochs=epochs), epoch)
    assert frozen(network) == (IN_FEATURES if is_frozen else set())
    assert network["features"].training != is_frozen
    assert network["head"].training


def test_parts_frozen_at_first_are_trained_later(network):
    values = Freeze(parts=("features",), epochs=1)
    for epoch in (0, 1):
        freeze(network, values, epoch)
    assert frozen(network) == set()
    assert all(module.training for module in network.modules())


def test_a_frozen_part_neither_learns_nor_drops_nor_counts_and_the_rest_learns(network):
    freeze(network, Freeze(parts=("features",)), 0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    pictures = torch.randn(8, 3)
    assert torch.equal(network["features"](pictures), network["features"](pictures))
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1, weight_decay=0.1)
    network["head"](network["features"](pictures)).square().sum().backward()
    optimiser.step()
    changed = {n for n, value in network.state_dict().items() if not torch.equal(value, before[n])}
    assert changed == {"head.weight", "head.bias"}


def test_parts_of_parts_and_several_parts_can_be_frozen(network):
    freeze(network, Freeze(parts=("features.0", "head")), 0)
    assert frozen(network) == {"features.0.weight", "features.0.bias", "head.weight", "head.bias"}
    assert network["features"][1].training


def test_without_values_nothing_is_frozen(network):
    freeze(network, None, 0)
    assert frozen(network) == set()


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("feature", r"^freeze.parts: unknown name 'feature'; did you mean 'features'\?$"),
        ("features.9", "did you mean 'features.*'"),
        ("xyz", "'features' or 'head'"),
        ("", "'features' or 'head'"),
    ],
)
def test_an_unknown_part_is_answered_with_the_nearest(network, part, message):
    with pytest.raises(ValueError, match=message):
        check_parts(network, Freeze(parts=(part,)))


@pytest.mark.parametrize("epochs", [None, 2])
def test_something_has_to_be_left_to_train(network, epochs):
    check_parts(network, None)
    check_parts(network, Freeze(parts=("features",), epochs=epochs))
    with pytest.raises(ValueError, match="nothing is left to train"):
        check_parts(network, Freeze(parts=("features", "head"), epochs=epochs))
