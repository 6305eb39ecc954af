import numpy as np
import pytest
from scipy.stats import spearmanr

from emotion_pipeline.metrics.saliency import most_salient, rank_similarity


def maps(n=5, side=6, seed=0):
    return np.random.default_rng(seed).random((n, side, side))


def test_rank_similarity_equals_scipy_also_where_values_are_equal():
    first, second = maps(seed=1), np.round(maps(seed=2), 1)
    second[0] = first[0] ** 3
    second[1] = -first[1]
    expected = [
        spearmanr(one.ravel(), other.ravel()).statistic
        for one, other in zip(first, second, strict=True)
    ]
    np.testing.assert_allclose(rank_similarity(first, second), expected, atol=1e-12)
    np.testing.assert_allclose(expected[:2], [1, -1])


def test_a_map_of_one_value_is_like_no_other():
    flat = np.zeros((1, 6, 6))
    assert rank_similarity(flat, maps(1)).tolist() == rank_similarity(flat, flat).tolist() == [0.0]


def test_maps_of_other_pictures_are_refused():
    with pytest.raises(ValueError, match="not maps of the same pictures"):
        rank_similarity(maps(2), maps(3))


def test_the_most_salient_pixels_are_marked_and_no_more_than_the_share():
    found = most_salient(maps(side=10), 0.2, maps(side=10, seed=3))
    assert found.dtype == bool
    for one, mask in zip(maps(side=10), found, strict=True):
        assert mask.sum() == 20
        assert one[mask].min() >= one[~mask].max()


def test_ties_are_decided_by_the_other_map_and_nothing_else_is():
    ties = maps(2, seed=4)
    flat = np.zeros_like(ties)
    np.testing.assert_array_equal(most_salient(flat, 0.25, ties), most_salient(ties, 0.25, flat))
    flat[0, 2, 3] = 1
    (first, _) = most_salient(flat, 1 / 36, ties)
    assert np.argwhere(first).tolist() == [[2, 3]]
