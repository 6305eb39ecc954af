import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import jensenshannon

from emotion_pipeline.metrics.votes import jensen_shannon_error, soft_accuracy_score

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
