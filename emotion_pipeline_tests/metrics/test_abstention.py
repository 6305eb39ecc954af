import numpy as np
import pytest

from emotion_pipeline.metrics.abstention import Ranked

COVERAGES = (100, 90, 80, 50)


def made_up(n=97, seed=0):
    rng = np.random.default_rng(seed)
    confidences = rng.permutation(np.linspace(0.2, 1, n))
    return confidences, rng.random(n) < confidences


def recounted(confidences, right):
    n = len(right)
    wrong = ~right[np.argsort(-confidences)]
    risks = [wrong[:answered].mean() for answered in range(1, n + 1)]
    first = [-(-one * n // 100) for one in COVERAGES]
    return [np.mean(risks), *(1 - wrong[:answered].mean() for answered in first)]


@pytest.mark.parametrize("n", [1, 10, 97, 100])
def test_area_and_accuracies_equal_a_recount(n):
    confidences, right = made_up(n)
    found = Ranked.of(confidences, right).area_and_accuracies(np.ones(n), COVERAGES)
    np.testing.assert_allclose(found, recounted(confidences, right))


def test_ties_are_answered_together_whatever_their_order():
    confidences = np.array([0.9, 0.9, 0.5, 0.5])
    for right in ([True, False, True, False], [False, True, False, True]):
        ranked = Ranked.of(confidences, np.array(right))
        answered, risk = ranked.curve(np.ones(4))
        np.testing.assert_allclose(answered, [2, 4])
        np.testing.assert_allclose(risk, [0.5, 0.5])
        np.testing.assert_allclose(ranked.area_and_accuracies(np.ones(4), (25,)), [0.5, 0.5])


def test_weights_are_rows_that_stand_there_so_often():
    confidences, right = made_up(40)
    weights = np.random.default_rng(1).integers(0, 3, size=(6, 40))
    found = Ranked.of(confidences, right).area_and_accuracies(weights.astype("f4"), COVERAGES)
    for row, values in zip(weights, found, strict=True):
        again = Ranked.of(confidences.repeat(row), right.repeat(row))
        expected = again.area_and_accuracies(np.ones(row.sum()), COVERAGES)
        np.testing.assert_allclose(values, expected, atol=1e-6)


def test_a_model_that_knows_when_it_errs_loses_less_than_one_that_does_not():
    right = np.arange(100) < 70
    knows, opposite = np.linspace(1, 0.2, 100), np.linspace(0.2, 1, 100)
    areas = [
        Ranked.of(confidences, right).area_and_accuracies(np.ones(100), (70,))
        for confidences in (knows, opposite)
    ]
    assert areas[0][1] == 1
    assert areas[0][0] < 0.1 < 0.3 < areas[1][0]
