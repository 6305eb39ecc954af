from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.metrics.calibration import with_temperature
from emotion_pipeline.metrics.votes import entropies
from emotion_pipeline.reports.base import Results
from emotion_pipeline.reports.calibration import render
from emotion_pipeline.reports.parts.calibration.model_sections import Numbers
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline_tests.reports import made_up
from emotion_pipeline_tests.reports.pages import Page

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
P = [f"p_{name}" for name in EMOTIONS]
SLUG = "ferplus_fer2013_eight_emotions"
DOMAINS = (ORIGINAL, GRAYSCALE, "jpeg-1", "jpeg-5")


def calibrated(recipe="honest", n=400, temperature=1.0, order=None, test_only=False, **others):
    """A result whose truth is drawn from its probabilities, before these are changed."""
    predictions = made_up.result(n=n).predictions
    rng = np.random.default_rng(0)
    logits = 2.5 * rng.normal(size=(len(predictions), 8))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (p.cumsum(axis=1) > rng.random((len(p), 1))).argmax(axis=1)
    wrong = with_temperature(p, temperature)[:, order or range(8)]
    changed = (predictions["split"] == "test").to_numpy() | (not test_only)
    predictions[P] = np.where(changed[:, None], wrong, p)
    predictions["emotion"] = np.array(EMOTIONS, dtype=object)[truth]
    return made_up.result(recipe, predictions=predictions, **others)


@pytest.fixture(scope="module")
def results():
    model = made_up.result(domains=DOMAINS, seeds=(0, 1), n=300, n_seen=40)
    return Results(models=[model, calibrated(n=200)], votes={"ferplus": made_up.votes_table()})


@pytest.fixture(scope="module")
def report(results):
    return render(results)


def one_row(model, table):
    return getattr(Numbers.of([model]), table).iloc[0]


def test_a_calibrated_model_is_told_from_one_that_is_too_sure_and_one_not_sure_enough():
    readings = {
        temperature: one_row(calibrated(n=1500, temperature=temperature), "calibration")
        for temperature in (0.4, 1.0, 2.5)
    }
    assert readings[0.4]["reading"] == "too sure"
    assert readings[1.0]["reading"] == "as sure as right, within chance"
    assert readings[2.5]["reading"] == "not sure enough"
    for temperature, found in readings.items():
        error = found["expected_calibration_error"]
        assert (error > 2 * found["by_chance_error"]) == (temperature != 1.0)
        assert found["expected_calibration_error_low"] <= error


def test_a_wrong_order_of_labels_shows_as_confidence_without_accuracy():
    swapped = one_row(calibrated(n=600, order=[1, 2, 3, 4, 5, 6, 7, 0]), "calibration")
    assert swapped["accuracy_score"] < 0.2 < 0.5 < swapped["confidence_score"]
    assert swapped["expected_calibration_error"] > 0.4


def test_a_temperature_is_fitted_on_validation_and_helps_where_one_is_needed():
    everywhere = one_row(calibrated(n=1500, temperature=0.4), "temperature")
    assert everywhere["temperature"] == pytest.approx(2.5, rel=0.15)
    assert everywhere["reading"] == "it would help"
    assert everywhere["log_loss_difference_high"] < 0
    assert everywhere["after_expected_calibration_error"] < everywhere["expected_calibration_error"]
    honest = one_row(calibrated(n=1500), "temperature")
    assert honest["reading"] == "no difference that matters"


def test_a_shift_in_the_test_rows_alone_is_not_fitted_away():
    found = one_row(calibrated(n=1500, temperature=0.4, test_only=True), "temperature")
    assert found["temperature"] == pytest.approx(1, rel=0.15)
    assert found["after_expected_calibration_error"] > 0.8 * found["expected_calibration_error"]


def test_a_model_without_validation_rows_and_votes_is_shown_without_them():
    predictions = made_up.result(n=60).predictions
    predictions = predictions[predictions["split"] == "test"].assign(share_anger=np.nan)
    report = render(Results(models=[made_up.result(predictions=predictions)]))
    assert report.tables[f"temperature_{SLUG}"].empty
    assert "Models without validation rows to fit one on: 1." in report.html
    assert "Against human votes" not in report.html


def test_leak_free_numbers_leave_out_the_rows_seen_in_training(results, report):
    model = results.models[0]
    predictions = model.predictions[~model.predictions["seen_in_training"]]
    clean = one_row(made_up.result(predictions=predictions), "calibration")
    row = report.tables[f"calibration_{SLUG}"].set_index("recipe").loc["ferplus_cnn"]
    assert (row["n"], row["leak_free_n"]) == (300, 260)
    error = "expected_calibration_error"
    assert row[f"leak_free_{error}"] == pytest.approx(clean[error])
    assert row[f"leak_free_{error}"] != row[error]


def test_the_spread_is_over_the_seeds(results, report):
    model = results.models[0]
    confidences = [model.probabilities(model.rows(seed=seed)).max(axis=1).mean() for seed in (0, 1)]
    row = report.tables[f"calibration_{SLUG}"].set_index("recipe").loc["ferplus_cnn"]
    assert row["confidence_score_mean"] == pytest.approx(np.mean(confidences))
    assert row["confidence_score_sd"] == pytest.approx(np.std(confidences, ddof=1))


def test_a_corruption_is_the_mean_over_its_severities(report):
    table = report.tables[f"calibration_domains_{SLUG}"]
    part = table[table["recipe"] == "ferplus_cnn"].set_index("domain")
    assert list(part.index) == [ORIGINAL, GRAYSCALE, "jpeg"]
    assert part.loc["jpeg", "severities"] == "1 5"
    main = report.tables[f"calibration_{SLUG}"].set_index("recipe").loc["ferplus_cnn"]
    for name in ("expected_calibration_error", "confidence_score_difference"):
        assert part.loc[ORIGINAL, name] == pytest.approx(main[name])


def test_pictures_that_one_severity_lacks_are_left_out_of_its_corruption():
    model = made_up.result(domains=DOMAINS, n=80)
    lost = (model.predictions["domain"] == "jpeg-5") & (
        model.predictions["sample_id"] == "test-00003"
    )
    model = made_up.result(predictions=model.predictions[~lost])
    table = Numbers.of([model]).domains
    assert table.set_index("domain")["n"].to_dict() == {ORIGINAL: 80, GRAYSCALE: 80, "jpeg": 79}


def test_the_surest_answers_are_counted(results, report):
    model = results.models[0]
    rows = model.rows()
    order = np.argsort(-model.probabilities(rows).max(axis=1))
    right = model.right(rows)[order]
    row = report.tables[f"abstention_{SLUG}"].set_index("recipe").loc["ferplus_cnn"]
    for coverage in (100, 90, 80, 70, 50):
        assert row[f"at_{coverage}_score"] == pytest.approx(right[: 3 * coverage].mean())


def test_a_model_that_is_sure_at_random_gains_nothing_by_abstaining():
    model = calibrated(n=1500)
    row = one_row(model, "abstention")
    assert row["at_50_score_low"] > row["at_100_score_high"]
    predictions = model.predictions.copy()
    sure = np.random.default_rng(0).uniform(0.3, 1, len(predictions))
    named = model.probabilities(predictions).argmax(axis=1)
    p = np.repeat((1 - sure)[:, None] / 7, 8, axis=1)
    p[np.arange(len(p)), named] = sure
    predictions[P] = p
    row = one_row(made_up.result(predictions=predictions), "abstention")
    assert row["at_50_score_low"] < row["at_100_score"] < row["at_50_score_high"]


def with_votes(shares_of):
    model = calibrated(n=300)
    predictions = model.predictions.copy()
    shares = shares_of(model.probabilities(predictions))
    predictions[[f"share_{name}" for name in EMOTIONS]] = shares
    return made_up.result(predictions=predictions)


def test_a_model_that_says_what_people_say_is_told_from_one_that_does_not():
    same = one_row(with_votes(lambda p: p), "votes")
    other = one_row(with_votes(lambda p: p[:, ::-1]), "votes")
    assert same["jensen_shannon_error"] < 1e-6 < 0.2 < other["jensen_shannon_error"]
    assert same["top_two_score"] == 1 > other["top_two_score"]
    assert same["entropy_correlation"] == pytest.approx(1)
    assert same["vote_brier_loss"] < 1e-6 < other["vote_brier_loss"]
    unrelated = one_row(with_votes(lambda p: np.roll(p, 7, axis=0)), "votes")
    assert unrelated["entropy_correlation_low"] < 0 < unrelated["entropy_correlation_high"]


def test_thirds_hold_every_voted_picture_once_by_the_entropy_of_its_votes():
    model = with_votes(lambda p: p)
    table = Numbers.of([model]).disputed.set_index("votes")
    assert table["n"].to_dict() == {"clear": 100, "between": 100, "disputed": 100}
    doubt = entropies(model.probabilities(model.rows()))
    assert table.loc["clear", "highest_entropy_bits"] == pytest.approx(np.sort(doubt)[99])
    assert table.loc["clear", "accuracy_score"] > table.loc["disputed", "accuracy_score_high"]


def test_pictures_without_votes_do_not_enter():
    model = made_up.result(n=50)
    predictions = model.predictions.copy()
    predictions.loc[predictions["sample_id"].isin(["test-00001"]), "share_anger"] = np.nan
    assert one_row(made_up.result(predictions=predictions), "votes")["n"] == 49


def test_people_stand_beside_real_ferplus_results_only(report):
    said = "ten taggers against another ten"
    assert said in report.html
    others = [
        made_up.result("drawn", n=50, synthetic=True),
        made_up.result("fer2013", n=50, labels_from="fer2013"),
        made_up.result("seven", n=50, emotions=EMOTIONS[:7], label_space="seven_emotions"),
    ]
    assert said not in render(Results(models=others)).html


def test_one_table_of_votes_says_that_there_is_no_second_panel(report):
    assert "no second panel" in report.html
    table = report.tables["panels_split"].set_index("who")["agreement_score"]
    assert table["one tagger against the other nine"] < table["five taggers against the other five"]


def test_the_page_is_self_contained_and_every_picture_is_described_and_small(report):
    page = Page(report.html)
    assert all(link.startswith("data:image/png;base64,") for link in page.sources + page.links)
    assert "script" not in page.tags
    assert len(page.alts) == len(report.figures) == 5
    assert all(page.alts)
    for png in report.figures.values():
        assert len(png) < MAX_BYTES
        assert Image.open(BytesIO(png)).format == "PNG"


def test_the_banner_is_there_exactly_when_faces_are_drawn(report):
    assert BANNER not in report.html
    assert "(drawn votes)" not in report.html
    votes = {"ferplus": made_up.votes_table()}
    drawn = render(Results(models=[made_up.result(n=50, synthetic=True)], votes=votes))
    assert "the ceiling (drawn votes)" in drawn.html
    assert BANNER in drawn.html
    assert drawn.headline["n_synthetic_models"] == 1


def test_class_sets_stand_apart():
    seven = made_up.result("seven", n=50, emotions=EMOTIONS[:7], label_space="seven_emotions")
    report = render(Results(models=[seven, made_up.result("eight", n=50)]))
    assert report.tables[f"calibration_{SLUG}"]["recipe"].tolist() == ["eight"]
    assert "7-class (seven_emotions)" in report.html


def test_what_is_not_to_be_believed_is_said(report):
    assert "Fewer than 3 seeds" in report.html
    assert "see the leak-free numbers" in report.html
    assert "too few for 15 bins" in report.html
    sound = render(Results(models=[calibrated(n=500)])).html
    assert "too few for 15 bins" not in sound
    assert "see the leak-free numbers" not in sound


def test_hostile_names_are_escaped_and_break_no_figure():
    hostile = '<script>alert("1")</script> $x_{ & \'"'
    html = render(Results(models=[made_up.result(hostile, n=40, label_space=hostile)])).html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_no_models_make_a_page_that_says_so():
    report = render(Results())
    assert "No model has been evaluated yet" in report.html
    assert report.headline == {"n_models": 0, "n_synthetic_models": 0}
    assert report.figures == {}


def test_equal_results_make_equal_bytes(results, report):
    again = render(results)
    assert again.html == report.html
    assert again.figures == report.figures
