import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from emotion_pipeline.metrics.significance import exact_mcnemar, holm_adjusted


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
