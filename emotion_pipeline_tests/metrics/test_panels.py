from itertools import combinations

import numpy as np
import pytest
from scipy.stats import multinomial
from sklearn.metrics import cohen_kappa_score

from emotion_pipeline.metrics.panels import (
    equal_by_chance,
    kappa,
    redrawn_agreement,
    split_agreement,
)
from emotion_pipeline.votes import VOTE_CLASSES

UNANIMOUS = [10, *[0] * 9]
DISPUTED = [4, 3, 2, *[0] * 6, 1]


def most_voted(people):
    counts = np.bincount(people, minlength=len(VOTE_CLASSES))
    return (counts == counts.max()) / (counts == counts.max()).sum()


def recounted(votes, n_first):
    """All ways to draw, ties with their probabilities."""
    people = np.repeat(np.arange(len(votes)), votes)
    agreed = []
    for chosen in combinations(range(len(people)), n_first):
        first = np.isin(np.arange(len(people)), chosen)
        agreed.append((most_voted(people[first]) * most_voted(people[~first])).sum())
    return np.mean(agreed)


@pytest.mark.parametrize("n_first", [1, 5])
def test_agreement_of_parts_equals_a_recount_of_all_draws(n_first):
    found = split_agreement(np.array([DISPUTED, UNANIMOUS]), n_first, n_draws=4000)
    assert found[0] == pytest.approx(recounted(DISPUTED, n_first), abs=0.03)
    assert found[1] == 1


def test_equal_seeds_agree_equally():
    votes = np.array([DISPUTED])
    assert split_agreement(votes, 5, seed=1) == split_agreement(votes, 5, seed=1)


def test_new_panels_agree_with_clear_votes_and_less_with_disputed_ones():
    clear, disputed, nobody = redrawn_agreement(
        np.array([UNANIMOUS, [6, 4, *[0] * 8], [0] * 9 + [10]])
    )
    assert clear == 1
    assert 0.5 < disputed < 0.95
    assert np.isnan(nobody)


def test_the_probability_of_equal_counts_equals_scipy_and_bounds_other_shares():
    votes = np.array([DISPUTED, UNANIMOUS])
    expected = [multinomial.pmf(row, 10, row / 10) for row in votes]
    np.testing.assert_allclose(equal_by_chance(votes), expected)
    assert multinomial.pmf(DISPUTED, 10, [0.3, 0.3, 0.2, *[0] * 6, 0.2]) < expected[0]


def test_kappa_equals_scikit_learn_and_is_nan_where_all_is_one_class():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 4, size=200)
    second = np.where(rng.random(200) < 0.7, first, rng.integers(0, 4, size=200))
    counts = np.zeros((4, 4))
    np.add.at(counts, (first, second), 1)
    assert kappa(counts) == pytest.approx(cohen_kappa_score(first, second))
    assert np.isnan(kappa(np.diag([5, 0])))
