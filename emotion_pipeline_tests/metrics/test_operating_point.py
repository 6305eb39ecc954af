"""A detector's threshold and what it finds there, counted again from the definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_pipeline.metrics.average_precision import FoundBoxes, PrecisionRecall, judged
from emotion_pipeline.metrics.detection import match
from emotion_pipeline.metrics.operating_point import best_f1_threshold, counts_at, rates

NO_BOXES = np.zeros((0, 4))


def pictures_of(seed: int, n: int = 8) -> list[FoundBoxes]:
    random = np.random.default_rng(seed)
    pictures = []
    for _ in range(n):
        corners = random.uniform(0, 60, (random.integers(0, 6), 2))
        truth = np.column_stack([corners, corners + 12])
        found = np.vstack([truth + random.normal(0, 2, (len(truth), 1)), truth[:2] + 30])
        scores = random.integers(1, 9, len(found)) / 10  # many ties
        pictures.append(FoundBoxes(found, scores, truth))
    return pictures


def counted(pictures: list[FoundBoxes], threshold: float) -> np.ndarray:
    rows = []
    for one in pictures:
        order = np.argsort(-one.scores, kind="stable")
        sure = order[one.scores[order] >= threshold]
        found = match(one.boxes[sure], one.truth)
        rows.append([found.n_true_positives, found.n_false_positives, len(one.truth)])
    return np.array(rows)


def f1_of(pictures: list[FoundBoxes], threshold: float) -> float:
    right, wrong, truth = counted(pictures, threshold).sum(axis=0)
    return 2 * right / (right + wrong + truth)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 10))
def test_no_other_threshold_has_a_higher_f1(seed, n):
    pictures = pictures_of(seed, n)
    threshold = best_f1_threshold(judged(pictures).curve())
    scores = np.unique(np.concatenate([one.scores for one in pictures]))
    every = {score: f1_of(pictures, score) for score in scores}
    if np.isnan(threshold):
        assert not any(every.values())
    else:
        assert every[threshold] == pytest.approx(max(every.values()))


def test_boxes_of_equal_scores_stay_together_and_the_higher_of_equal_thresholds_is_taken():
    curve = PrecisionRecall(
        np.array([0.9, 0.5, 0.5, 0.4]),
        np.array([1, 1, 2 / 3, 1 / 2]),
        np.array([1, 2, 2, 2]) / 2,
        2,
    )
    assert best_f1_threshold(curve) == 0.5
    equal = PrecisionRecall(np.array([0.9, 0.4]), np.array([1, 1.0]), np.array([1, 1.0]), 1)
    assert best_f1_threshold(equal) == 0.9


def test_where_nothing_right_was_found_there_is_no_threshold():
    box = np.array([[0, 0, 9, 9.0]])
    for truth in (box + 50, NO_BOXES):
        assert np.isnan(best_f1_threshold(judged([FoundBoxes(box, np.ones(1), truth)]).curve()))
    assert np.isnan(best_f1_threshold(judged([]).curve()))


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 2.0])
def test_counts_are_those_of_matching_only_the_sure_boxes(threshold):
    pictures = pictures_of(3)
    np.testing.assert_array_equal(
        counts_at(judged(pictures), threshold), counted(pictures, threshold)
    )


def test_rates_are_over_all_pictures_and_count_repeated_ones_again():
    counts = np.array([[3, 1, 4], [0, 2, 6]])
    once, first_twice = rates(counts, np.array([[1, 1], [2, 0]]))
    np.testing.assert_allclose(once, [3 / 6, 3 / 10, 6 / 16, 3 / 2])
    np.testing.assert_allclose(first_twice, [3 / 4, 3 / 4, 3 / 4, 1])


def test_a_rate_of_nothing_is_no_number():
    nothing_found, no_face = (
        rates(np.array([row]), np.ones((1, 1), dtype=int))[0] for row in ([0, 0, 5], [0, 2, 0])
    )
    np.testing.assert_array_equal(nothing_found, [np.nan, 0, 0, 0])
    np.testing.assert_array_equal(no_face, [0, np.nan, 0, 2])
