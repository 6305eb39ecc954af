"""What the page of a model counts: key numbers, classes, confusions, mistakes."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as reference

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.parts.models import classes, mistakes
from emotion_pipeline.reports.parts.models.key_numbers import key_numbers
from emotion_pipeline_tests.reports import made_up

SOME_DOMAINS = (ORIGINAL, GRAYSCALE, "jpeg-5")
SHARES = [f"share_{name}" for name in EMOTIONS]


@pytest.fixture(scope="module")
def model():
    return made_up.result(domains=SOME_DOMAINS, seeds=(0, 1), n=300, n_seen=40)


def said(model, rows):
    return rows["emotion"].to_numpy(str), model.predicted(rows).astype(str)


def planted(n, wrong, into="surprise"):
    """A result that is right everywhere but at the test rows `wrong`, counted from 0."""
    predictions = made_up.result(n=n).predictions
    told = predictions["emotion"].to_numpy(object).copy()
    told[np.flatnonzero(predictions["split"] == "test")[wrong]] = into
    sure = 0.9 * np.eye(8)[[EMOTIONS.index(one) for one in told]] + 0.1 / 8
    predictions[[f"p_{name}" for name in EMOTIONS]] = sure
    return predictions


@pytest.mark.parametrize("line", [0, 1])
def test_key_numbers_equal_the_reference_implementations(model, line):
    rows = model.rows() if line == 0 else model.rows()[~model.rows()["seen_in_training"]]
    truth, predicted = said(model, rows)
    row = key_numbers(model).iloc[line]
    wilson = binomtest(int((truth == predicted).sum()), len(rows)).proportion_ci(method="wilson")
    macro_f1 = reference.f1_score(truth, predicted, labels=np.unique(truth), average="macro")
    by_seed = [model.right(model.rows(seed=seed))[300 - len(rows) :].mean() for seed in (0, 1)]
    assert row["n"] == len(rows) == (300, 260)[line]
    assert row["accuracy_score"] == pytest.approx(reference.accuracy_score(truth, predicted))
    assert row["accuracy_score_low"] == pytest.approx(wilson.low)
    assert row["accuracy_score_high"] == pytest.approx(wilson.high)
    assert row["macro_f1_score"] == pytest.approx(macro_f1)
    assert row["macro_f1_score_low"] < macro_f1 < row["macro_f1_score_high"]
    assert row["accuracy_score_mean"] == pytest.approx(np.mean(by_seed))
    assert row["accuracy_score_sd"] == pytest.approx(np.std(by_seed, ddof=1))


def test_per_class_numbers_equal_scikit_learn_and_small_classes_are_flagged(model):
    expected = reference.precision_recall_fscore_support(
        *said(model, model.rows()), labels=list(EMOTIONS), zero_division=np.nan
    )
    table = classes.per_class_table(model)
    columns = ["precision_score", "recall_score", "f1_score", "n"]
    np.testing.assert_allclose(table[columns].to_numpy(float).T, np.array(expected, dtype=float))
    few = table["n"] < classes.MIN_ROWS
    np.testing.assert_array_equal(table["uncertain"] == classes.FEW_ROWS, few)


def test_confusions_of_every_domain_equal_scikit_learn(model):
    table = classes.confusion_table(model)
    assert table["domain"].unique().tolist() == list(SOME_DOMAINS)
    for domain, cells in table.groupby("domain"):
        truth, predicted = said(model, model.rows(domain=domain))
        for column, normalize in (("n", None), ("rate", "true")):
            expected = reference.confusion_matrix(
                truth, predicted, labels=list(EMOTIONS), normalize=normalize
            )
            found = cells[column].fillna(0).to_numpy().reshape(8, 8)
            np.testing.assert_allclose(found, expected)


def test_a_planted_confusion_is_named_first_with_its_interval_and_absent_ones_are_not():
    truth = made_up.result(n=600).rows()["emotion"].to_numpy()
    anger = np.flatnonzero(truth == "anger")
    n, n_wrong = len(anger), len(anger) // 2
    result = made_up.result(predictions=planted(600, anger[:n_wrong]))
    (found,) = classes.largest_confusions(classes.confusion_table(result))
    wilson = binomtest(n_wrong, n).proportion_ci(method="wilson")
    assert classes.in_words(found) == (
        f"anger taken for surprise: {100 * n_wrong / n:.1f} % of {n}"
        f" (95 % interval {100 * wilson.low:.1f}–{100 * wilson.high:.1f} %)"
    )
    perfect = made_up.result(predictions=planted(600, anger[:0]))
    assert classes.largest_confusions(classes.confusion_table(perfect)) == []


def test_confusions_of_classes_with_few_rows_are_not_named():
    truth = made_up.result(n=300).rows()["emotion"].to_numpy()
    fear = np.flatnonzero(truth == "fear")
    assert 0 < len(fear) < classes.MIN_ROWS
    result = made_up.result(predictions=planted(300, fear))
    assert classes.largest_confusions(classes.confusion_table(result)) == []


def test_mistakes_come_surest_first_and_hold_every_wrong_row(model):
    rows = model.rows()
    truth, predicted = said(model, rows)
    sure, names = model.probabilities(rows).max(axis=1), rows["sample_id"].to_numpy()
    expected = sorted(
        (-sure[one], names[one], truth[one], predicted[one])
        for one in range(len(rows))
        if truth[one] != predicted[one]
    )
    table = mistakes.mistakes_table(model)
    found = table[["sample_id", "emotion", "predicted"]].to_records(index=False).tolist()
    assert found == [one[1:] for one in expected]
    np.testing.assert_allclose(table["probability"], [-one[0] for one in expected])


@pytest.mark.parametrize(("share", "n"), [(0.3, 10), (0.29, 0)])
def test_mistakes_that_three_of_ten_people_would_make_are_counted_apart(share, n):
    truth = made_up.result(n=300).rows()["emotion"].to_numpy()
    wrong = np.flatnonzero(truth == "happiness")[:20]
    predictions = planted(300, wrong)
    rows = np.flatnonzero(predictions["split"] == "test")[wrong[:10]]
    surprise, happiness = (np.eye(8)[EMOTIONS.index(one)] for one in ("surprise", "happiness"))
    predictions.loc[rows, SHARES] = share * surprise + (1 - share) * happiness
    result = made_up.result(predictions=predictions)
    assert mistakes.chosen_by_people_too(result) == (n, 20)


def test_the_picture_with_the_highest_entropy_is_the_most_disputed():
    predictions = made_up.result(n=100).predictions
    row = np.flatnonzero(predictions["split"] == "test")[42]
    predictions.loc[row, SHARES] = [0.4, 0, 0, 0, 0, 0.3, 0.3, 0]
    first = mistakes.disputed_table(made_up.result(predictions=predictions)).iloc[0]
    bits = -sum(share * np.log2(share) for share in (0.4, 0.3, 0.3))
    assert first["sample_id"] == predictions.loc[row, "sample_id"]
    assert first["entropy_bits"] == pytest.approx(bits)
    assert (first["first"], first["second"]) == ("neutral", "disgust")
    assert (first["first_share"], first["second_share"]) == (0.4, 0.3)


def test_pictures_without_votes_are_not_disputed():
    predictions = made_up.result(n=60).predictions.assign(**dict.fromkeys(SHARES, np.nan))
    result = made_up.result(predictions=predictions)
    assert mistakes.disputed_table(result).empty
    assert mistakes.chosen_by_people_too(result) == (0, 0)
