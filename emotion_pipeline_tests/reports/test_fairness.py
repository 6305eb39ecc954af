"""Gaps between groups: planted ones are found, chance and persons are not taken for them."""

import numpy as np
import pytest
from fairlearn.metrics import demographic_parity_difference, equalized_odds_difference

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.metrics.significance import holm_adjusted
from emotion_pipeline_tests.reports.fairness_made_up import (
    N_PERSONS,
    SLUG,
    SOME,
    N,
    evaluated,
    numbers,
    people,
    planted,
    rendered,
    spoilt,
    unfair_and_fair,
)


@pytest.fixture(scope="module")
def told():
    return people()


@pytest.fixture(scope="module")
def models(told):
    return unfair_and_fair(told)


@pytest.fixture(scope="module")
def report(models, told):
    return rendered(*models, told=told)


def test_a_planted_gap_is_found_and_only_there(report):
    gaps = report.tables[f"gaps_{SLUG}"]
    row = gaps[(gaps["recipe"] == "unfair") & (gaps["measure"] == "accuracy")].iloc[0]
    assert (row["finding"], row["highest"], row["lowest"]) == ("yes", "female", "male")
    assert 0 < row["gap_score_difference_low"] < 0.3 < row["gap_score_difference_high"] < 0.5
    assert (gaps.loc[gaps["recipe"] == "fair", "finding"] != "yes").all()
    assert "unfair: accuracy is" in report.html
    assert "fair: accuracy" not in report.html.replace("unfair", "")
    assert report.headline["n_findings"] == (gaps["finding"] == "yes").sum() > 2


@pytest.mark.parametrize("by_person", [True, False])
def test_a_gap_in_one_emotion_is_found_in_that_emotion(told, by_person):
    told = told if by_person else told.drop(columns="person_id")
    found = numbers(told, planted(evaluated(), told, 0.6, emotion="happiness")).findings
    assert ("recall", "happiness") in set(zip(found["measure"], found["emotion"], strict=True))
    recalls = found[found["measure"] == "recall"]
    assert recalls["emotion"].tolist() == ["happiness"]


def test_without_a_gap_next_to_nothing_is_found_though_persons_differ(told):
    person = told.set_index("sample_id")["person_id"]
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        shares = dict(zip(sorted(set(person)), rng.beta(0.5, 2, N_PERSONS), strict=True))

        def wrong(rows, rng=rng, shares=shares):
            return rng.random(len(rows)) < rows["sample_id"].map(person).map(shares)

        found.append(len(numbers(told, spoilt(evaluated(seeds=(seed,)), wrong)).findings))
    assert sum(found) <= 3


def test_what_three_persons_cost_is_no_gap_between_groups(told):
    bad = set(told.loc[told["person_id"].isin(["P001", "P003", "P005"]), "sample_id"])
    model = spoilt(evaluated(), lambda rows: rows["sample_id"].isin(bad))
    found = numbers(told, model)
    alone = numbers(told.drop(columns="person_id"), model)
    for some, finding in ((found, "no"), (alone, "yes")):
        row = some.gaps.iloc[0]
        assert (row["measure"], row["finding"]) == ("accuracy", finding)
    wide, narrow = (
        some.gaps.loc[0, "gap_score_difference_high"] - some.gaps.loc[0, "gap_score_difference_low"]
        for some in (found, alone)
    )
    assert wide > 1.3 * narrow


def test_a_gap_in_too_few_pictures_is_not_reported(told):
    model = planted(evaluated(), told, 1.0, emotion="fear")  # 2 % of the pictures
    found = numbers(told, model)
    row = found.gaps.set_index(["measure", "emotion"]).loc[("recall", "fear")]
    assert row["finding"] == "too few"
    assert row[["gap_score_difference", "p_value", "p_value_holm"]].isna().all()
    cells = found.cells[(found.cells["emotion"] == "fear") & (found.cells["measure"] == "recall")]
    assert set(cells["note"]) == {"too few"}
    assert (cells["n"] < 30).all()
    assert "recall" not in set(found.findings["measure"])


def test_a_group_of_too_few_persons_stands_in_no_gap():
    told = people(n_persons=8)
    report = rendered(planted(evaluated(), told, 0.9), told=told)
    assert "its groups have too few pictures or persons" in report.html
    assert "No gap can be tested" in report.html
    assert report.headline["n_tested"] == 0


def test_that_no_finding_is_possible_with_few_persons_is_said():
    told = people(n_persons=10)
    report = rendered(planted(evaluated(), told, 0.9), told=told)
    assert report.headline["n_findings"] == 0
    assert "With 5 and 5 persons no gap can become a finding" in report.html
    assert "with so few persons none is possible" in report.html
    assert "Fewer than 10 persons in a group" in report.html


def test_that_no_finding_is_possible_is_not_said_where_one_is(report):
    assert "no gap can become a finding" not in report.html
    assert "Fewer than 10 persons" not in report.html


def test_values_and_their_n_are_those_of_the_pictures(models, report, told):
    rows = models[0].rows()
    group = rows["sample_id"].map(told.set_index("sample_id")["gender"]).to_numpy()
    right, truth = models[0].right(rows), rows["emotion"].to_numpy()
    said = models[0].predicted(rows)
    cells = report.tables[f"cells_{SLUG}"].set_index(["recipe", "group", "measure", "emotion"])
    for name in ("female", "male"):
        row = cells.loc[("unfair", name, "accuracy", "")]
        own = group == name
        assert (row["n"], row["n_persons"]) == (own.sum(), N_PERSONS / 2)
        assert row["value_score"] == pytest.approx(right[own].mean())
        assert row["value_score_low"] < row["value_score"] < row["value_score_high"]
        row = cells.loc[("unfair", name, "recall", "anger")]
        assert row["value_score"] == pytest.approx(right[own & (truth == "anger")].mean())
        row = cells.loc[("unfair", name, "false positive rate", "anger")]
        assert row["n"] == (own & (truth != "anger")).sum()
        others = said[own & (truth != "anger")]
        assert row["value_score"] == pytest.approx((others == "anger").mean())


def test_differences_over_groups_are_fairlearns(models, report, told):
    rows = models[0].rows()
    group = rows["sample_id"].map(told.set_index("sample_id")["gender"]).to_numpy()
    table = report.tables[f"odds_{SLUG}"].set_index(["recipe", "emotion"])
    said = models[0].predicted(rows)
    for emotion in ("neutral", "happiness"):
        given = (rows["emotion"] == emotion).to_numpy().astype(int), (said == emotion).astype(int)
        row = table.loc[("unfair", emotion)]
        odds = equalized_odds_difference(*given, sensitive_features=group)
        parity = demographic_parity_difference(*given, sensitive_features=group)
        assert row["equalised_odds_score"] == pytest.approx(odds)
        assert row["demographic_parity_score"] == pytest.approx(parity)
        assert row["equalised_odds_score_low"] <= odds <= row["equalised_odds_score_high"]
    assert ("unfair", "contempt") not in table.index


def test_the_spread_over_seeds_is_of_the_same_gap(models, report, told):
    group = told.set_index("sample_id")["gender"]
    gaps = []
    for seed in models[0].seeds:
        rows = models[0].rows(seed=seed)
        own = rows["sample_id"].map(group).to_numpy()
        right = models[0].right(rows)
        gaps.append(right[own == "female"].mean() - right[own == "male"].mean())
    row = report.tables[f"summary_{SLUG}"].set_index("recipe").loc["unfair"]
    assert row["accuracy_gap_score_difference"] == pytest.approx(gaps[0])
    assert row["accuracy_gap_score_mean"] == pytest.approx(np.mean(gaps))
    assert row["accuracy_gap_score_sd"] == pytest.approx(np.std(gaps, ddof=1))
    assert row["n_seeds"] == 3


def test_p_values_are_adjusted_over_all_columns_of_a_model():
    told = people(
        age_band=np.array(["young", "old", "middle"], object)[np.arange(N) % N_PERSONS % 3]
    )
    gaps = numbers(told, planted(evaluated(), told, 0.2)).gaps
    assert set(gaps["by"]) == {"gender", "age_band"}
    tested_ones = gaps.dropna(subset="p_value")
    expected = holm_adjusted(tested_ones["p_value"].to_numpy())
    np.testing.assert_allclose(tested_ones["p_value_holm"], expected)
    assert (gaps.loc[gaps["by"] == "age_band", "finding"] != "yes").all()


@pytest.mark.parametrize("by_person", [True, False])
def test_the_worst_of_three_groups_is_named(by_person):
    told = people(n_persons=60, levels=("a", "b", "c"))
    told = told if by_person else told.drop(columns="person_id")
    gaps = numbers(told, planted(evaluated(), told, 0.4, level="b")).gaps
    assert gaps.loc[0, "finding"] == "yes"
    assert gaps.loc[0, "lowest"] == "b"


def test_a_gap_that_only_degraded_pictures_make_is_found_in_their_family(told):
    model = evaluated(domains=SOME)
    spoilt_one = planted(model, told, 0.4, domain="low_light-3")
    for some, changed in ((model, []), (spoilt_one, ["low_light"])):
        assert numbers(told, some).changes["family"].tolist() == changed
    _, families = numbers(told, spoilt_one).by_domain
    row = families.set_index("family").loc["low_light"]
    gap, original = (
        families.set_index("family").loc[one, "gap_score_difference"]
        for one in ("low_light", ORIGINAL)
    )
    assert row["change_score_difference"] == pytest.approx(gap - original)
    assert "low light changes the accuracy gap" in rendered(spoilt_one, told=told).html


def test_a_gap_that_is_the_same_everywhere_is_no_change(report):
    families = report.tables[f"gap_by_family_{SLUG}"]
    assert (families["finding"] != "yes").all()
    assert "No family of domains changes the accuracy gap" in report.html


def test_families_are_means_over_severities_of_the_same_pictures(models, report, told):
    group = told.set_index("sample_id")["gender"]
    gaps = {}
    for domain in SOME:
        rows = models[0].rows(domain=domain)
        own, right = rows["sample_id"].map(group).to_numpy(), models[0].right(rows)
        gaps[domain] = right[own == "female"].mean() - right[own == "male"].mean()
    by_domain = report.tables[f"gap_by_domain_{SLUG}"].set_index(["recipe", "domain"])
    for domain, gap in gaps.items():
        assert by_domain.loc[("unfair", domain), "gap_score_difference"] == pytest.approx(gap)
    by_family = report.tables[f"gap_by_family_{SLUG}"].set_index(["recipe", "family"])
    expected = (gaps["jpeg-1"] + gaps["jpeg-5"]) / 2
    assert by_family.loc[("unfair", "jpeg"), "gap_score_difference"] == pytest.approx(expected)
