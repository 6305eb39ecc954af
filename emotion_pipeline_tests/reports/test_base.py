import numpy as np
import pandas as pd
import pytest

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline_tests.reports import made_up


def changed(**columns):
    predictions = made_up.result(n=20).predictions
    return predictions.assign(**columns)


def test_rows_are_of_one_split_domain_and_seed():
    model = made_up.result(seeds=(4, 2), n=20)
    assert model.seeds == (2, 4)
    assert model.shown_seed == 2
    rows = model.rows()
    assert len(rows) == 20
    assert set(rows["seed"]) == {2}
    assert set(rows["split"]) == {"test"}


def test_votes_for_an_emotion_that_the_model_does_not_know_are_kept():
    model = made_up.result(emotions=EMOTIONS[:7], label_space="seven_emotions", n=20)
    shares, probabilities = model.votes(model.rows())
    assert shares.shape == probabilities.shape == (20, 8)
    assert (shares[:, 7] > 0).all()
    assert (probabilities[:, 7] == 0).all()


def test_rows_without_votes_are_left_out_of_votes():
    model = made_up.result(n=20, predictions=changed(share_fear=np.nan))
    assert model.votes(model.rows())[0].shape == (0, 8)


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        (changed().drop(columns="p_fear"), "p_fear"),
        (changed(emotion="joy"), "joy"),
        (changed(domain="grayscale"), "no test rows"),
        (changed(p_fear=np.nan), "not numbers"),
        (changed(synthetic=True), "synthetic rows"),
        (changed().iloc[:0], "no test rows"),
    ],
)
def test_predictions_that_contradict_the_contract_are_refused(predictions: pd.DataFrame, message):
    with pytest.raises(ValueError, match=message):
        made_up.result(predictions=predictions)
