import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from emotion_pipeline.training.optimise import (
    build_optimiser,
    build_schedule,
    learning_rate_factor,
    plateau_factor,
)
from emotion_pipeline.training.values import Optimiser, Schedule
from emotion_pipeline_tests.training.small_module import N_BATCHES, Killed, Small, same, train

NAMES = ("sgd", "adam", "adamw")
CONSTANT = Schedule(name="constant", warmup_fraction=0)
PLATEAU = Schedule(name="plateau", warmup_fraction=0, factor=0.5, patience_epochs=2)
IMPATIENT = Schedule(name="plateau", warmup_fraction=0, factor=0.5, patience_epochs=1)


def _values(name: str = "sgd", **changes: float) -> Optimiser:
    return Optimiser.model_validate({"name": name, "learning_rate": 0.05, **changes})


def _network() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def _closure(network: nn.Module, optimiser: torch.optim.Optimizer, calls: list | None = None):
    random = torch.Generator().manual_seed(2)
    inputs = torch.randn(32, 4, generator=random)

    def closure() -> torch.Tensor:
        if calls is not None:
            calls.append([p.detach().clone() for p in network.parameters()])
        optimiser.zero_grad()
        loss = functional.cross_entropy(network(inputs), inputs.argmax(1).clamp(max=2))
        loss.backward()
        return loss

    return closure


@pytest.mark.parametrize("rho", [0.0, 0.05])
@pytest.mark.parametrize("name", NAMES)
def test_every_optimiser_learns(name, rho):
    network = _network()
    optimiser = build_optimiser(network, _values(name, sam_rho=rho))
    closure = _closure(network, optimiser)
    losses = [float(optimiser.step(closure).detach()) for _ in range(15)]
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize("name", NAMES)
def test_weights_decay_and_biases_and_normalisation_do_not(name):
    network = _network()
    for parameter in network.parameters():
        parameter.data.fill_(1.0)
        parameter.grad = torch.zeros_like(parameter)
    build_optimiser(network, _values(name, weight_decay=0.5)).step()
    for parameter in network.parameters():
        assert bool((parameter < 1).all()) == (parameter.ndim > 1)
        assert bool((parameter == 1).all()) == (parameter.ndim == 1)


@pytest.mark.parametrize("rho", [0.0, 0.05])
@pytest.mark.parametrize("name", NAMES)
def test_frozen_parts_keep_their_weights_and_learn_when_they_are_freed(name, rho):
    network = _network()
    optimiser = build_optimiser(network, _values(name, weight_decay=0.1, sam_rho=rho))
    closure = _closure(network, optimiser)
    optimiser.step(closure)
    network[0].requires_grad_(False)
    before, free = network[0].weight.clone(), network[3].weight.clone()
    optimiser.step(closure)
    assert torch.equal(network[0].weight, before)
    assert not torch.equal(network[3].weight, free)
    network[0].requires_grad_(True)
    optimiser.step(closure)
    assert not torch.equal(network[0].weight, before)


def test_sharpness_is_looked_for_rho_away_along_the_gradient_and_the_step_is_made_at_home():
    network = _network()
    reference = copy.deepcopy(network)
    visited: list[list[torch.Tensor]] = []
    optimiser = build_optimiser(network, _values(momentum=0, sam_rho=0.1))
    loss = optimiser.step(_closure(network, optimiser, visited))
    home, away = visited
    plain = build_optimiser(reference, _values(momentum=0))
    at_home = _closure(reference, plain)()
    uphill = [p.grad.clone() for p in reference.parameters()]
    length = math.sqrt(sum(float((g**2).sum()) for g in uphill))
    for here, there, gradient in zip(home, away, uphill, strict=True):
        assert torch.allclose(there - here, 0.1 * gradient / length, atol=1e-6)
    with torch.no_grad():
        for parameter, there in zip(reference.parameters(), away, strict=True):
            parameter.copy_(there)
    _closure(reference, plain)()
    for here, now, moved in zip(home, network.parameters(), reference.parameters(), strict=True):
        assert torch.equal(now, here.add(moved.grad, alpha=-0.05))
    assert torch.equal(loss, at_home)


def test_normalisation_learns_its_statistics_at_home_only():
    statistics = []
    for rho in (0.0, 0.5):
        network = _network()
        optimiser = build_optimiser(network, _values(sam_rho=rho))
        optimiser.step(_closure(network, optimiser))
        statistics.append(network[1].running_var)
        assert network[1].momentum == 0.1
    assert torch.equal(*statistics)


def test_sharpness_at_a_flat_place_is_nothing_special():
    network = nn.Linear(2, 1)
    before = network.weight.clone()
    optimiser = build_optimiser(network, _values(sam_rho=0.1))

    def flat() -> torch.Tensor:
        optimiser.zero_grad()
        loss = 0 * network(torch.ones(1, 2)).sum()
        loss.backward()
        return loss

    optimiser.step(flat)
    assert torch.equal(network.weight, before)


def test_sharpness_without_a_closure_says_which_precision_to_take():
    optimiser = build_optimiser(_network(), _values(sam_rho=0.1))
    with pytest.raises(ValueError, match=r"16-mixed.*bf16-mixed or 32-true"):
        optimiser.step()


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_looking_for_sharpness_changes_the_weights_under_lightning(tmp_path, precision):
    plain = train(Small(_values(), CONSTANT), tmp_path / "plain", precision=precision)
    sharp = train(Small(_values(sam_rho=0.1), CONSTANT), tmp_path / "sharp", precision=precision)
    assert not same(plain.weights(), sharp.weights())
    assert len(sharp.rates) == 2 * len(plain.rates)  # two passes for every step
    assert sharp.trainer.global_step == plain.trainer.global_step
    assert sharp.rows[-1]["validation_loss"] < sharp.rows[0]["validation_loss"]


@pytest.mark.parametrize(
    ("name", "rho", "schedule"),
    [("sgd", 0.0, IMPATIENT), ("adam", 0.1, IMPATIENT), ("adamw", 0.1, Schedule())],
)
def test_a_killed_run_goes_on_to_the_same_weights(tmp_path, name, rho, schedule):
    values = Optimiser(name=name, learning_rate=1, sam_rho=rho)
    unkilled = train(Small(values, schedule), tmp_path / "unkilled")
    with pytest.raises(Killed):
        train(Small(values, schedule, killed_in=3), tmp_path / "killed")
    resumed = train(Small(values, schedule), tmp_path / "killed")
    assert same(resumed.weights(), unkilled.weights())
    assert resumed.rows == unkilled.rows
    assert resumed.rates == unkilled.rates[-len(resumed.rates) :]


def test_a_plateau_lowers_the_rate_of_the_epochs_after_it(tmp_path):
    module = train(Small(Optimiser(name="adam", learning_rate=1), IMPATIENT), tmp_path)
    losses = [row["validation_loss"] for row in module.rows]
    for epoch in range(len(losses)):
        rates = module.rates[epoch * N_BATCHES + 1 : (epoch + 1) * N_BATCHES]
        assert rates == [plateau_factor(IMPATIENT, losses[:epoch])] * (N_BATCHES - 1)
    assert module.rates[-1] < 1


def test_the_plateau_factor_counts_epochs_without_a_lower_loss():
    factors = [
        plateau_factor(PLATEAU, losses)
        for losses in (
            [],
            [3],
            [3, 3],
            [3, 3, 4],
            [3, 4, 2, 5],
            [3, 4, 4, 4, 5],
            [1, 2, 2, 0, 1, 1],
        )
    ]
    assert factors == [1, 1, 1, 0.5, 1, 0.25, 0.25]
    assert plateau_factor(PLATEAU, [3, math.nan, math.nan]) == 0.5


def test_the_learning_rate_warms_up_and_falls_to_nothing():
    factor = learning_rate_factor(Schedule(name="cosine", warmup_fraction=0.1), 100)
    assert factor(0) == pytest.approx(0.1)
    assert max(map(factor, range(100))) == pytest.approx(factor(9))
    assert 0 < factor(99) < 0.001


@pytest.mark.parametrize("name", ["constant", "plateau"])
def test_other_schedules_keep_the_rate_after_warming_up(name):
    factor = learning_rate_factor(Schedule(name=name, warmup_fraction=0.1), 100)
    assert (factor(4), factor(99)) == (0.5, 1)


def test_a_schedule_follows_the_curve_while_it_grows():
    rows = [{"validation_loss": 1.0}]
    optimiser = build_optimiser(_network(), _values())
    schedule = build_schedule(optimiser, PLATEAU, 10, rows)
    rates = []
    for loss in (1.0, 1.0, 1.0, 0.5):
        optimiser.step()
        rows.append({"validation_loss": loss})
        schedule.step()
        rates.append(optimiser.param_groups[0]["lr"])
    assert rates == [0.05, 0.025, 0.025, 0.025]
