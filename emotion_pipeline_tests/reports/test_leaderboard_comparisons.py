"""The leaderboard's models against one another, and against what they cost."""

import numpy as np
import pytest
from scipy.stats import binomtest

from emotion_pipeline.reports.base import Cost, Results
from emotion_pipeline.reports.leaderboard import render
from emotion_pipeline.reports.parts.leaderboard.costs import on_front
from emotion_pipeline_tests.reports import made_up

SLUG = "ferplus_fer2013_eight_emotions"
SMALL = Cost(400_000, 1.25, 1.1, 1.5, 100, "PyTorch 2.9", "a processor")
LARGE = Cost(40_000_000, 20.5, 20.0, 21.0, 90, "PyTorch 2.9", "a processor")


def report_of(*models):
    return render(Results(models=list(models)))


@pytest.fixture(scope="module")
def model():
    return made_up.result(n=300, cost=SMALL)


@pytest.fixture(scope="module")
def better():
    return made_up.result("better", n=300, skill=4.5, n_parameters=20_000_000, cost=LARGE)


def test_models_are_compared_with_the_best_on_validation_and_with_the_smallest(model, better):
    smallest = made_up.result("smallest", n=300, skill=1.0, n_parameters=10)
    foreign = made_up.result("foreign", n=300, skill=2.0, n_parameters=1, foreign=True)
    report = report_of(model, better, smallest, foreign)
    best = report.tables[f"against_best_{SLUG}"].set_index("recipe")
    base = report.tables[f"against_baseline_{SLUG}"].set_index("recipe")
    assert set(best["against"]) == {"better"}
    assert set(base["against"]) == {"smallest"}
    assert set(best.index) == {"ferplus_cnn", "smallest", "foreign"}
    assert set(base.index) == {"ferplus_cnn", "better", "foreign"}
    right, other_right = (one.right(one.rows()) for one in (smallest, better))
    only, only_best = (right & ~other_right).sum(), (other_right & ~right).sum()
    row = best.loc["smallest"]
    assert (row["n_only_this_right"], row["n_only_other_right"]) == (only, only_best)
    p_value = binomtest(int(only), int(only + only_best)).pvalue
    assert row["p_value_accuracy"] == pytest.approx(p_value)
    assert row["p_value_accuracy_holm"] <= 3 * p_value
    assert row["accuracy_score_difference"] == pytest.approx(right.mean() - other_right.mean())
    for metric in ("accuracy_score", "macro_f1_score", "jensen_shannon_error"):
        low, found, high = (row[f"{metric}_difference{end}"] for end in ("_low", "", "_high"))
        assert low < found < high
        mirrored = base.loc["better", f"{metric}_difference"]
        assert mirrored == pytest.approx(-found)
    assert "Against better, of 3 models" in report.html


def test_a_difference_is_reported_where_there_is_one_and_not_where_there_is_none(better):
    same = made_up.result("same", predictions=better.predictions, n_parameters=30_000_000)
    poor = made_up.result("poor", n=300, skill=1.0, n_parameters=30_000_000)
    report = report_of(better, same, poor)
    rows = report.tables[f"against_best_{SLUG}"].set_index("recipe")
    for name in ("accuracy", "macro_f1", "jensen_shannon"):
        assert rows.loc["same", f"p_value_{name}_holm"] == 1
        assert rows.loc["poor", f"p_value_{name}_holm"] < 0.05
    assert "1 less accurate (poor); 1 not told apart from it by these rows" in report.html


def test_without_a_model_that_was_trained_here_there_is_no_baseline():
    models = [made_up.result(name, n=60, foreign=True) for name in ("one", "two")]
    report = report_of(*models)
    assert f"against_best_{SLUG}" in report.tables
    assert f"against_baseline_{SLUG}" not in report.tables


def test_models_on_other_rows_are_not_compared():
    report = report_of(made_up.result("one", n=60), made_up.result("two", n=50))
    assert report.tables[f"against_best_{SLUG}"].empty
    assert "Tested on other rows, so not compared with it: two." in report.html


def test_the_front_holds_what_no_other_beats():
    costs = np.array([1.0, 2.0, 2.0, 3.0, 1.0, np.nan])
    scores = np.array([0.5, 0.6, 0.7, 0.7, 0.5, 0.9])
    assert on_front(costs, scores).tolist() == [True, False, True, False, True, False]


def test_a_model_that_is_dearer_and_worse_is_off_the_front(model, better):
    worse = made_up.result("worse", n=300, skill=1.0, n_parameters=30_000_000, cost=LARGE)
    unknown = made_up.result("unknown", n=300, skill=1.0, n_parameters=10)
    report = report_of(model, better, worse, unknown)
    front = report.tables[f"costs_{SLUG}"].set_index("recipe")["on_front"]
    assert front["ferplus_cnn"] == "parameters, size, latency"
    assert front["better"] == "parameters, size, latency"
    assert front["worse"] == ""
    assert front["unknown"] == "parameters"
    assert np.isnan(report.tables[f"costs_{SLUG}"].set_index("recipe").loc["unknown", "latency_ms"])
    assert {f"{axis}_{SLUG}" for axis in ("parameters", "size", "latency")} <= set(report.figures)


def test_of_a_model_that_does_not_say_its_size_nothing_is_said(model):
    imported = made_up.result("imported", n=300, n_parameters=0, foreign=True)
    report = report_of(model, imported)
    row = report.tables[f"costs_{SLUG}"].set_index("recipe").loc["imported"]
    assert np.isnan(row["n_parameters"])
    assert row["on_front"] == ""
    assert f"parameters_{SLUG}" not in report.figures


def test_costs_that_nobody_measured_make_no_figure():
    report = report_of(made_up.result("one", n=50), made_up.result("two", n=50))
    assert f"latency_{SLUG}" not in report.figures
    assert f"parameters_{SLUG}" in report.figures
