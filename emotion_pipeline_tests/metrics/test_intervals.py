import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from emotion_pipeline.metrics.classification import accuracy_score
from emotion_pipeline.metrics.intervals import (
    bootstrap_interval,
    bootstrap_mean_interval,
    bootstrap_values,
    wilson_interval,
)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipy_and_holds_the_rate(pair):
    n_right, n = pair
    low, high = wilson_interval(n_right, n)
    expected = stats.binomtest(n_right, n).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= n_right / n <= high <= 1


def test_wilson_takes_arrays_and_is_nan_without_rows():
    low, high = wilson_interval(np.array([3, 0]), np.array([10, 0]))
    assert low[0] < 0.3 < high[0]
    assert np.isnan([low[1], high[1]]).all()


def test_bootstrap_equals_scipy_up_to_the_luck_of_the_draw():
    values = np.random.default_rng(0).normal(size=400)
    expected = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=4000, rng=1
    ).confidence_interval
    assert bootstrap_mean_interval(values) == pytest.approx((expected.low, expected.high), abs=0.02)


def test_resampling_confusion_cells_is_resampling_rows():
    counts = np.array([[60, 20], [10, 110]])
    low, high = bootstrap_interval(counts, accuracy_score, n_resamples=4000)
    wilson_low, wilson_high = wilson_interval(170, 200)
    assert (low, high) == pytest.approx((wilson_low, wilson_high), abs=0.012)


def test_rows_that_are_all_of_their_own_kind_are_drawn_as_any_other():
    ones = np.ones(40, dtype=np.int64)
    drawn = bootstrap_values(ones, lambda counts: counts, n_resamples=3000)
    assert drawn.shape == (3000, 40)
    assert (drawn.sum(axis=1) == 40).all()
    assert drawn.mean() == 1
    assert drawn.var(axis=0) == pytest.approx(np.full(40, 1 - 1 / 40), abs=0.15)


def test_equal_seeds_give_equal_intervals_whatever_the_chunk(monkeypatch):
    values = np.random.default_rng(0).random((50, 2))
    whole = bootstrap_mean_interval(values, seed=3)
    monkeypatch.setattr("emotion_pipeline.metrics.intervals._MAX_CELLS", 350)
    np.testing.assert_array_equal(whole, bootstrap_mean_interval(values, seed=3))
    assert not np.array_equal(whole, bootstrap_mean_interval(values, seed=4))


def test_no_rows_give_nan_and_no_warning():
    low, high = bootstrap_mean_interval(np.empty((0, 2)))
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    assert np.isnan(bootstrap_interval(np.zeros((2, 2), dtype=int), accuracy_score)).all()
