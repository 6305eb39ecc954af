import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torchvision.ops import box_iou

from emotion_pipeline.metrics.detection import Matches, iou_matrix, match, recall_score

SIDES_PX = st.sampled_from([0.0, 0.25, 1.0, 3.0, 10.0, 40.5])


@st.composite
def boxes(draw):
    """Up to six boxes on a coarse grid, so that many meet, some are equal and some have no area."""
    n = draw(st.integers(0, 6))
    left_top = draw(arrays(np.float64, (n, 2), elements=st.integers(-5, 30)))
    return np.hstack([left_top, left_top + draw(arrays(np.float64, (n, 2), elements=SIDES_PX))])


@given(boxes(), boxes())
def test_iou_equals_torchvision_and_is_0_where_there_is_no_area(found, truth):
    reference = box_iou(torch.from_numpy(found), torch.from_numpy(truth)).numpy()
    iou = iou_matrix(found, truth)
    assert iou.dtype == np.float64
    np.testing.assert_allclose(iou, np.nan_to_num(reference), atol=1e-12)


@given(boxes(), boxes())
def test_iou_is_symmetric_and_bounded_and_1_of_a_box_with_itself(found, truth):
    iou = iou_matrix(found, truth)
    np.testing.assert_array_equal(iou, iou_matrix(truth, found).T)
    assert ((iou >= 0) & (iou <= 1)).all()
    has_area = (found[:, 2:] > found[:, :2]).all(axis=1)
    np.testing.assert_array_equal(np.diag(iou_matrix(found, found)), has_area)


def test_iou_of_half_a_box_and_of_boxes_that_only_touch():
    whole = np.array([[0.0, 0.0, 10.0, 10.0]])
    others = np.array([[0.0, 0.0, 5.0, 10.0], [10.0, 0.0, 20.0, 10.0]])
    np.testing.assert_array_equal(iou_matrix(whole, others), [[0.5, 0.0]])


def test_a_box_that_ends_before_it_begins_overlaps_nothing():
    backwards = np.array([[10.0, 10.0, 0.0, 0.0]])
    whole = np.array([[0.0, 0.0, 10.0, 10.0]])
    np.testing.assert_array_equal(iou_matrix(backwards, np.vstack([whole, backwards])), [[0, 0]])


@pytest.mark.parametrize("shape", [(0,), (4,), (2, 5), (1, 1, 4)])
def test_boxes_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"expected \(n, 4\)"):
        iou_matrix(np.zeros(shape), np.zeros((1, 4)))
    with pytest.raises(ValueError, match=r"expected \(n, 4\)"):
        match(np.zeros((1, 4)), np.zeros(shape))


@given(boxes(), boxes(), st.sampled_from([0.1, 0.5, 1.0]))
def test_matches_are_one_to_one_overlap_enough_and_cannot_be_added_to(found, truth, min_iou):
    matches = match(found, truth, min_iou)
    iou = iou_matrix(found, truth)
    rows = np.flatnonzero(matches.truth_of >= 0)
    taken = matches.truth_of[rows]
    assert len(set(taken)) == len(taken)
    assert (iou[rows, taken] >= min_iou).all()
    iou[rows] = 0
    iou[:, taken] = 0
    assert (iou < min_iou).all()
    assert matches.n_true_positives + matches.n_false_positives == len(found)
    assert matches.n_true_positives + matches.n_false_negatives == len(truth)


@given(boxes())
def test_boxes_match_themselves_wherever_they_have_an_area(truth):
    has_area = (truth[:, 2:] > truth[:, :2]).all(axis=1)
    matches = match(truth, truth)
    assert matches.n_true_positives == has_area.sum()


def test_the_first_box_chooses_and_a_second_one_of_the_same_truth_is_extra():
    truth = np.array([[0.0, 0.0, 10.0, 10.0]])
    found = np.array([[0.0, 0.0, 10.0, 8.0], [0.0, 0.0, 10.0, 10.0]])
    for order in (found, found[::-1]):
        matches = match(order, truth)
        np.testing.assert_array_equal(matches.truth_of, [0, -1])
        assert (matches.n_false_positives, matches.n_false_negatives) == (1, 0)


def test_a_box_takes_the_truth_that_it_overlaps_most_of_those_that_are_left():
    truth = np.array([[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 8.0]])
    found = np.array([[0.0, 0.0, 10.0, 8.0], [0.0, 0.0, 10.0, 8.5]])
    np.testing.assert_array_equal(match(found, truth).truth_of, [1, 0])


@pytest.mark.parametrize(("min_iou", "n_matched"), [(0.5, 1), (0.51, 0)])
def test_the_least_overlap_counts_as_enough(min_iou, n_matched):
    found, truth = np.array([[0.0, 0.0, 5.0, 10.0]]), np.array([[0.0, 0.0, 10.0, 10.0]])
    assert match(found, truth, min_iou).n_true_positives == n_matched


def test_recall_is_over_the_boxes_of_all_pictures_and_nan_without_any():
    pictures = [
        Matches(np.array([0, -1, 2]), 3),
        Matches(np.array([-1]), 0),
        Matches(np.array([0]), 1),
    ]
    assert recall_score(iter(pictures)) == pytest.approx(3 / 4)
    assert np.isnan(recall_score(pictures[1:2]))
    assert np.isnan(recall_score([]))
