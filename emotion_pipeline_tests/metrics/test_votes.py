import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, spearmanr

from emotion_pipeline.metrics.votes import (
    entropies,
    jensen_shannon_error,
    rank_correlation,
    soft_accuracy_score,
    squared_errors,
    top_two_agreement,
)

WEIGHTS = arrays(np.float64, (6, 8), elements=st.sampled_from([0.0, 0.1, 1.0, 7.0]))


def rows(weights):
    filled = weights + np.where(weights.sum(axis=1, keepdims=True) == 0, 1.0, 0.0)
    return filled / filled.sum(axis=1, keepdims=True)


@given(WEIGHTS, WEIGHTS)
def test_jensen_shannon_equals_scipy_is_symmetric_and_bounded(first, second):
    p, q = rows(first), rows(second)
    error = jensen_shannon_error(p, q)
    np.testing.assert_allclose(error, jensenshannon(p, q, base=2, axis=1) ** 2, atol=1e-7)
    np.testing.assert_allclose(error, jensen_shannon_error(q, p), atol=1e-12)
    assert (error >= 0).all()
    assert (error <= 1).all()


def test_jensen_shannon_of_equal_and_of_disjoint_rows():
    p = np.array([[1.0, 0.0], [1.0, 0.0]])
    q = np.array([[1.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(jensen_shannon_error(p, q), [0, 1])


def test_soft_accuracy_is_the_vote_share_of_the_predicted_class():
    shares = np.array([[0.7, 0.3], [0.1, 0.9]])
    probabilities = np.array([[0.2, 0.8], [0.4, 0.6]])
    np.testing.assert_allclose(soft_accuracy_score(shares, probabilities), [0.3, 0.9])


@pytest.mark.parametrize("measure", [jensen_shannon_error, soft_accuracy_score])
def test_unequal_shapes_are_refused(measure):
    with pytest.raises(ValueError, match="probabilities"):
        measure(np.ones((2, 8)) / 8, np.ones((2, 7)) / 7)


def test_the_two_most_voted_are_compared_with_the_two_most_probable_in_any_order():
    shares = np.array([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1]])
    probabilities = np.array([[0.3, 0.6, 0.1], [0.5, 0.1, 0.4]])
    np.testing.assert_array_equal(top_two_agreement(shares, probabilities), [1, 0])


def test_votes_that_name_no_pair_are_left_out():
    tied_behind, unanimous, tied_ahead = [0.6, 0.2, 0.2], [1.0, 0.0, 0.0], [0.5, 0.5, 0.0]
    shares = np.array([tied_behind, unanimous, tied_ahead])
    found = top_two_agreement(shares, np.tile([0.5, 0.4, 0.1], (3, 1)))
    np.testing.assert_array_equal(found, [np.nan, np.nan, 1])


@given(WEIGHTS, WEIGHTS)
def test_entropies_and_squared_errors_equal_scipy_and_a_recount(first, second):
    p, q = rows(first), rows(second)
    np.testing.assert_allclose(entropies(p), entropy(p, base=2, axis=1), atol=1e-12)
    expected = [
        sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) for pair in zip(p, q, strict=True)
    ]
    np.testing.assert_allclose(squared_errors(p, q), expected)


def test_the_order_of_the_classes_does_not_change_an_entropy():
    shares = np.array([0.7, 0.1, 0.1, 0.1])
    orders = np.array([np.roll(shares, shift) for shift in range(4)])
    assert len(set(entropies(orders))) == 1


def test_rank_correlation_equals_scipy_also_with_ties_and_is_nan_without_change():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 9, size=80).astype(float)
    second = first + rng.normal(scale=3, size=80)
    found = rank_correlation(np.ones((2, 80)), first, second)
    np.testing.assert_allclose(found, spearmanr(first, second).statistic)
    assert np.isnan(rank_correlation(np.ones(80), np.zeros(80), second))
