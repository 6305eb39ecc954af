"""A page per model: its numbers, its mistakes, its card."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from emotion_pipeline.domains import DOMAINS, GRAYSCALE, ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.base import Results, no_pictures
from emotion_pipeline.reports.models import render
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline.reports.parts.models import classes
from emotion_pipeline_tests.reports import made_up
from emotion_pipeline_tests.reports.pages import Page

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
PRIVACY = "This page shows pictures of people"
SEEN = "Believe the line"
SOME_DOMAINS = (ORIGINAL, GRAYSCALE, "jpeg-1", "jpeg-5", "old_photo-3")
SHARES = [f"share_{name}" for name in EMOTIONS]


def flat(_dataset, _domain, sample_ids):
    return dict.fromkeys(sample_ids, np.full((8, 8), 99, np.uint8))


def noise(_dataset, _domain, sample_ids):
    rng = np.random.default_rng(0)
    return {name: rng.integers(0, 256, (48, 48), np.uint8) for name in sample_ids}


def rendered(*models, pictures=no_pictures):
    return render(Results(models=list(models), pictures=pictures))


def page_of(model, **others):
    return rendered(model, **others).pages[f"{model.recipe}.html"]


@pytest.fixture(scope="module")
def model():
    meta = {f"seed {one}": {"seed": one, "input_px": 48, "epoch": 7 + one} for one in (0, 1)}
    return made_up.result(domains=SOME_DOMAINS, seeds=(0, 1), n=300, n_seen=40, meta=meta)


@pytest.fixture(scope="module")
def report(model):
    return rendered(model, pictures=flat)


@pytest.fixture(scope="module")
def page(report, model):
    return report.pages[f"{model.recipe}.html"]


def test_numbers_stand_on_the_page_with_their_spread_and_small_classes_are_told(report, page):
    row = report.tables["key_numbers_ferplus_cnn"].iloc[0]
    shown = [f"{100 * row[name]:.1f}" for name in ("accuracy_score", "macro_f1_score")]
    for text in (*shown, f"± {100 * row['accuracy_score_sd']:.1f}"):
        assert text in page
    table = report.tables["per_class_ferplus_cnn"]
    assert 0 < (table["n"] < classes.MIN_ROWS).sum() < len(EMOTIONS)
    for row in table.itertuples():
        assert (f"{row.emotion} ({row.n})" in page) == (row.n < classes.MIN_ROWS)


def test_a_planted_leak_changes_the_leak_free_line_only_and_is_told():
    clean = made_up.result(n=300)
    predictions = clean.predictions.copy()
    right = clean.right(predictions) & (predictions["split"] == "test").to_numpy()
    predictions["seen_in_training"] = right & (np.cumsum(right) <= 50)
    before, after = (rendered(one) for one in (clean, made_up.result(predictions=predictions)))
    (all_before, free_before, _), (all_after, free_after, _) = (
        one.tables["key_numbers_ferplus_cnn"].to_dict("records") for one in (before, after)
    )
    n_right = 300 * all_before["accuracy_score"]
    assert all_before["accuracy_score"] == free_before["accuracy_score"]
    assert all_before["accuracy_score"] == all_after["accuracy_score"]
    assert free_after["n"] == 250
    assert free_after["accuracy_score"] == pytest.approx((n_right - 50) / 250)
    assert SEEN not in before.pages["ferplus_cnn.html"]
    assert SEEN in after.pages["ferplus_cnn.html"]


def test_a_test_set_that_was_trained_on_altogether_has_no_leak_free_numbers():
    report = rendered(made_up.result(n=50, n_seen=50))
    row = report.tables["key_numbers_ferplus_cnn"].iloc[1]
    assert row["n"] == 0
    assert np.isnan(row["accuracy_score"])
    assert "every one of them was seen in training" in report.html


def test_the_surest_mistakes_and_the_most_disputed_pictures_are_described(report, page):
    wrong = report.tables["mistakes_ferplus_cnn"].iloc[0]
    assert f"{wrong['sample_id']}: {wrong['emotion']} → {wrong['predicted']}" in page
    disputed = report.tables["disputed_ferplus_cnn"].iloc[0]
    share = f"{int(100 * disputed['first_share'])}\N{NO-BREAK SPACE}%"
    assert f"{disputed['sample_id']}: votes {disputed['first']} {share}" in page
    assert "were also chosen by at least 3 of 10 taggers" in page


def test_without_votes_nothing_is_said_of_people():
    predictions = made_up.result(n=60).predictions.assign(**dict.fromkeys(SHARES, np.nan))
    report = rendered(made_up.result(predictions=predictions))
    html = report.pages["ferplus_cnn.html"]
    assert "disputed_ferplus_cnn" not in report.tables
    assert "Most disputed" not in html
    assert "by at least 3 of 10 taggers" not in html


def test_pictures_are_shown_where_they_are_to_be_had_and_named_elsewhere(model, report, page):
    assert page.count('<div class="photographs">') == 2
    assert PRIVACY in page
    assert {"mistakes_ferplus_cnn", "disputed_ferplus_cnn"} <= set(report.figures)
    blind = rendered(model)
    html = blind.pages["ferplus_cnn.html"]
    assert "photographs" not in html.partition("<body>")[2]
    assert PRIVACY not in html
    assert "not at hand" in html
    assert not {"mistakes_ferplus_cnn", "disputed_ferplus_cnn"} & set(blind.figures)
    assert blind.tables["mistakes_ferplus_cnn"].equals(report.tables["mistakes_ferplus_cnn"])


def test_each_dataset_is_asked_for_pictures_once():
    asked = []

    def pictures(dataset, domain, sample_ids):
        asked.append((dataset, domain, len(set(sample_ids)) == len(sample_ids)))
        return {}

    rendered(made_up.result("one", n=40), made_up.result("two", n=40, skill=1), pictures=pictures)
    assert asked == [("fer2013", ORIGINAL, True)]


def test_domains_stand_beside_one_another_only_where_there_are_several(model, report, page):
    table = report.tables["domains_ferplus_cnn"]
    assert table["domain"].tolist() == [ORIGINAL, GRAYSCALE, "jpeg-5", "old_photo-3"]
    right = model.right(model.rows(domain="jpeg-5")).mean()
    assert table["accuracy_score"].iloc[2] == pytest.approx(right)
    assert "Domain by domain" in page
    assert "Domain by domain" not in page_of(made_up.result(n=50))


def test_the_banner_is_there_exactly_when_faces_are_drawn():
    models = made_up.result("drawn", n=50, synthetic=True), made_up.result("real", n=50)
    both = rendered(*models, pictures=flat)
    assert BANNER in both.html
    assert "This holds for drawn." in both.html
    assert BANNER in both.pages["drawn.html"]
    assert PRIVACY not in both.pages["drawn.html"]
    assert PRIVACY in both.pages["real.html"]
    assert BANNER not in both.pages["real.html"]
    assert both.headline == {"n_models": 2, "n_synthetic_models": 1}


def test_class_sets_stand_apart_and_every_model_is_linked():
    seven = made_up.result("seven", n=50, emotions=EMOTIONS[:7], label_space="seven_emotions")
    report = rendered(seven, made_up.result("eight", n=50), made_up.result("other", n=50, skill=1))
    assert report.html.count("<h2>8-class") == report.html.count("<h2>7-class") == 1
    assert len(report.tables["models_ferplus_fer2013_eight_emotions"]) == 2
    assert len(report.tables["models_ferplus_fer2013_seven_emotions"]) == 1
    assert sorted(Page(report.html).links) == sorted(report.pages)
    assert all(Page(html).links == ["index.html"] for html in report.pages.values())


@pytest.mark.parametrize("foreign", [True, False])
def test_of_a_foreign_model_it_is_said_what_nobody_knows(foreign):
    curves = {"curves": made_up.curves((0,))[:0]} if foreign else {}
    report = rendered(made_up.result(n=60, n_seen=20, foreign=foreign, **curves))
    html = report.pages["ferplus_cnn.html"]
    assert ("Unknown, because it was trained elsewhere" in html) == foreign
    assert ("may have been trained on" in html) == foreign
    assert ("Fewer than 3 seeds" in html) != foreign
    assert ("curves_ferplus_cnn" in report.figures) != foreign


def test_the_card_says_what_is_known_and_promises_no_feelings(report, page):
    card = report.tables["card_ferplus_cnn"].set_index("fact")["value"]
    assert card["input_px"] == "48"
    assert card["epoch kept"] == "7"
    assert card["rows trained on"] == "not recorded"
    assert "does not tell what somebody feels" in page


def test_provenance_tells_once_what_holds_for_every_seed(report):
    table = report.tables["provenance_ferplus_cnn"]
    found = table.to_records(index=False).tolist()
    assert ("input_px", "48", "every") in found
    assert ("epoch", "7", "0") in found
    assert ("epoch", "8", "1") in found


def test_a_model_without_validation_rows_or_records_is_shown_without_them():
    full = made_up.result(n=50)
    predictions = full.predictions[full.predictions["split"] == "test"]
    html = page_of(made_up.result(predictions=predictions, meta={}))
    assert "There are no validation rows" in html
    assert "Nothing was recorded" in html


def test_pages_are_self_contained_and_every_picture_is_described(report):
    for html in (report.html, *report.pages.values()):
        page = Page(html)
        assert "script" not in page.tags
        assert all(one.startswith("data:image/png;base64,") for one in page.sources)
        assert all(page.alts)
        assert "url(" not in html


def test_hostile_names_are_escaped_everywhere():
    hostile = '<script>alert("1")</script> $x_{ & \'"'
    predictions = made_up.result(n=60).predictions
    predictions = predictions.rename(columns={"p_contempt": f"p_{hostile}"})
    predictions["emotion"] = predictions["emotion"].replace("contempt", hostile)
    fields = ("description", "labels_from", "pictures_from", "label_space")
    report = rendered(
        made_up.result(
            hostile,
            **dict.fromkeys(fields, hostile),
            emotions=(*EMOTIONS[:7], hostile),
            predictions=predictions,
            meta={hostile: {hostile: [hostile]}},
        )
    )
    for html in (report.html, *report.pages.values()):
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_figures_of_every_domain_are_small_pngs():
    report = rendered(made_up.result(domains=DOMAINS, seeds=(0, 1), n=200), pictures=noise)
    for kind in ("confusion", "domains", "curves", "mistakes", "disputed"):
        png = report.figures[f"{kind}_ferplus_cnn"]
        assert len(png) < MAX_BYTES
        assert Image.open(BytesIO(png)).format == "PNG"


def test_no_models_make_a_page_that_says_so():
    report = render(Results())
    assert "No model has been evaluated yet" in report.html
    assert report.headline == {"n_models": 0, "n_synthetic_models": 0}
    assert (report.pages, report.figures, report.tables) == ({}, {}, {})


def test_equal_results_make_equal_bytes(model, report):
    again = rendered(model, pictures=flat)
    assert (again.html, again.pages) == (report.html, report.pages)
    assert again.figures == report.figures


def test_two_results_of_one_recipe_are_refused():
    with pytest.raises(ValueError, match="two results of one recipe"):
        rendered(made_up.result(n=20), made_up.result(n=20))
