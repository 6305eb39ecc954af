"""The audit of claims: planted leaks and exchanged columns are found, absent ones are not."""

import re

import numpy as np
import pytest
from scipy.stats import binomtest

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.audit import render
from emotion_pipeline.reports.base import Results
from emotion_pipeline.reports.parts.audit.audits import audit
from emotion_pipeline.reports.parts.audit.claims import Measured, Verdict, verdict_of
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline_tests.reports import made_up
from emotion_pipeline_tests.reports.pages import Page

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
P = [f"p_{name}" for name in EMOTIONS]
N = 1200


def model(name="ferplus_friend", *, change=None, n_seen=0, **others):
    """A foreign model of about 80 %, whose predictions a test may change."""
    made = made_up.result(name, n=N, skill=2.2, n_seen=n_seen, **others)
    predictions = made.predictions.copy()
    if change is not None:
        change(predictions)
    return made_up.result(name, **{"foreign": True, **others, "predictions": predictions})


def leak(predictions):
    """The rows that were seen are known by heart."""
    seen = predictions["seen_in_training"].to_numpy()
    truth = predictions.loc[seen, "emotion"].map(EMOTIONS.index).to_numpy()
    predictions.loc[seen, P] = (0.92 * np.eye(8)[truth] + 0.01).astype("f4")


def exchange(predictions):
    """Happiness stands where surprise is named, and the other way round."""
    predictions[["p_happiness", "p_surprise"]] = predictions[["p_surprise", "p_happiness"]]


def score(found):
    return found.right(found.rows()).mean()


def test_measured_numbers_equal_the_reference_and_leave_leaked_rows_out():
    found = audit(model(n_seen=200, change=leak))
    rows = found.model.rows()
    right, seen = found.model.right(rows), rows["seen_in_training"].to_numpy()
    for measured, kept in ((found.official, right), (found.leak_free, right[~seen])):
        wilson = binomtest(int(kept.sum()), len(kept)).proportion_ci(method="wilson")
        assert measured.score == pytest.approx(kept.mean())
        assert measured.interval == pytest.approx((wilson.low, wilson.high))


def test_a_planted_leak_is_found_and_what_it_is_worth():
    found = audit(model(n_seen=200, change=leak))
    right, seen = found.model.right(found.model.rows()), np.arange(N) < 200
    gap = right[seen].mean() - right[~seen].mean()
    assert found.seen_difference.score == pytest.approx(gap)
    assert 0 < found.seen_difference.low < gap < found.seen_difference.high
    assert found.worth.score == pytest.approx(right.mean() - right[~seen].mean())
    # By hand: rows drawn again, one resample after another.
    rng = np.random.default_rng(1)
    drawn = [rng.integers(0, N, N) for _ in range(1000)]
    again = [right[one][seen[one]].mean() - right[one][~seen[one]].mean() for one in drawn]
    low, high = np.quantile(again, [0.025, 0.975])
    assert (found.seen_difference.low, found.seen_difference.high) == pytest.approx(
        (low, high), abs=0.006
    )


def test_rows_that_were_seen_and_are_no_better_are_worth_nothing():
    found = audit(model(n_seen=200))
    assert found.seen_difference.low < 0 < found.seen_difference.high
    few = audit(model(n_seen=5))
    assert np.isnan(few.worth.score)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (0.70, Verdict.UNDERSTATED),
        (0.80, Verdict.SUPPORTED),
        (0.82, Verdict.SUPPORTED),
        (0.835, Verdict.LEAKED),
        (0.90, Verdict.NOT_SUPPORTED),
    ],
)
def test_a_claim_is_judged_by_the_leak_free_interval_first(claim, verdict):
    official, leak_free = Measured(2460 + 250, 3000 + 250), Measured(2400, 3000)
    # 80.0 % (78.5–81.4) and 83.4 % (82.1–84.6)
    if claim == 0.82:
        leak_free = Measured(2430, 3000)
    found, why = verdict_of(claim, official, leak_free, 0)
    assert found is verdict
    assert f"{100 * claim:.1f} %" in why
    assert found.holds == (verdict in (Verdict.SUPPORTED, Verdict.UNDERSTATED))


def test_without_leaks_a_claim_above_the_interval_is_not_supported():
    same = Measured(2400, 3000)
    assert verdict_of(0.83, same, same, 0)[0] is Verdict.NOT_SUPPORTED


def test_too_few_rows_and_missing_ones_that_could_turn_it_leave_a_claim_unjudged():
    few = Measured(80, 99)
    assert verdict_of(0.8, few, few, 0)[0] is Verdict.UNJUDGED
    most = Measured(800, 1000)
    verdict, why = verdict_of(0.8, most, most, 200)
    assert verdict is Verdict.UNJUDGED
    assert "200 test rows have no prediction" in why
    assert verdict_of(0.8, most, most, 5)[0] is Verdict.SUPPORTED
    assert verdict_of(0.95, most, most, 200)[0] is Verdict.NOT_SUPPORTED


def test_exchanged_columns_are_found_and_keep_a_claim_from_being_judged():
    found = audit(model(change=exchange), 0.5)
    assert found.verdict is Verdict.UNJUDGED
    assert found.order.swapped
    assert "label order" in [one.what for one in found.findings]
    assert not audit(model(), 0.5).order.swapped


def test_a_claim_about_people_is_not_judged_on_drawn_faces():
    assert audit(model(synthetic=True), 0.5).verdict is Verdict.UNJUDGED


def hard(predictions):
    predictions[P] = np.eye(8, dtype="f4")[predictions[P].to_numpy().argmax(axis=1)]


def collapsed(predictions):
    predictions[P] = np.eye(8, dtype="f4")[0] * 0.5 + 0.0625


def off(predictions):
    predictions[P] = predictions[P] * np.float32(1.2)


def perfect(predictions):
    truth = predictions["emotion"].map(EMOTIONS.index).to_numpy()
    predictions[P] = (0.92 * np.eye(8)[truth] + 0.01).astype("f4")


def no_validation(predictions):
    predictions.loc[predictions["split"] == "validation", "split"] = "train"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (hard, "hard labels"),
        (collapsed, "collapse"),
        (off, "sums"),
        (perfect, "too good"),
        (no_validation, "no validation rows"),
    ],
)
def test_what_looks_wrong_is_found_and_not_elsewhere(change, what):
    found = {one.what for one in audit(model(change=change)).findings}
    assert what in found
    assert what not in {one.what for one in audit(model()).findings}


def test_what_an_imported_table_left_out_is_found():
    table = {
        "n_rows": 2000,
        "n_test": N + 100,
        "rejects": {"said_again": {"n": 3}, "training_picture": {"n": 500}},
        "n_truth_given": 100,
        "n_truth_differs": 40,
    }
    found = audit(model(meta={"table": table}))
    words = {one.what: one.words for one in found.findings}
    assert "100 of 1,300 test rows" in words["coverage"]
    assert "said again (3)" in words["rows left out"]
    assert "training" not in words["rows left out"]
    assert "40.0 %" in words["another truth"]
    assert found.coverage == pytest.approx(N / (N + 100))


def test_an_incredible_claim_is_named_where_the_bar_is_known():
    whats = {one.what for one in audit(model(), 0.97).findings}
    assert "claim not credible" in whats
    assert "claim not credible" not in {one.what for one in audit(model(), 0.9).findings}


@pytest.fixture(scope="module")
def results():
    seven = {"emotions": EMOTIONS[:7], "label_space": "seven_emotions", "labels_from": "fer2013"}
    return Results(
        models=[
            model("ferplus_modest", claim=0.5),
            model("ferplus_$brag_<b>", claim=0.99, n_seen=100, change=leak),
            model("ferplus_mixed", change=exchange, claim=0.8),
            made_up.result("ferplus_own", n=300, seeds=(0, 1, 2)),
            made_up.result("fer2013_seven", n=300, **seven),
        ]
    )


@pytest.fixture(scope="module")
def report(results):
    return render(results)


def test_the_page_answers_first_and_is_self_contained(report):
    page = Page(report.html)
    assert "script" not in page.tags
    assert page.alts
    assert all(page.alts)
    assert not re.findall(r'(?:src|href)="(?!data:|#)', report.html)
    lead = re.search(r'<p class="lead">(.*?)</p>', report.html, re.S).group(1)
    assert "1 of 3" in lead
    assert "<b>" not in report.html
    assert all(len(png) < MAX_BYTES for png in report.figures.values())
    assert report.headline["n_claims"] == 3
    assert report.headline["n_claims_that_hold"] == 1
    assert report.headline["n_in_another_order"] == 1


def test_class_sets_stand_apart_and_every_model_is_audited(report):
    names = [set(table["recipe"]) for name, table in report.tables.items() if "claims_" in name]
    assert sorted(map(len, names)) == [1, 4]
    assert {"fer2013_seven"} in names


def test_every_claim_has_its_verdict_in_the_table(report):
    table = report.tables["claims_ferplus_fer2013_eight_emotions"].set_index("recipe")
    assert table["verdict"].to_dict() == {
        "ferplus_modest": "understated",
        "ferplus_$brag_<b>": "not supported",
        "ferplus_mixed": "cannot be judged",
        "ferplus_own": "no claim",
    }
    assert table.loc["ferplus_own", "n_seeds"] == 3


def test_the_banner_is_there_exactly_when_faces_are_drawn(report):
    assert BANNER not in report.html
    assert BANNER in render(Results(models=[model(synthetic=True, claim=0.5)])).html


def test_without_claims_nothing_is_drawn_and_the_numbers_lead():
    report = render(Results(models=[made_up.result(n=200)]))
    assert report.figures == {}
    assert "Nothing is claimed" in report.html


def test_no_model_at_all_is_a_normal_state():
    report = render(Results())
    assert "emotion-pipeline import" in report.html
    assert (report.figures, report.tables) == ({}, {})
    assert set(report.headline.values()) == {0}


def test_equal_results_make_equal_bytes(results, report):
    again = render(results)
    assert again.html == report.html
    assert again.figures == report.figures
