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
    macro_precision_score,
    macro_recall_score,
    paired_counts,
    precision_scores,
    recall_scores,
    weighted_f1_score,
    weighted_precision_score,
    weighted_recall_score,
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


MEANS = {
    "macro": (macro_precision_score, macro_recall_score, macro_f1_score),
    "weighted": (weighted_precision_score, weighted_recall_score, weighted_f1_score),
}


@given(PAIRS)
def test_means_are_over_the_classes_that_occur_in_the_truth(pairs):
    truth, predicted = zip(*pairs, strict=True)
    counts = confusion_counts(truth, predicted, EMOTIONS)
    for average, scores in MEANS.items():
        *expected, _ = reference.precision_recall_fscore_support(
            truth, predicted, labels=sorted(set(truth)), average=average, zero_division=0
        )
        assert [float(score(counts)) for score in scores] == pytest.approx(expected)


def test_two_models_on_the_same_rows_are_counted_together():
    rng = np.random.default_rng(0)
    truth, first, second = rng.choice(EMOTIONS, size=(3, 200))
    counts = paired_counts(truth, first, second, EMOTIONS)
    np.testing.assert_array_equal(counts.sum(axis=2), confusion_counts(truth, first, EMOTIONS))
    np.testing.assert_array_equal(counts.sum(axis=1), confusion_counts(truth, second, EMOTIONS))
    one = tuple(EMOTIONS.index(names[0]) for names in (truth, first, second))
    assert counts[one] >= 1
    with pytest.raises(ValueError, match="200 truths but 199 and 200"):
        paired_counts(truth, first[1:], second, EMOTIONS)


def test_leading_axes_hold_resamples():
    counts = np.random.default_rng(0).integers(0, 9, size=(5, 3, 3))
    means = [score for scores in MEANS.values() for score in scores]
    for score in (accuracy_score, f1_scores, precision_scores, recall_scores, *means):
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
