import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.metrics.classification import (
    accuracy_score,
    confusion_counts,
    f1_scores,
    macro_f1_score,
    precision_scores,
    recall_scores,
)

PAIRS = st.lists(
    st.tuples(st.sampled_from(EMOTIONS[:6]), st.sampled_from(EMOTIONS[1:])), min_size=1, max_size=60
)


@given(PAIRS)
def test_every_score_equals_scikit_learn_and_absent_classes_are_nan(pairs):
    truth, predicted = zip(*pairs, strict=True)
    counts = confusion_counts(truth, predicted, EMOTIONS)
    np.testing.assert_array_equal(
        counts, reference.confusion_matrix(truth, predicted, labels=list(EMOTIONS))
    )
    precision, recall, f1, _ = reference.precision_recall_fscore_support(
        truth, predicted, labels=list(EMOTIONS), zero_division=np.nan
    )
    assert accuracy_score(counts) == pytest.approx(reference.accuracy_score(truth, predicted))
    np.testing.assert_allclose(precision_scores(counts), precision)
    np.testing.assert_allclose(recall_scores(counts), recall)
    np.testing.assert_allclose(f1_scores(counts), f1)


@given(PAIRS)
def test_macro_f1_is_the_mean_over_the_classes_that_occur_in_the_truth(pairs):
    truth, predicted = zip(*pairs, strict=True)
    expected = reference.f1_score(truth, predicted, labels=sorted(set(truth)), average="macro")
    assert macro_f1_score(confusion_counts(truth, predicted, EMOTIONS)) == pytest.approx(expected)


def test_leading_axes_hold_resamples():
    counts = np.random.default_rng(0).integers(0, 9, size=(5, 3, 3))
    for score in (accuracy_score, f1_scores, macro_f1_score, precision_scores, recall_scores):
        np.testing.assert_array_equal(score(counts), np.stack([score(one) for one in counts]))


def test_no_rows_give_nan_and_no_warning():
    counts = confusion_counts([], [], EMOTIONS)
    assert counts.shape == (8, 8)
    assert np.isnan(accuracy_score(counts))
    assert np.isnan(macro_f1_score(counts))


def test_names_outside_the_class_set_and_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="joy"):
        confusion_counts(["joy"], ["fear"], EMOTIONS)
    with pytest.raises(ValueError, match="1 truths but 2"):
        confusion_counts(["fear"], ["fear", "fear"], EMOTIONS)
