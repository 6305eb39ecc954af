import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_pipeline.metrics.promotion import best_on_validation, compare

ANSWERS = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)


def right(pairs):
    both = np.array(pairs, dtype=bool).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def test_the_best_mean_wins_and_then_the_best_seed():
    found = best_on_validation({"a": {1: 0.5, 2: 0.9}, "b": {1: 0.8, 2: 0.8}, "c": {3: 0.1}})
    assert found == ("b", 1)
    assert best_on_validation({"a": {1: 0.5, 2: 0.9}}) == ("a", 2)


def test_ties_are_settled_by_name_and_by_the_lowest_seed():
    assert best_on_validation({"b": {2: 0.5, 1: 0.5}, "a": {2: 0.5, 1: 0.5}}) == ("a", 1)


def test_there_is_no_best_of_none():
    assert best_on_validation({}) is None


@pytest.mark.parametrize(
    ("n_lost", "n_won", "worse"), [(4, 0, False), (5, 0, True), (5, 1, False), (20, 9, True)]
)
def test_only_what_chance_rarely_does_is_worse(n_lost, n_won, worse):
    before = np.array([True] * n_lost + [False] * n_won + [True] * 50)
    after = np.array([False] * n_lost + [True] * n_won + [True] * 50)
    found = compare(before, after)
    assert found.is_worse is worse
    assert (found.n_only_accepted, found.n_only_candidate) == (n_lost, n_won)
    assert not compare(after, before).is_worse


def test_the_p_value_is_the_tail_of_fair_coins():
    assert compare(np.array([True] * 5), np.array([False] * 5)).p_value == pytest.approx(1 / 32)


@given(ANSWERS)
def test_a_candidate_that_lost_no_more_than_it_won_is_never_worse(pairs):
    found = compare(*right(pairs))
    assert 0 <= found.p_value <= 1
    assert found.n == len(pairs)
    assert found.n_right_accepted - found.n_right_candidate == (
        found.n_only_accepted - found.n_only_candidate
    )
    if found.n_only_accepted <= found.n_only_candidate:
        assert not found.is_worse


def test_numbers_are_said_in_words():
    found = str(compare(np.array([True] * 10), np.array([True] * 4 + [False] * 6)))
    assert found.startswith("100.0% before and 40.0% now on the 10 test pictures")
    assert "p = 0.016" in found
