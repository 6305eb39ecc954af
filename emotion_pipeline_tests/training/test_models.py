from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import nn

from emotion_pipeline.training import models
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.values import Model

N_FEATURES = 11
FIVE, FOUR = (4, 4, 8, 8, 8), (4, 8, 8, 16)


@dataclass(frozen=True)
class Case:
    """A small network of a family: its values, its inputs, and values that it refuses."""

    name: str
    values: dict[str, Any]
    pictures: bool = True
    features: bool = False
    refused: tuple[tuple[dict[str, Any], str], ...] = ()
    n_at_most: int = 100_000
    id: str = field(default="")

    def model(self, **changes: Any) -> Model:
        return Model.model_validate({"name": self.name, **self.values, **changes})

    def sizes(self, n_channels: int = 1) -> Sizes:
        return Sizes(n_channels * self.pictures, N_FEATURES * self.features, 7)

    def build(self, n_channels: int = 1, **changes: Any) -> nn.Module:
        return models.build(self.name, self.model(**changes), self.sizes(n_channels))

    def inputs(self, n: int = 3, side_px: int = 32, n_channels: int = 1) -> list[torch.Tensor]:
        generator = torch.Generator().manual_seed(n + side_px)
        pictures = torch.randn(n, n_channels, side_px, side_px, generator=generator)
        features = torch.randn(n, N_FEATURES, generator=generator)
        given = ((pictures, self.pictures), (features, self.features))
        return [tensor for tensor, wanted in given if wanted]


CASES = (
    Case(
        "cnn5", {"widths": FIVE}, refused=(({"widths": (4, 4)}, "takes 5 values in model.widths"),)
    ),
    Case(
        "vgg4",
        {"widths": FOUR, "dense": (8, 8)},
        refused=(
            ({"widths": FIVE}, "takes 4 values in model.widths, not 5"),
            ({"variant": "large"}, "no variants"),
        ),
    ),
    Case(
        "se_resnet",
        {"widths": FOUR},
        refused=(
            ({"widths": FIVE}, "takes 4 values in model.widths, not 5"),
            ({"variant": "large"}, "no variants"),
        ),
    ),
    Case(
        "mobilenet_v2",
        {"widths": FOUR, "dense": (8, 8)},
        refused=(
            ({"widths": ()}, "takes 4 values in model.widths, not 0"),
            ({"variant": "large"}, "no variants"),
        ),
        n_at_most=2_500_000,
    ),
    *(
        Case(
            "mobilenet_v3",
            {"variant": variant, "dense": dense},
            refused=(
                ({"variant": None}, "needs model.variant large or small: model.variant is None"),
                ({"variant": "huge"}, "large or small"),
                ({"widths": (4,)}, "takes 0 values in model.widths, not 1"),
                ({"dropout": 0.5}, "no use of model.dropout"),
            ),
            n_at_most=3_100_000,
            id=variant,
        )
        for variant, dense in (("large", ()), ("small", (8,)))
    ),
    Case(
        "landmark_mlp",
        {"dense": (16, 8)},
        pictures=False,
        features=True,
        refused=(
            ({"dense": ()}, "at least one value in model.dense"),
            ({"widths": (4,)}, "takes 0 values in model.widths, not 1"),
            ({"dropout": 0.5}, "no use of model.dropout"),
        ),
    ),
    Case(
        "hybrid",
        {"widths": FIVE, "dense": (8,)},
        features=True,
        refused=(({"widths": FOUR}, "takes 5 values in model.widths, not 4"),),
    ),
)


def named(case: Case) -> str:
    return f"{case.name} {case.id}".strip()


every_family = pytest.mark.parametrize("case", CASES, ids=named)
with_pictures = pytest.mark.parametrize("case", [c for c in CASES if c.pictures], ids=named)
with_features = pytest.mark.parametrize("case", [c for c in CASES if c.features], ids=named)


def test_every_family_is_tested_here():
    assert {case.name for case in CASES} == set(models.NAMES)


@every_family
def test_a_network_gives_finite_logits_and_learns_with_every_weight(case):
    torch.manual_seed(2)
    network = case.build()
    for parameter in network.parameters():
        if not parameter.any():  # blocks that begin as nothing pass nothing on
            nn.init.normal_(parameter, std=0.1)
    logits = network(*case.inputs(n=8))
    assert logits.shape == (8, 7)
    assert logits.isfinite().all()
    logits.square().sum().backward()
    weights = dict(network.named_parameters())
    assert not [name for name, w in weights.items() if w.grad is None or not w.grad.any()]
    assert all(w.grad.isfinite().all() for w in weights.values())
    assert 0 < sum(w.numel() for w in weights.values()) < case.n_at_most


@with_pictures
@pytest.mark.parametrize("side_px", [33, 44, 48, 64])
def test_pictures_of_other_sizes_than_in_training_are_taken(case, side_px):
    network = case.build().eval()
    assert network(*case.inputs(side_px=side_px)).shape == (3, 7)


@with_pictures
def test_colour_pictures_are_taken(case):
    assert case.build(n_channels=3).eval()(*case.inputs(n_channels=3)).shape == (3, 7)


@with_features
def test_features_that_were_not_measured_count_as_average(case):
    network = case.build().eval()
    *pictures, features = case.inputs()
    missing = torch.full_like(features, torch.nan)
    average = torch.zeros_like(features)
    assert torch.equal(network(*pictures, missing), network(*pictures, average))
    assert not torch.equal(network(*pictures, features), network(*pictures, average))


@every_family
def test_a_row_s_logits_do_not_depend_on_its_batch(case):
    network = case.build(head_dropout=0.5).eval()
    inputs = case.inputs()
    alone = torch.cat([network(*(tensor[row : row + 1] for tensor in inputs)) for row in range(3)])
    assert torch.allclose(alone, network(*inputs), atol=1e-5)


@every_family
def test_dropout_works_in_training_alone(case):
    network = case.build(head_dropout=0.5)
    inputs = case.inputs(n=8)
    assert not torch.equal(network(*inputs), network(*inputs))
    network.eval()
    assert torch.equal(network(*inputs), network(*inputs))


@every_family
def test_the_same_seed_draws_the_same_weights(case):
    def weights(seed):
        torch.manual_seed(seed)
        return case.build().state_dict()

    one, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(value, again[name]) for name, value in one.items())
    assert not all(torch.equal(value, other[name]) for name, value in one.items())


@every_family
def test_weights_go_from_one_network_to_another(case):
    one, other = case.build(), case.build()
    one(*case.inputs(n=8))  # so that the normalisation layers know something
    other.load_state_dict({name: t.contiguous() for name, t in one.state_dict().items()})
    inputs = case.inputs()
    assert torch.equal(one.eval()(*inputs), other.eval()(*inputs))


@pytest.mark.parametrize(
    ("case", "changes", "message"),
    [(case, *refused) for case in CASES for refused in case.refused],
    ids=lambda value: named(value) if isinstance(value, Case) else None,
)
def test_values_of_another_family_are_refused(case, changes, message):
    with pytest.raises(ValueError, match=message):
        case.build(**changes)


@every_family
@pytest.mark.parametrize(("pictures", "features"), [(True, False), (False, True), (True, True)])
def test_other_inputs_are_refused(case, pictures, features):
    sizes = Sizes(int(pictures), N_FEATURES * features, 7)
    if sizes == case.sizes():
        models.build(case.name, case.model(), sizes)
        return
    with pytest.raises(ValueError, match=f"{case.name} takes .*: see data.inputs"):
        models.build(case.name, case.model(), sizes)


def test_an_unknown_family_is_answered_with_the_nearest():
    with pytest.raises(KeyError, match="cnn5"):
        models.build("cnn6", CASES[0].model(), CASES[0].sizes())


def test_a_residual_block_begins_as_its_shortcut():
    from emotion_pipeline.training.models.se_resnet import Block

    maps = torch.rand(2, 8, 6, 6)
    assert torch.equal(Block(8, 8)(maps), maps)


def test_the_blocks_of_a_hybrid_carry_the_names_of_cnn5():
    cnn5, hybrid = (next(c for c in CASES if c.name == name) for name in ("cnn5", "hybrid"))
    shared = {n for n in cnn5.build().state_dict() if n.startswith(("stem.", "blocks."))}
    assert shared
    assert shared < hybrid.build().state_dict().keys()
