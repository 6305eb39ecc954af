import warnings

import numpy as np
import pytest
import torch
from torch.nn import functional

from emotion_pipeline.training.losses import (
    WEIGHED,
    build_loss,
    class_weights,
    drawn_labels,
    focal,
    multi_target,
    soft_cross_entropy,
)
from emotion_pipeline.training.randomness import stream
from emotion_pipeline.training.values import Loss

N_CLASSES = 5
RULES = ("inverse", "effective_number")


def _batch(n: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(3)
    logits = 2 * torch.randn(n, N_CLASSES, generator=random)
    return logits, torch.rand(n, N_CLASSES, generator=random).softmax(1)


def _hard(counts: list[int]) -> np.ndarray:
    return np.eye(len(counts), dtype=np.float32)[np.repeat(np.arange(len(counts)), counts)]


WEIGHTS = torch.tensor([0.0, 1.0, 2.0, 0.5, 3.0])


@pytest.mark.parametrize(("smoothing", "weights"), [(0.0, None), (0.2, None), (0.0, WEIGHTS)])
def test_soft_cross_entropy_is_that_of_torch(smoothing, weights):
    logits, targets = _batch()
    expected = functional.cross_entropy(logits, targets, weight=weights, label_smoothing=smoothing)
    assert float(soft_cross_entropy(logits, targets, smoothing, weights)) == pytest.approx(
        float(expected), rel=1e-5
    )


def test_a_row_counts_by_the_weight_of_its_own_class_however_smooth():
    logits, _ = _batch()
    targets = functional.one_hot(torch.arange(len(logits)) % N_CLASSES, N_CLASSES).float()
    rows = zip(logits.split(1), targets.split(1), strict=True)
    plain = torch.stack([soft_cross_entropy(*row, 0.2) for row in rows])
    found = soft_cross_entropy(logits, targets, 0.2, WEIGHTS)
    assert float(found) == pytest.approx(float((plain * (targets @ WEIGHTS)).mean()), rel=1e-5)


def test_focal_loss_matches_its_definition_for_hard_targets():
    logits, _ = _batch()
    right = torch.arange(len(logits)) % N_CLASSES
    probability = logits.softmax(1)[torch.arange(len(logits)), right]
    expected = (-((1 - probability) ** 2) * probability.log()).mean()
    targets = functional.one_hot(right, N_CLASSES).float()
    assert float(focal(logits, targets)) == pytest.approx(float(expected), rel=1e-5)


def test_focal_loss_turns_towards_what_is_not_known_yet():
    easy_and_hard = torch.tensor([[4.0, 0.0], [0.0, 1.0]], requires_grad=True)
    targets = torch.tensor([[1.0, 0.0], [1.0, 0.0]])

    def share_of_the_easy_row(name: str) -> float:
        loss = WEIGHED[name](easy_and_hard, targets)
        sizes = torch.autograd.grad(loss, easy_and_hard)[0].norm(dim=1)
        return float(sizes[0] / sizes.sum())

    assert share_of_the_easy_row("focal") < 0.1 * share_of_the_easy_row("soft_cross_entropy")


@pytest.mark.parametrize("name", WEIGHED)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_loss_falls_along_its_gradient_and_is_a_float32_number(name, smoothing):
    loss = build_loss(Loss(name=name, label_smoothing=smoothing), torch.ones(N_CLASSES))
    logits, targets = _batch()
    logits.requires_grad_()
    before = loss(logits, targets)
    (gradient,) = torch.autograd.grad(before, logits)
    assert before.shape == ()
    assert torch.isfinite(gradient).all()
    assert loss(logits - gradient, targets) < before
    assert loss(logits.bfloat16(), targets).dtype == torch.float32


@pytest.mark.parametrize("name", WEIGHED)
def test_a_loss_stays_finite_where_the_network_is_sure_and_wrong(name):
    logits = torch.tensor([[300.0, -300.0]], requires_grad=True)
    loss = build_loss(Loss(name=name), None)(logits, torch.tensor([[0.0, 1.0]]))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert float(loss.detach()) == pytest.approx(600)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("name", WEIGHED)
def test_weights_of_one_change_nothing_and_a_weight_of_zero_silences_a_class(name):
    logits, targets = _batch()
    plain, weighted, silent = (
        build_loss(Loss(name=name), weights)
        for weights in (None, torch.ones(N_CLASSES), torch.tensor([0.0, 1, 1, 1, 1]))
    )
    assert torch.equal(plain(logits, targets), weighted(logits, targets))
    first = torch.eye(N_CLASSES)[[0]]
    assert float(silent(logits[:1], first)) == 0
    assert float(plain(logits[:1], first)) > 0


def test_multi_target_asks_for_the_most_probable_of_the_named_emotions():
    logits, _ = _batch()
    named = torch.zeros(len(logits), N_CLASSES)
    named[:, 1], named[:, 3] = 1, 1
    largest = logits.softmax(1)[:, [1, 3]].amax(1)
    # The others count by 0.001, as in the released code.
    others = 0.001 * logits.softmax(1)[:, [0, 2, 4]].amax(1)
    expected = -torch.maximum(largest, others).log().mean()
    assert float(multi_target(logits, named / 2)) == pytest.approx(float(expected), rel=1e-5)
    uneven = named * torch.tensor([0, 0.9, 0, 0.1, 0])
    assert torch.equal(multi_target(logits, uneven), multi_target(logits, named / 2))


def test_multi_target_grows_sure_of_one_emotion_where_cross_entropy_stays_between_two():
    targets = torch.tensor([[0.625, 0.375, 0.0]])

    def learned(name: str) -> torch.Tensor:
        logits = torch.tensor([[0.1, 0.0, 0.0]], requires_grad=True)
        optimiser, loss = torch.optim.SGD([logits], lr=1.0), build_loss(Loss(name=name), None)
        for _ in range(600):
            optimiser.zero_grad()
            loss(logits, targets).backward()
            optimiser.step()
        return logits.detach().softmax(1)[0]

    assert learned("multi_target")[0] > 0.99
    assert torch.allclose(learned("soft_cross_entropy"), targets[0], atol=0.02)


def test_drawn_labels_are_one_emotion_each_as_often_as_its_share():
    shares = torch.tensor([0.0, 0.2, 0.5, 0.3, 0.0])
    found = drawn_labels(shares.expand(4000, -1), stream("x"))
    assert torch.equal(found.sum(1), torch.ones(4000))
    assert set(found.unique().tolist()) == {0.0, 1.0}
    assert torch.allclose(found.mean(0), shares, atol=0.03)
    assert torch.equal(found.mean(0) == 0, shares == 0)
    assert torch.equal(found, drawn_labels(shares.expand(4000, -1), stream("x")))
    assert not torch.equal(found, drawn_labels(shares.expand(4000, -1), stream("x", 1)))


def test_shares_that_miss_one_by_a_rounding_error_draw_no_emotion_without_a_share():
    shares = torch.tensor([0.3, 0.7 - 1e-3, 0.0]).expand(4000, -1)
    assert drawn_labels(shares, stream("x"))[:, 2].sum() == 0


def test_smoothing_comes_from_the_recipe():
    logits, targets = _batch()
    smooth = build_loss(Loss(label_smoothing=0.2), None)(logits, targets)
    assert torch.equal(smooth, soft_cross_entropy(logits, targets, 0.2))
    assert smooth != soft_cross_entropy(logits, targets)


def test_without_a_rule_there_are_no_weights():
    assert class_weights("none", _hard([3, 4])) is None


@pytest.mark.parametrize("rule", RULES)
def test_weights_have_mean_one_over_the_rows_and_favour_rare_classes(rule):
    targets = _hard([10, 200, 3000])
    weights = class_weights(rule, targets)
    assert weights.dtype == np.float32
    assert float((targets @ weights).mean()) == pytest.approx(1, rel=1e-5)
    assert weights[0] > weights[1] > weights[2] > 0


@pytest.mark.parametrize("rule", RULES)
def test_equally_frequent_classes_have_equal_weights(rule):
    assert class_weights(rule, _hard([50] * 4)) == pytest.approx(np.ones(4))


def test_weights_match_their_definitions():
    inverse = class_weights("inverse", _hard([10, 40]))
    assert inverse[0] / inverse[1] == pytest.approx(4, rel=1e-5)
    effective = class_weights("effective_number", _hard([10, 4000]))
    expected = (1 - 0.999**4000) / (1 - 0.999**10)
    assert effective[0] / effective[1] == pytest.approx(expected, rel=1e-5)
    assert expected < 400


@pytest.mark.parametrize("rule", RULES)
def test_a_class_without_rows_has_no_weight_and_causes_no_warning(rule):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        weights = class_weights(rule, _hard([10, 0, 30]))
    assert weights[1] == 0
    assert np.isfinite(weights).all()


@pytest.mark.parametrize("rule", RULES)
def test_soft_rows_count_by_their_shares(rule):
    halves = np.tile(np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]], np.float32), (20, 1))
    assert class_weights(rule, halves) == pytest.approx(class_weights(rule, _hard([10, 20, 10])))
