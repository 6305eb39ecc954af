from itertools import permutations

import numpy as np
import pytest

from emotion_pipeline.datasets import affectnet_labels, ckplus, fer2013
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.metrics.label_order import explained_by, label_order
from emotion_pipeline.reports.parts.audit.known_orders import KNOWN_ORDERS, known_orders

MIX = np.array([0.345, 0.29, 0.13, 0.115, 0.085, 0.01, 0.02, 0.005])
N = 3000


def answers(seed, accuracy=0.7, n=N, mix=MIX):
    """Truth and honest predictions: every class has its own recall and its own confusions."""
    rng = np.random.default_rng(seed)
    c = len(mix)
    truth = rng.choice(c, n, p=mix / mix.sum())
    recall = np.clip(accuracy + rng.normal(0, 0.1, c), 0.1, 0.97)
    recall[mix < 0.03] *= rng.uniform(0, 1)
    chances = (1 - recall)[:, None] * rng.dirichlet(np.ones(c), size=c) + np.diag(recall)
    drawn = (rng.random(n)[:, None] > chances[truth].cumsum(axis=1)).sum(axis=1)
    return truth, np.minimum(drawn, c - 1), rng.random(n) < 0.5


def judged(truth, predicted, chooses, n_classes=8):
    return label_order(truth, predicted, chooses, n_classes)


@pytest.mark.parametrize("seed", range(100))
def test_honest_models_down_to_weak_ones_raise_no_alarm(seed):
    order = judged(*answers(seed, accuracy=(0.6, 0.7, 0.85)[seed % 3]))
    assert not order.swapped
    assert order.meant == tuple(range(8))
    assert order.moved == ()
    assert order.meant_accuracy_score == order.accuracy_score


@pytest.mark.parametrize("pair", [(0, 1), (2, 6), (3, 4)])
@pytest.mark.parametrize("seed", range(3))
def test_two_exchanged_columns_are_found_and_named(pair, seed):
    truth, predicted, chooses = answers(seed, mix=np.ones(8))
    names = np.arange(8)
    names[list(pair)] = pair[::-1]
    order = judged(truth, names[predicted], chooses)
    assert order.swapped
    assert order.moved == tuple(sorted(pair))
    assert [order.meant[i] for i in pair] == list(pair[::-1])
    assert order.meant_accuracy_score == pytest.approx((truth == predicted)[~chooses].mean())
    assert order.p_value < 0.001


@pytest.mark.parametrize("steps", [1, 3])
def test_a_cyclic_shift_is_found(steps):
    truth, predicted, chooses = answers(1, mix=np.ones(8))
    order = judged(truth, (predicted + steps) % 8, chooses)
    assert order.meant == tuple((i - steps) % 8 for i in range(8))


KNOWN = known_orders(EMOTIONS)


@pytest.mark.parametrize(("stands", "named"), list(permutations(KNOWN, 2)))
def test_a_known_order_taken_for_another_is_found_and_explained(stands, named):
    truth, predicted, chooses = answers(2, mix=np.ones(8))
    # The column at place k holds class stands[k] and is called named[k].
    called = dict(zip(KNOWN[stands], KNOWN[named], strict=True))
    order = judged(truth, np.array([called[one] for one in predicted]), chooses)
    assert order.swapped
    assert [order.meant[called[one]] for one in range(8)] == list(range(8))
    found = explained_by(order, KNOWN)
    assert found is not None
    real, taken = (KNOWN[name] for name in found)
    assert dict(zip(taken, real, strict=True)) == {to: one for one, to in called.items()}


def test_an_order_that_nobody_uses_is_found_and_not_explained():
    truth, predicted, chooses = answers(3, mix=np.ones(8))
    order = judged(truth, np.array([3, 5, 0, 1, 7, 2, 4, 6])[predicted], chooses)
    assert order.swapped
    assert explained_by(order, KNOWN) is None


def test_orders_as_named_are_explained_by_nothing():
    assert explained_by(judged(*answers(4)), KNOWN) is None


def test_fer2013s_codes_named_in_the_projects_order_are_found_among_rare_classes():
    emotions = EMOTIONS[:7]
    orders = known_orders(emotions)
    truth, predicted, chooses = answers(5, accuracy=0.75, n=7000, mix=MIX[:7])
    (ours,) = (name for name in orders if "FER+" in name)
    called = dict(zip(orders["FER2013's codes"], orders[ours], strict=True))
    order = judged(truth, np.array([called[one] for one in predicted]), chooses, 7)
    assert order.swapped
    assert set(explained_by(order, orders)) == {"FER2013's codes", ours}


def test_a_model_that_always_says_the_same_is_not_in_another_order():
    truth, _, chooses = answers(6)
    assert not judged(truth, np.full(N, 1), chooses).swapped


def test_classes_that_are_never_said_are_not_decided():
    truth, predicted, chooses = answers(7)
    predicted[predicted == 5] = 4
    order = judged(truth, predicted, chooses)
    assert not order.decided[5]
    assert order.decided[0]


def test_rows_of_one_kind_only_decide_nothing():
    truth = np.zeros(40, int)
    order = judged(truth, truth, np.arange(40) % 2 == 0)
    assert not order.swapped
    assert order.decided == (True, *[False] * 7)
    assert judged(truth[:0], truth[:0], truth[:0] == 1).n == 0


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("FER2013's codes", fer2013.CODES),
        ("AffectNet's codes", affectnet_labels.CODES.values()),
        ("CK+'s codes", ckplus.CODES),
        ("the alphabet", sorted(EMOTIONS)),
        ("FER+'s columns", EMOTIONS),
    ],
)
def test_the_known_orders_are_those_of_the_datasets(name, codes):
    assert KNOWN_ORDERS[name] == tuple(map(str, codes))
