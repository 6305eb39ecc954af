import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_1samp
from sklearn.metrics import f1_score

from emotion_pipeline.metrics.classification import macro_f1_score, paired_counts
from emotion_pipeline.metrics.significance import exact_mcnemar, holm_adjusted, paired_bootstrap

CLASSES = ("a", "b", "c")


def said(skill, rng, truth):
    """What a model says that is right so often, and else anything."""
    return np.where(rng.random(len(truth)) < skill, truth, rng.choice(CLASSES, size=len(truth)))


def macro_f1_difference(drawn):
    return macro_f1_score(drawn.sum(axis=-1)) - macro_f1_score(drawn.sum(axis=-2))


def test_mcnemar_is_the_binomial_test_of_the_discordant_rows():
    first = np.array([True] * 12 + [False] * 3 + [True] * 20)
    second = np.array([False] * 12 + [True] * 3 + [True] * 20)
    result = exact_mcnemar(first, second)
    assert (result.n_only_first, result.n_only_second) == (12, 3)
    assert result.p_value == pytest.approx(binomtest(12, 15).pvalue)


def test_mcnemar_of_equal_models_finds_nothing_and_other_rows_are_refused():
    right = np.array([True, False])
    assert exact_mcnemar(right, right).p_value == 1.0
    with pytest.raises(ValueError, match="not the same rows"):
        exact_mcnemar(right, right[:1])


def test_the_paired_bootstrap_equals_one_that_draws_rows_up_to_the_luck_of_the_draw():
    rng = np.random.default_rng(0)
    truth = rng.choice(CLASSES, size=300)
    first, second = said(0.7, rng, truth), said(0.55, rng, truth)
    found = paired_bootstrap(
        paired_counts(truth, first, second, CLASSES), macro_f1_difference, n_resamples=4000
    )
    differences = []
    for _ in range(800):
        rows = rng.integers(0, 300, 300)
        scores = [f1_score(truth[rows], one[rows], average="macro") for one in (first, second)]
        differences.append(scores[0] - scores[1])
    expected = f1_score(truth, first, average="macro") - f1_score(truth, second, average="macro")
    assert found.difference == pytest.approx(expected)
    low, high = np.quantile(differences, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.015)


def test_the_same_rows_are_drawn_for_both():
    values = np.random.default_rng(0).normal(size=500)
    differences = np.full(500, 0.25)  # the second is worse by as much on every row
    ones = np.ones(500, dtype=np.int64)
    paired = paired_bootstrap(ones, lambda drawn: drawn @ (values + differences - values) / 500)
    assert (paired.low, paired.high) == pytest.approx((0.25, 0.25))
    assert paired.p_value == pytest.approx(2 / 1001)


@pytest.mark.parametrize(("shift", "told_apart"), [(0.0, False), (0.5, True), (-0.5, True)])
def test_a_difference_is_told_apart_from_none_exactly_where_there_is_one(shift, told_apart):
    values = np.random.default_rng(1).normal(size=400)
    values += shift - values.mean()
    found = paired_bootstrap(np.ones(400, dtype=np.int64), lambda drawn: drawn @ values / 400)
    assert found.difference == pytest.approx(shift)
    assert (found.p_value < 0.05) == told_apart
    assert (found.low <= 0 <= found.high) != told_apart


def test_bootstrap_p_values_are_about_those_of_the_t_test():
    values = np.random.default_rng(2).normal(0.1, 1, size=(300, 6))
    ones = np.ones(300, dtype=np.int64)
    found = paired_bootstrap(ones, lambda drawn: drawn @ values / 300, n_resamples=4000)
    np.testing.assert_allclose(found.p_value, ttest_1samp(values, 0).pvalue, atol=0.03)


def test_holm_equals_the_worked_example():
    p_values = np.array([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(holm_adjusted(p_values), [0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_no_correction_and_bonferroni(p_values):
    raw = np.array(p_values)
    adjusted = holm_adjusted(raw)
    assert (adjusted >= raw).all()
    assert (adjusted <= raw * len(raw) + 1e-12).all()
    assert (adjusted <= 1).all()
