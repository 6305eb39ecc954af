import numpy as np
import pytest

from emotion_pipeline.domains import DOMAINS
from emotion_pipeline.metrics.robustness import (
    corruption_scores,
    flip_rates,
    lost_rates,
    mean_corrupted_score,
    mean_corruption_error,
    relative_corrupted_score,
    relative_mean_corruption_error,
    severities,
)


def test_means_over_severities_then_over_corruptions():
    scores = {"original": 0.8, "grayscale": 0.1, "jpeg-1": 0.7, "jpeg-5": 0.5, "old_photo-3": 0.2}
    assert corruption_scores(scores) == pytest.approx({"jpeg": 0.6, "old_photo": 0.2})
    assert mean_corrupted_score(scores) == pytest.approx(0.4)
    assert relative_corrupted_score(scores) == pytest.approx(0.5)
    assert severities(tuple(scores)) == {"jpeg": (1, 5), "old_photo": (3,)}


def test_all_domains_of_a_constant_score_lose_nothing():
    assert relative_corrupted_score(dict.fromkeys(DOMAINS, 0.6)) == pytest.approx(1.0)


def test_arrays_of_resamples_pass_through():
    scores = {"original": np.array([0.8, 0.0]), "jpeg-1": np.array([0.4, 0.2])}
    np.testing.assert_allclose(relative_corrupted_score(scores), [0.5, np.nan])


def test_no_corruption_is_refused():
    with pytest.raises(ValueError, match="no corrupted domain among original"):
        mean_corrupted_score({"original": 0.5})


REFERENCE = {"original": 0.7, "jpeg-1": 0.6, "jpeg-5": 0.2, "old_photo-3": 0.3}
BETTER = {"original": 0.8, "jpeg-1": 0.7, "jpeg-5": 0.5, "old_photo-3": 0.4}


def test_errors_are_summed_over_severities_before_they_are_divided():
    by_hand = ((0.3 + 0.5) / (0.4 + 0.8) + 0.6 / 0.7) / 2
    assert mean_corruption_error(BETTER, REFERENCE) == pytest.approx(by_hand)
    added = ((0.1 + 0.3) / (0.1 + 0.5) + 0.4 / 0.4) / 2
    assert relative_mean_corruption_error(BETTER, REFERENCE) == pytest.approx(added)


@pytest.mark.parametrize("measure", [mean_corruption_error, relative_mean_corruption_error])
def test_the_reference_makes_its_own_errors_once(measure):
    assert measure(REFERENCE, REFERENCE) == pytest.approx(1)


def test_errors_are_compared_on_the_corrupted_domains_that_both_know():
    known = {"original": 0.7, "jpeg-5": 0.2}
    assert mean_corruption_error(BETTER, known) == pytest.approx(0.5 / 0.8)
    with pytest.raises(ValueError, match="no corrupted domain that both"):
        mean_corruption_error(BETTER, {"original": 0.7, "grayscale": 0.7})


def test_a_reference_without_errors_measures_nothing():
    perfect = dict.fromkeys(REFERENCE, np.array([1.0, 0.5]))
    errors = mean_corruption_error(dict.fromkeys(REFERENCE, np.array([0.9, 0.9])), perfect)
    np.testing.assert_allclose(errors, [np.nan, 0.2])


def test_flips_and_losses_are_those_that_are_counted_picture_by_picture():
    rng = np.random.default_rng(0)
    said, before, truth = (
        rng.integers(0, 3, (40, 4)),
        rng.integers(0, 3, 40),
        rng.integers(0, 3, 40),
    )
    drawn = rng.multinomial(40, np.full(40, 1 / 40), size=3)
    flips, lost = np.zeros((3, 4)), np.zeros((3, 4))
    for one in range(3):
        for row in np.repeat(np.arange(40), drawn[one]):
            for domain in range(4):
                flips[one, domain] += said[row, domain] != before[row]
                lost[one, domain] += before[row] == truth[row] and said[row, domain] != truth[row]
    np.testing.assert_allclose(flip_rates(said, before, drawn), flips / 40)
    np.testing.assert_allclose(lost_rates(said, before, truth, drawn), lost / 40)


def test_who_says_the_same_flips_nothing():
    said = np.tile(np.arange(5)[:, None], (1, 3))
    assert not flip_rates(said, np.arange(5), np.ones((1, 5))).any()
    assert flip_rates(said + 1, np.arange(5), np.ones((1, 5))) == pytest.approx(1)
