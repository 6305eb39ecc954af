"""Augmentation studies: which recipes are one, and what may be concluded from it."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.parts.training.augmentation_study import (
    CONFIRMED,
    REFUTED,
    UNDECIDED,
    pair_table,
    policy_table,
    studies,
)
from emotion_pipeline_tests.reports import made_up
from emotion_pipeline_tests.reports.described import meta, packaged

N = 1000
THREE = (0.6, 0.61, 0.59)
SIX = {
    "emotions": EMOTIONS[:6],
    "label_space": "six_emotions",
    "labels_from": "fer2013",
    "pictures_from": "fer2013",
}


def _model(policy, shares=(0.6,), **others):
    """A model that is right on these shares of the test pictures, one per seed."""
    seeds = tuple(range(len(shares)))
    model = made_up.result(policy, seeds=seeds, n=N, n_seen=100, **SIX)
    rows = model.predictions
    truth = rows["emotion"].map(EMOTIONS.index).to_numpy()
    share = np.take(shares, rows["seed"])
    place = rows["sample_id"].str[-5:].astype(int).to_numpy() * 7919 % N  # in no order
    said = np.where(place < N * share, truth, (truth + 1) % 6)
    rows[[f"p_{name}" for name in EMOTIONS[:6]]] = np.eye(6, dtype="f4")[said]
    described = others.pop("meta", meta(seeds, augment={"policy": policy}))
    return made_up.result(policy, predictions=rows, meta=described, **SIX | others)


def _pairs(*models):
    (study,) = studies(list(models))
    table = pair_table(study)
    return table.set_index(["augmentation", "against"])


def test_a_study_is_recipes_that_differ_in_augmentation_alone():
    none, flip = _model("none"), _model("flip")
    other = _model("moderate", meta=meta(augment={"policy": "moderate"}, epochs=99))
    unknown = _model("all", meta={})
    (study,) = studies([flip, other, none, unknown])
    assert list(study.models) == ["none", "flip"]
    assert studies([none, other]) == []
    assert studies([none, unknown]) == []


def test_the_package_comes_with_the_published_study():
    policies = ("none", "flip", "vertical", "moderate", "all")
    names = [*(f"fer2013_se_resnet_{one}" for one in policies), "fer2013_cnn5"]
    (study,) = studies([made_up.result(one, n=20, meta=packaged(one), **SIX) for one in names])
    assert set(study.models) == {"none", "flip", "vertical_flip", "moderate", "all"}
    assert study.is_published


def test_description_seeds_and_tested_domains_make_no_difference():
    flip = _model("flip")
    told = {"description": "Another one.", "seeds": [4], "evaluate_on": ["original"]}
    flip.meta["seed 0"]["recipe"] |= told
    assert len(studies([_model("none"), flip])) == 1


def test_equal_augmentation_is_no_study_and_what_comes_after_the_policy_counts():
    twin = _model("twin", meta=meta(augment={"policy": "none"}))
    assert studies([_model("none"), twin]) == []
    cropped = _model("cropped", meta=meta(augment={"policy": "none", "crop_px": 40}))
    (study,) = studies([cropped, _model("none")])
    assert list(study.models) == ["none", "none, crop_px 40"]


def test_accuracies_and_tests_are_those_that_are_counted():
    none, flip = _model("none", (0.6, 0.5)), _model("flip", (0.7, 0.8))
    (study,) = studies([none, flip])
    table = policy_table(study).set_index("augmentation")
    row = table.loc["flip"]
    assert row["accuracy_score"] == pytest.approx(0.7)
    assert row["accuracy_score_mean"] == pytest.approx(0.75)
    assert row["accuracy_score_sd"] == pytest.approx(np.std([0.7, 0.8], ddof=1))
    assert row["accuracy_score_difference"] == pytest.approx(0.1)
    assert row["p_value"] == pytest.approx(binomtest(100, 100).pvalue)
    assert row["n_leak_free"] == N - 100
    clean = flip.rows()[~flip.rows()["seen_in_training"]]
    assert row["leak_free_accuracy_score"] == pytest.approx(flip.right(clean).mean())
    assert np.isnan(table.loc["none", "p_value_holm"])


def test_a_difference_that_was_published_is_confirmed_refuted_or_left_open():
    confirmed = _pairs(_model("none", THREE), _model("moderate", (0.7, 0.71, 0.69)))
    assert confirmed.loc[("moderate", "none"), "published_order"] == CONFIRMED
    refuted = _pairs(_model("none", (0.7, 0.71, 0.69)), _model("moderate", THREE))
    assert refuted.loc[("moderate", "none"), "published_order"] == REFUTED
    close = _pairs(_model("none", THREE), _model("moderate", (0.603, 0.613, 0.593)))
    assert close.loc[("moderate", "none"), "published_order"] == UNDECIDED
    assert close["better"].tolist() == [UNDECIDED]


def test_a_policy_that_lowers_accuracy_as_published_is_confirmed():
    pairs = _pairs(_model("none", (0.66, 0.66, 0.66)), _model("vertical_flip", THREE))
    row = pairs.loc[("vertical_flip", "none")]
    assert (row["better"], row["published_order"]) == ("none", CONFIRMED)
    assert row["published_score_difference"] == pytest.approx(-0.01)


@pytest.mark.parametrize(
    ("flipped", "plain"),
    [
        ((0.7, 0.6, 0.6), (0.6, 0.8, 0.8)),  # the other way
        ((0.7, 0.7, 0.6), (0.6, 0.6, 0.61)),  # a seed overlaps
        ((0.7, 0.7), (0.6, 0.6, 0.6)),  # too few
        ((0.7,), (0.6,)),
    ],
)
def test_seeds_that_do_not_agree_or_are_few_leave_a_pair_open(flipped, plain):
    pairs = _pairs(_model("none", plain), _model("flip", flipped))
    row = pairs.loc[("flip", "none")]
    assert row["p_value_holm"] < 0.05
    assert row["better"] == UNDECIDED


def test_nothing_is_said_to_be_published_of_other_policies_and_of_other_studies():
    pairs = _pairs(_model("none"), _model("all", (0.7,)))
    assert pairs.loc[("all", "none"), "published_order"] == "not published"
    eight = [
        made_up.result(policy, n=60, meta=meta(augment={"policy": policy}))
        for policy in ("none", "flip")
    ]
    assert "published_order" not in _pairs(*eight)
    drawn = [_model(policy, synthetic=True) for policy in ("none", "flip")]
    assert "published_order" not in _pairs(*drawn)


def test_equal_models_are_rarely_found_to_differ():
    rng = np.random.default_rng(0)
    rows = made_up.result(n=200, **SIX).rows().reset_index(drop=True)
    columns = [f"p_{name}" for name in EMOTIONS[:6]]
    truth = rows["emotion"].map(EMOTIONS.index).to_numpy()

    def chance(policy):
        said = np.where(rng.random(200) < 0.65, truth, (truth + 1) % 6)
        table = rows.assign(**pd.DataFrame(np.eye(6)[said], columns=columns))
        described = meta(augment={"policy": policy})
        return made_up.result(policy, predictions=table, n=20, meta=described, **SIX)

    studied = [_pairs(*map(chance, ("none", "flip", "moderate"))) for _ in range(20)]
    assert sum((pairs["better"] != UNDECIDED).any() for pairs in studied) <= 3  # 1 is expected
