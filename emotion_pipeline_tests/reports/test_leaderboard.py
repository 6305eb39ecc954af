import re
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import jensenshannon
from scipy.stats import binomtest
from sklearn import metrics as reference

from emotion_pipeline.domains import DOMAINS, GRAYSCALE, ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.evaluation import render
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline_tests.reports import made_up

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
HUMAN = "Compared with people"
PUBLISHED = "published, not re-run"
SOME_DOMAINS = (ORIGINAL, GRAYSCALE, "jpeg-1", "jpeg-5", "old_photo-3")


@pytest.fixture(scope="module")
def model():
    return made_up.result(domains=SOME_DOMAINS, seeds=(0, 1), n=300, n_seen=40)


@pytest.fixture(scope="module")
def report(model):
    return render([model])


def percent(fraction):
    return f"{100 * fraction:.1f}"


def test_overview_equals_the_reference_implementations_and_stands_on_the_page(model, report):
    rows = model.rows()
    truth, predicted = rows["emotion"].to_numpy(str), model.predicted(rows).astype(str)
    row = report.tables["overview"].iloc[0]
    accuracy = reference.accuracy_score(truth, predicted)
    wilson = binomtest(int((truth == predicted).sum()), 300).proportion_ci(method="wilson")
    macro_f1 = reference.f1_score(truth, predicted, labels=np.unique(truth), average="macro")
    shares = rows[[f"share_{name}" for name in EMOTIONS]].to_numpy()
    error = (jensenshannon(shares, model.probabilities(rows), base=2, axis=1) ** 2).mean()
    assert row["accuracy_score"] == pytest.approx(accuracy)
    assert row["accuracy_score_low"] == pytest.approx(wilson.low)
    assert row["accuracy_score_high"] == pytest.approx(wilson.high)
    assert row["macro_f1_score"] == pytest.approx(macro_f1)
    assert row["macro_f1_score_low"] < macro_f1 < row["macro_f1_score_high"]
    assert row["jensen_shannon_error"] == pytest.approx(error, abs=1e-6)
    for text in (percent(accuracy), percent(macro_f1), f"{error:.3f}", percent(wilson.low)):
        assert text in report.html


def test_spread_is_over_all_seeds(model, report):
    scores = [model.right(model.rows(seed=seed)).mean() for seed in (0, 1)]
    row = report.tables["overview"].iloc[0]
    assert row["accuracy_score_mean"] == pytest.approx(np.mean(scores))
    assert row["accuracy_score_sd"] == pytest.approx(np.std(scores, ddof=1))
    assert f"{percent(np.mean(scores))} ± {percent(np.std(scores, ddof=1))}" in report.html


def test_a_planted_leak_changes_the_twin_only():
    clean = made_up.result(n=300)
    predictions = clean.predictions.copy()
    right = clean.right(predictions) & (predictions["split"] == "test").to_numpy()
    predictions["seen_in_training"] = right & (np.cumsum(right) <= 50)
    leaky = made_up.result(predictions=predictions)
    before, after = (render([one]).tables["overview"].iloc[0] for one in (clean, leaky))
    for column in ("n", "accuracy_score", "macro_f1_score", "jensen_shannon_error"):
        assert before[column] == before[f"leak_free_{column}"] == after[column]
        assert after[f"leak_free_{column}"] != after[column]
    n_right = 300 * before["accuracy_score"]
    assert after["leak_free_n"] == 250
    assert after["leak_free_accuracy_score"] == pytest.approx((n_right - 50) / 250)


def test_a_test_set_that_was_trained_on_altogether_has_no_leak_free_numbers():
    row = render([made_up.result(n=50, n_seen=50)]).tables["overview"].iloc[0]
    assert row["leak_free_n"] == 0
    assert np.isnan(row["leak_free_accuracy_score"])


def test_per_class_numbers_equal_scikit_learn_and_small_classes_are_flagged(model, report):
    rows = model.rows()
    truth, predicted = rows["emotion"].to_numpy(str), model.predicted(rows).astype(str)
    expected = reference.precision_recall_fscore_support(
        truth, predicted, labels=list(EMOTIONS), zero_division=np.nan
    )
    table = report.tables["per_class"]
    columns = ["precision_score", "recall_score", "f1_score", "n"]
    np.testing.assert_allclose(table[columns].to_numpy(float).T, np.array(expected, dtype=float))
    np.testing.assert_array_equal(table["uncertain"], table["n"] < 30)
    assert report.html.count('<tr class="uncertain">') == table["uncertain"].sum() > 0


def test_confusion_table_holds_every_row_once(model, report):
    table = report.tables["confusion"]
    assert table["n"].sum() == 300
    assert table.groupby("emotion")["rate"].sum().dropna().to_numpy() == pytest.approx(1)


def test_robustness_is_the_mean_over_severities(model, report):
    score = {one: model.right(model.rows(domain=one)).mean() for one in SOME_DOMAINS}
    table = report.tables["robustness"].set_index("measure")
    jpeg = (score["jpeg-1"] + score["jpeg-5"]) / 2
    corrupted = (jpeg + score["old_photo-3"]) / 2
    assert table.loc["jpeg", "score"] == pytest.approx(jpeg)
    assert table.loc["jpeg", "severities"] == "1 5"
    assert table.loc["mPC", "score"] == pytest.approx(corrupted)
    assert table.loc["rPC", "score"] == pytest.approx(corrupted / score[ORIGINAL])
    assert (table["score_low"] < table["score"]).all()
    assert (table["score"] < table["score_high"]).all()
    assert "Original against grayscale" in report.html


def test_original_pictures_alone_make_no_robustness_section():
    report = render([made_up.result(n=50)])
    assert report.tables["robustness"].empty
    assert "Domain by domain" not in report.html


def test_the_banner_is_there_exactly_when_faces_are_drawn(report):
    drawn = render([made_up.result("drawn", n=50, synthetic=True)])
    assert BANNER in drawn.html
    assert drawn.headline["n_synthetic_models"] == 1
    assert BANNER not in report.html
    both = render([made_up.result("drawn", n=50, synthetic=True), made_up.result("real", n=50)])
    assert BANNER in both.html
    assert "This holds for drawn." in both.html


def test_human_and_published_lines_stand_beside_real_ferplus_results_only(report):
    assert HUMAN in report.html
    assert PUBLISHED in report.html
    seven = {"emotions": EMOTIONS[:7], "label_space": "seven_emotions"}
    for others in ({"synthetic": True}, {"labels_from": "fer2013"}, seven):
        html = render([made_up.result(n=50, **others)]).html
        assert HUMAN not in html
        assert PUBLISHED not in html


def test_class_sets_stand_in_different_tables_and_are_not_compared():
    eight = made_up.result("eight", n=50)
    seven = made_up.result("seven", n=50, emotions=EMOTIONS[:7], label_space="seven_emotions")
    report = render([seven, eight])
    assert report.html.count("<caption>Test results") == 2
    assert "8-class (eight_emotions)" in report.html
    assert "7-class (seven_emotions)" in report.html
    assert report.tables["comparisons"].empty


def test_models_on_the_same_rows_are_compared_with_the_best_on_validation():
    good, poor = made_up.result("good", skill=4.0, n=400), made_up.result("poor", skill=1.0, n=400)
    report = render([poor, good])
    assert report.tables["overview"]["recipe"].tolist() == ["good", "poor"]
    right, best_right = (one.right(one.rows()) for one in (poor, good))
    only, only_best = (right & ~best_right).sum(), (best_right & ~right).sum()
    (row,) = report.tables["comparisons"].to_dict("records")
    assert (row["recipe"], row["against"]) == ("poor", "good")
    assert (row["n_only_this_right"], row["n_only_other_right"]) == (only, only_best)
    assert row["p_value"] == pytest.approx(binomtest(int(only), int(only + only_best)).pvalue)


def test_models_on_other_rows_are_not_compared():
    report = render([made_up.result("one", n=60), made_up.result("two", n=50)])
    assert report.tables["comparisons"].empty
    assert "are not compared with it" in report.html


def test_about_3150_rows_say_that_about_1_2_points_are_noise():
    predictions = made_up.result(n=3153).predictions
    wrong = np.arange(len(predictions)) % 100 >= 86
    said = (predictions["emotion"].map(EMOTIONS.index).to_numpy() + wrong) % 8
    predictions[[f"p_{name}" for name in EMOTIONS]] = np.eye(8)[said]
    html = render([made_up.result(predictions=predictions)]).html
    assert "At n = 3,153, differences under about 1.2 points are noise." in html


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.alts = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [
            value for name, value in attrs if name in ("src", "href", "srcset", "action")
        ]
        self.alts += [dict(attrs).get("alt") for _ in [0] if tag == "img"]


def test_the_page_is_self_contained_and_every_picture_is_described(report):
    page = Page(report.html)
    assert page.links
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert not re.search(r"url\s*\(|@import", report.html)
    assert "script" not in page.tags
    assert all(page.alts)


def test_hostile_names_are_escaped_everywhere():
    hostile = '<script>alert("1")</script> $x_{ & \'"'
    emotions = (*EMOTIONS[:7], hostile)
    predictions = made_up.result(n=60).predictions
    predictions = predictions.rename(columns={"p_contempt": f"p_{hostile}"})
    predictions["emotion"] = predictions["emotion"].replace("contempt", hostile)
    report = render(
        [
            made_up.result(
                hostile,
                description=hostile,
                labels_from=hostile,
                pictures_from=hostile,
                label_space=hostile,
                emotions=emotions,
                predictions=predictions,
                meta={hostile: {hostile: [hostile]}},
            )
        ]
    )
    assert "script" not in Page(report.html).tags
    assert "<script" not in report.html
    assert "&lt;script&gt;" in report.html


def test_figures_are_small_png_and_the_page_holds_them_all():
    report = render([made_up.result(domains=DOMAINS, seeds=(0, 1), n=600)])
    assert len(report.figures) == 4
    assert report.html.count("<img") == 4
    for png in report.figures.values():
        assert len(png) < MAX_BYTES
        assert Image.open(BytesIO(png)).format == "PNG"


def test_a_model_without_curves_validation_rows_or_votes_is_shown_without_them():
    full = made_up.result(n=50)
    predictions = full.predictions[full.predictions["split"] == "test"]
    predictions = predictions.assign(**{f"share_{name}": np.nan for name in EMOTIONS})
    report = render([made_up.result(predictions=predictions, curves=full.curves[:0], meta={})])
    assert "no votes" in report.html
    assert "There are no validation rows" in report.html
    assert not any(name.startswith("curves") for name in report.figures)


def test_no_models_make_a_page_that_says_so():
    report = render([])
    assert "No model has been evaluated yet" in report.html
    assert report.headline["n_models"] == 0
    assert report.figures == {}
    assert "accuracy_score" in report.tables["overview"].columns


def test_equal_results_make_equal_bytes(model, report):
    again = render([model])
    assert again.html == report.html
    assert again.figures == report.figures


def test_two_results_of_one_recipe_are_refused():
    with pytest.raises(ValueError, match="two results of one recipe"):
        render([made_up.result(n=20), made_up.result(n=20)])


@pytest.mark.parametrize("foreign", [True, False])
def test_of_a_foreign_model_it_is_said_that_nobody_knows_what_it_has_seen(foreign):
    html = render([made_up.result(n=60, n_seen=20, foreign=foreign)]).html
    assert ("Trained elsewhere" in html) == foreign
    assert ("may have been trained on" in html) == foreign
    assert ("was also trained on" in html) != foreign
    assert ("Fewer than 3 seeds" in html) != foreign
