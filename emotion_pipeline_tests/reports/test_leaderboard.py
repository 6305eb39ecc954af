import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import jensenshannon
from scipy.stats import binomtest
from sklearn import metrics as reference

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.base import Cost, Results
from emotion_pipeline.reports.leaderboard import render
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline_tests.reports import made_up
from emotion_pipeline_tests.reports.pages import Page

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
PEOPLE = "Compared with people and papers"
SOME_DOMAINS = (ORIGINAL, GRAYSCALE, "jpeg-1", "jpeg-5", "old_photo-3")
SLUG = "ferplus_fer2013_eight_emotions"
SMALL = Cost(400_000, 1.25, 1.1, 1.5, 100, "PyTorch 2.9", "a processor")


def report_of(*models):
    return render(Results(models=list(models)))


@pytest.fixture(scope="module")
def model():
    return made_up.result(domains=SOME_DOMAINS, seeds=(0, 1), n=300, n_seen=40, cost=SMALL)


@pytest.fixture(scope="module")
def better():
    large = Cost(40_000_000, 20.5, 20.0, 21.0, 90, "PyTorch 2.9", "a processor")
    return made_up.result("better", n=300, skill=4.5, n_parameters=20_000_000, cost=large)


@pytest.fixture(scope="module")
def report(model, better):
    return report_of(model, better)


def row_of(report, recipe, table=f"overview_{SLUG}"):
    rows = report.tables[table]
    return rows[rows["recipe"] == recipe].iloc[0]


def percent(fraction):
    return f"{100 * fraction:.1f}"


@pytest.mark.parametrize("domain", [ORIGINAL, "jpeg-5"])
@pytest.mark.parametrize("leak_free", [False, True])
def test_every_metric_of_every_domain_equals_scikit_learn(model, report, domain, leak_free):
    rows = model.rows(domain=domain)
    rows = rows[~rows["seen_in_training"]] if leak_free else rows
    truth, said = rows["emotion"].to_numpy(str), model.predicted(rows).astype(str)
    expected = {
        "accuracy": reference.accuracy_score(truth, said),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, said),
    }
    for average in ("macro", "weighted"):
        numbers = reference.precision_recall_fscore_support(
            truth, said, labels=np.unique(truth), average=average, zero_division=0
        )
        expected |= {
            f"{average}_{name}": value
            for name, value in zip(("precision", "recall", "f1"), numbers, strict=False)
        }
    table = report.tables[f"scores_{SLUG}"]
    found = table[(table["recipe"] == model.recipe) & (table["domain"] == domain)]
    found = found.set_index("metric")
    prefix = "leak_free_" if leak_free else ""
    assert found[f"{prefix}score"].to_dict() == pytest.approx(expected)
    assert (found[f"{prefix}n"] == len(rows)).all()
    assert (found[f"{prefix}score_low"] <= found[f"{prefix}score"]).all()
    assert (found[f"{prefix}score"] <= found[f"{prefix}score_high"]).all()
    wilson = binomtest(int((truth == said).sum()), len(rows)).proportion_ci(method="wilson")
    assert found.loc["accuracy", f"{prefix}score_low"] == pytest.approx(wilson.low)
    assert found.loc["accuracy", f"{prefix}score_high"] == pytest.approx(wilson.high)


def test_the_main_numbers_stand_on_the_page(model, report):
    row = row_of(report, model.recipe)
    shares = model.rows()[[f"share_{name}" for name in EMOTIONS]].to_numpy()
    error = (jensenshannon(shares, model.probabilities(model.rows()), base=2, axis=1) ** 2).mean()
    assert row["jensen_shannon_error"] == pytest.approx(error, abs=1e-6)
    shown = [percent(row[name]) for name in ("accuracy_score", "leak_free_accuracy_score")]
    shown += [percent(row["macro_f1_score"]), percent(row["weighted_f1_score"]), f"{error:.3f}"]
    shown += ["1,234,567", "0.40", "1.25", "1.10–1.50", "a processor"]
    for text in shown:
        assert text in report.html


def test_spread_is_over_all_seeds(model, report):
    scores = [model.right(model.rows(seed=seed)).mean() for seed in (0, 1)]
    row = row_of(report, model.recipe)
    assert row["accuracy_score_mean"] == pytest.approx(np.mean(scores))
    assert row["accuracy_score_sd"] == pytest.approx(np.std(scores, ddof=1))
    assert f"{percent(np.mean(scores))} ± {percent(np.std(scores, ddof=1))}" in report.html


def test_a_planted_leak_changes_the_twin_only():
    clean = made_up.result(n=300)
    predictions = clean.predictions.copy()
    right = clean.right(predictions) & (predictions["split"] == "test").to_numpy()
    predictions["seen_in_training"] = right & (np.cumsum(right) <= 50)
    leaky = made_up.result(predictions=predictions)
    reports = [report_of(one) for one in (clean, leaky)]
    before, after = (row_of(one, clean.recipe) for one in reports)
    for column in ("accuracy_score", "macro_f1_score", "jensen_shannon_error"):
        assert before[column] == before[f"leak_free_{column}"] == after[column]
        assert after[f"leak_free_{column}"] != after[column]
    assert after["leak_free_n"] == 250
    n_right = 300 * before["accuracy_score"]
    assert after["leak_free_accuracy_score"] == pytest.approx((n_right - 50) / 250)
    assert ["50 of 300" in one.html for one in reports] == [False, True]


def test_a_test_set_that_was_trained_on_altogether_has_no_leak_free_numbers():
    row = row_of(report_of(made_up.result(n=50, n_seen=50)), "ferplus_cnn")
    assert row["leak_free_n"] == 0
    assert np.isnan(row["leak_free_accuracy_score"])


def test_a_familys_score_is_the_mean_over_its_severities(model, report):
    score = {one: model.right(model.rows(domain=one)).mean() for one in SOME_DOMAINS}
    (row,) = report.tables[f"families_{SLUG}"].to_dict("records")
    assert row["n"] == 300
    assert row["original_score"] == pytest.approx(score[ORIGINAL])
    assert row["grayscale_score"] == pytest.approx(score[GRAYSCALE])
    assert row["jpeg_score"] == pytest.approx((score["jpeg-1"] + score["jpeg-5"]) / 2)
    assert row["old_photo_score"] == pytest.approx(score["old_photo-3"])
    assert row["jpeg_score_low"] < row["jpeg_score"] < row["jpeg_score_high"]


def test_original_pictures_alone_make_no_families():
    report = report_of(made_up.result(n=50))
    assert not any(name.startswith("families") for name in report.tables)
    assert "Accuracy by family" not in report.html


def test_the_order_is_that_of_validation_whatever_the_test_says():
    one, other = made_up.result("one", n=200), made_up.result("other", n=200)
    predictions = other.predictions.copy()
    columns = [f"p_{name}" for name in EMOTIONS]
    validation = (predictions["split"] == "validation").to_numpy()
    truth = predictions["emotion"].map(EMOTIONS.index).to_numpy()
    predictions.loc[validation, columns] = np.eye(8)[truth[validation]]  # all right
    predictions.loc[~validation, columns] = np.eye(8)[(truth[~validation] + 1) % 8]  # all wrong
    lucky = made_up.result("other", predictions=predictions)
    report = report_of(one, lucky)
    assert report.tables[f"overview_{SLUG}"]["recipe"].tolist() == ["other", "one"]
    assert "Best on validation of 2 models: other, right on 0.0 %" in report.html


def test_about_3150_rows_say_that_about_1_2_points_are_noise():
    predictions = made_up.result(n=3153).predictions
    wrong = np.arange(len(predictions)) % 100 >= 86
    said = (predictions["emotion"].map(EMOTIONS.index).to_numpy() + wrong) % 8
    predictions[[f"p_{name}" for name in EMOTIONS]] = np.eye(8)[said]
    html = report_of(made_up.result(predictions=predictions)).html
    assert "At n = 3,153, differences under about 1.2 points are noise." in html


def test_the_banner_is_there_exactly_when_faces_are_drawn(report):
    drawn = made_up.result("drawn", n=50, synthetic=True)
    both = report_of(drawn, made_up.result("real", n=50))
    assert BANNER in both.html
    assert "This holds for drawn." in both.html
    assert both.headline["n_synthetic_models"] == 1
    assert BANNER not in report.html


def test_human_and_published_lines_stand_beside_real_ferplus_results_only(report):
    assert PEOPLE in report.html
    assert "published, not re-run" in report.html
    seven = {"emotions": EMOTIONS[:7], "label_space": "seven_emotions"}
    for others in ({"synthetic": True}, {"labels_from": "fer2013"}, seven):
        html = report_of(made_up.result(n=50, **others)).html
        assert PEOPLE not in html
        assert "one tagger against the other nine" not in html


def test_class_sets_stand_in_different_tables_and_are_not_compared():
    eight = made_up.result("eight", n=50)
    seven = made_up.result("seven", n=50, emotions=EMOTIONS[:7], label_space="seven_emotions")
    report = report_of(seven, eight)
    assert "8-class (eight_emotions)" in report.html
    assert "7-class (seven_emotions)" in report.html
    assert report.tables[f"overview_{SLUG}"]["recipe"].tolist() == ["eight"]
    assert not any(name.startswith("against") for name in report.tables)


@pytest.mark.parametrize("foreign", [True, False])
def test_of_a_foreign_model_it_is_said_that_nobody_knows_what_it_has_seen(foreign):
    html = report_of(made_up.result(n=60, n_seen=20, foreign=foreign)).html
    assert ("Trained elsewhere" in html) == foreign
    assert ("which may have been trained on" in html) == foreign
    assert ("which was also trained on" in html) != foreign
    assert ("Fewer than 3 seeds" in html) != foreign


def test_three_seeds_and_many_rows_without_leaks_need_no_caution():
    html = report_of(made_up.result(n=300, seeds=(0, 1, 2))).html
    assert 'class="cautions"' not in html


def test_a_model_without_validation_rows_or_votes_is_shown_without_them():
    full = made_up.result(n=50)
    predictions = full.predictions[full.predictions["split"] == "test"]
    predictions = predictions.assign(**{f"share_{name}": np.nan for name in EMOTIONS})
    report = report_of(made_up.result(predictions=predictions, labels_from="fer2013"))
    assert "No validation rows" in report.html
    assert "jensen shannon error" not in report.html


def test_the_page_is_self_contained_and_every_picture_is_described(report):
    page = Page(report.html)
    assert len(page.alts) == len(report.figures) == 4
    assert all(page.alts)
    assert all(link.startswith("data:image/png;base64,") for link in page.sources + page.links)
    assert not re.search(r"url\s*\(|@import", report.html)
    assert "script" not in page.tags


def test_figures_of_many_models_are_small_png():
    models = [
        made_up.result(f"model_{number}", n=40, n_parameters=10**number, cost=SMALL)
        for number in range(1, 16)
    ]
    for png in report_of(*models).figures.values():
        assert len(png) < MAX_BYTES
        assert Image.open(BytesIO(png)).format == "PNG"


def test_hostile_names_are_escaped_everywhere():
    hostile = '<script>alert("1")</script> $x_{ & \'"'
    emotions = (*EMOTIONS[:7], hostile)
    predictions = made_up.result(n=60).predictions
    predictions = predictions.rename(columns={"p_contempt": f"p_{hostile}"})
    predictions["emotion"] = predictions["emotion"].replace("contempt", hostile)
    fields = ("description", "labels_from", "pictures_from", "label_space")
    named = dict.fromkeys(fields, hostile)
    models = [
        made_up.result(recipe, emotions=emotions, predictions=predictions, **named)
        for recipe in (hostile, f"{hostile} 2")
    ]
    html = report_of(*models).html
    assert "script" not in Page(html).tags
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_no_models_make_a_page_that_says_so():
    report = report_of()
    assert "No model has been evaluated yet" in report.html
    assert report.headline == {"n_models": 0, "n_synthetic_models": 0}
    assert report.figures == report.tables == {}


def test_equal_results_make_equal_bytes(model, better, report):
    again = report_of(model, better)
    assert again.html == report.html
    assert again.figures == report.figures
