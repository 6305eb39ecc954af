from itertools import combinations
from math import comb

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    equalized_odds_difference,
    false_positive_rate,
    true_positive_rate,
)
from scipy.stats import chi2_contingency, fisher_exact, permutation_test
from sklearn.metrics import accuracy_score, f1_score

from emotion_pipeline.metrics.fairness import (
    N_DEALT,
    dealt_groups,
    dealt_p_values,
    drawn_units,
    group_differences,
    measured_rows,
    measures,
    proportions_p_value,
    resampled_differences,
    smallest_p_value,
    sums_by_group,
    values_by_group,
)

N_CLASSES = 4


@pytest.fixture(scope="module", params=[2, 3])
def rows(request):
    rng = np.random.default_rng(request.param)
    truth = rng.integers(0, N_CLASSES, 400)
    said = np.where(rng.random(400) < 0.6, truth, rng.integers(0, N_CLASSES, 400))
    return truth, said, rng.integers(0, request.param, 400)


def _counts(truth, said, groups):
    found = np.zeros((groups.max() + 1, N_CLASSES, N_CLASSES), dtype=np.int64)
    np.add.at(found, (groups, truth, said), 1)
    return found


def test_values_by_group_are_those_of_fairlearn_and_scikit_learn(rows):
    truth, said, groups = rows
    found = values_by_group(truth, said, groups, N_CLASSES)
    frame = MetricFrame(
        metrics={"accuracy": accuracy_score, "f1": lambda t, s: f1_score(t, s, average="macro")},
        y_true=truth,
        y_pred=said,
        sensitive_features=groups,
    )
    np.testing.assert_allclose(found[:, :2], frame.by_group)
    for one in range(N_CLASSES):
        frame = MetricFrame(
            metrics={"recall": true_positive_rate, "false": false_positive_rate},
            y_true=(truth == one).astype(int),
            y_pred=(said == one).astype(int),
            sensitive_features=groups,
        )
        np.testing.assert_allclose(found[:, [2 + one, 2 + N_CLASSES + one]], frame.by_group)
        gap = np.ptp(found[:, [2 + one, 2 + N_CLASSES + one]], axis=0)
        np.testing.assert_allclose(gap, frame.difference(method="between_groups"))


def test_rows_of_measures_are_counted_and_nothing_is_invented_where_there_are_none():
    counts = np.zeros((3, 3), dtype=np.int64)
    counts[0] = [3, 1, 0]
    assert measured_rows(counts).tolist() == [4, 4, 4, 0, 0, 0, 4, 4]
    np.testing.assert_allclose(
        measures(counts)[2:], [0.75, np.nan, np.nan, np.nan, 0.25, 0], equal_nan=True
    )


def test_differences_over_groups_are_those_of_fairlearn(rows):
    truth, said, groups = rows
    counts = _counts(*rows)
    for one in range(N_CLASSES):
        given = (truth == one).astype(int), (said == one).astype(int)
        expected = (
            equalized_odds_difference(*given, sensitive_features=groups),
            demographic_parity_difference(*given, sensitive_features=groups),
        )
        assert group_differences(counts, one) == pytest.approx(expected)
        (resampled,) = resampled_differences(counts[None], one)
        assert resampled == pytest.approx(expected)


def test_units_are_drawn_within_their_groups():
    groups = np.array([0, 1, 1, 0, 1, 0, 0])
    weights = drawn_units(groups)
    assert weights.shape == (1000, 7)
    assert (weights[:, groups == 0].sum(axis=1) == 4).all()
    assert (weights[:, groups == 1].sum(axis=1) == 3).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(7), abs=0.1)
    np.testing.assert_array_equal(weights, drawn_units(groups))


@pytest.mark.parametrize("per_resample", [False, True])
def test_sums_are_those_of_a_slow_count(per_resample):
    rng = np.random.default_rng(1)
    weights, sums = rng.integers(0, 4, (5, 6)), rng.integers(0, 9, (6, 2, 2))
    groups = rng.integers(0, 3, (5, 6) if per_resample else 6)
    found = sums_by_group(weights, groups, sums, 3)
    for resample in range(5):
        own = groups[resample] if per_resample else groups
        for group in range(3):
            units = [unit for unit in range(6) if own[unit] == group]
            slow = sum((weights[resample, unit] * sums[unit] for unit in units), np.zeros((2, 2)))
            np.testing.assert_array_equal(found[resample, group], slow)


def test_few_units_are_dealt_out_in_every_way_there_is():
    groups = np.array([0, 1, 0, 1, 0])
    dealt = dealt_groups(groups)
    assert {tuple(np.flatnonzero(one)) for one in dealt} == set(combinations(range(5), 2))
    assert len(dealt) == comb(5, 2)


@pytest.mark.parametrize("groups", [np.arange(40) % 2, np.arange(9) % 3])
def test_many_units_and_several_groups_are_dealt_out_at_random(groups):
    dealt = dealt_groups(groups)
    assert len(dealt) == N_DEALT
    for one in np.unique(groups):
        assert ((dealt == one).sum(axis=1) == (groups == one).sum()).all()
    assert len(np.unique(dealt, axis=0)) > 100


def _gap_p_value(values, groups):
    def gap(of):
        return np.abs(
            (values * of).sum(-1) / of.sum(-1) - (values * (1 - of)).sum(-1) / (1 - of).sum(-1)
        )

    return float(dealt_p_values(gap(groups), gap(dealt_groups(groups)), groups))


@pytest.mark.parametrize("effect", [0, 1])
@pytest.mark.parametrize("n", [10, 60])
def test_p_values_of_deals_are_those_of_scipy(n, effect):
    groups = np.arange(n) % 2
    values = np.random.default_rng(n).normal(size=n) + effect * groups

    def gap(first, second, axis):
        return np.abs(first.mean(axis=axis) - second.mean(axis=axis))

    expected = permutation_test(
        (values[groups == 1], values[groups == 0]),
        gap,
        alternative="greater",
        vectorized=True,
        n_resamples=9999,
        rng=0,
    ).pvalue
    assert _gap_p_value(values, groups) == pytest.approx(expected, abs=1e-9 if n == 10 else 0.03)


def test_p_values_of_deals_of_single_rows_are_near_those_of_fishers_test():
    groups = np.arange(200) % 2
    for n_more in (2, 10, 20):
        right = np.concatenate([np.arange(100) < 50 + n_more, np.arange(100) < 50])
        ordered = np.concatenate([np.flatnonzero(groups == 1), np.flatnonzero(groups == 0)])
        values = np.empty(200)
        values[ordered] = right
        exact = fisher_exact([[50 + n_more, 50], [50 - n_more, 50]]).pvalue
        assert _gap_p_value(values, groups) == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize("sizes", [(5, 5), (4, 6), (3, 3)])
def test_the_smallest_p_value_is_that_of_the_largest_gap(sizes):
    groups = np.repeat([0, 1], sizes)
    assert _gap_p_value(groups.astype(float), groups) == smallest_p_value(np.array(sizes))


def test_the_smallest_p_value_of_random_deals_is_that_of_none_as_large():
    groups = np.repeat([0, 1], 30)
    assert _gap_p_value(groups.astype(float), groups) == smallest_p_value(np.array([30, 30]))
    assert smallest_p_value(np.array([5, 5, 5])) == 1 / (N_DEALT + 1)


def test_gaps_that_are_no_number_count_as_large():
    groups = np.array([0, 1, 0, 1])
    dealt = np.full((len(dealt_groups(groups)), 1), np.nan)
    assert dealt_p_values(np.array([0.5]), dealt, groups) == 1


def test_proportions_are_tested_as_scipy_does():
    hits, n = np.array([30, 41]), np.array([50, 52])
    assert proportions_p_value(hits, n) == fisher_exact([[30, 41], [20, 11]]).pvalue
    three = np.array([30, 41, 12]), np.array([50, 52, 40])
    table = [[30, 41, 12], [20, 11, 28]]
    assert proportions_p_value(*three) == chi2_contingency(table, correction=False).pvalue


@pytest.mark.parametrize("hits", [(0, 0, 0), (50, 50, 50), (0, 0), (50, 50)])
def test_proportions_that_are_all_alike_are_no_evidence(hits):
    assert proportions_p_value(np.array(hits), np.full(len(hits), 50)) == 1.0
