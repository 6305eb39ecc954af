"""Verdicts on maps, and the pages that show them."""

import re
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.base import Results
from emotion_pipeline.reports.explain import render
from emotion_pipeline.reports.parts.explain import numbers as explain
from emotion_pipeline.reports.parts.explain.figures import TILE_PX, overlay
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline_tests.reports import explained_made_up, made_up
from emotion_pipeline_tests.reports.pages import Page

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
PRIVACY = "This page shows pictures of people"
FAILS = "must not be read"
SEVEN = {"emotions": EMOTIONS[:7], "label_space": "seven_emotions"}


def rendered(*found, pictures=explained_made_up.faces, **others):
    models = [made_up.result(one.recipe, n=60, **others) for one in found]
    return render(Results(models=models, explanations=list(found), pictures=pictures))


@pytest.fixture(scope="module")
def found():
    return explained_made_up.explained()


@pytest.fixture(scope="module")
def report(found):
    return rendered(found)


@pytest.fixture(scope="module")
def page(report, found):
    return report.pages[f"{found.recipe}.html"]


def small(**others):
    """A result whose pages are rendered in no time: two emotions, one picture of a kind."""
    return explained_made_up.explained(**{"emotions": EMOTIONS[:2], "n_of_a_kind": 1} | others)


def test_checks_are_means_over_the_original_pictures_with_intervals_around_them(found):
    rows = found.rows[found.rows["domain"] == ORIGINAL]
    table = explain.checks_table(found).set_index("pictures")
    right = rows["predicted"] == rows["emotion"]
    for kind, some in (("all", rows), ("named right", rows[right]), ("named wrong", rows[~right])):
        row = table.loc[kind]
        more = some["salient_drop"] - some["random_drop"]
        assert row["n"] == len(some)
        assert row["redrawn_similarity"] == pytest.approx(some["redrawn_similarity"].mean())
        assert row["salient_drop_score"] == pytest.approx(some["salient_drop"].mean())
        assert row["drop_score_difference"] == pytest.approx(more.mean())
        half = 1.96 * more.std() / len(some) ** 0.5
        assert row["drop_score_difference_low"] == pytest.approx(more.mean() - half, abs=half / 4)
        assert row["drop_score_difference_high"] == pytest.approx(more.mean() + half, abs=half / 4)


@pytest.mark.parametrize(
    ("similarity", "salient_drop", "expected"),
    [
        (0.1, 0.4, "pass both checks"),
        (0.8, 0.4, "fail the first check"),
        (0.1, 0.1, "fail the second check"),
        (0.8, 0.05, "fail both checks"),
    ],
)
def test_the_verdict_says_which_check_fails(similarity, salient_drop, expected):
    one = explained_made_up.explained(similarity=similarity, salient_drop=salient_drop)
    checks = explain.checks_table(one).iloc[0].to_dict()
    assert expected in explain.verdict(checks)[0]
    assert explain.passed(checks) == ("pass" in expected)
    assert any(FAILS in text for text in explain.cautions(one, checks)) == ("fail" in expected)


def test_a_verdict_that_chance_could_turn_over_is_not_a_pass():
    one = explained_made_up.explained(n_of_a_kind=1)
    one.rows["redrawn_similarity"] = np.resize([0.1, 0.8], len(one.rows))
    checks = explain.checks_table(one).iloc[0].to_dict()
    assert checks["redrawn_similarity"] < explain.MOST_ALIKE < checks["redrawn_similarity_high"]
    assert not explain.gives_another_map(checks)


def test_the_verdict_stands_in_words_on_both_pages(found, report, page):
    for html in (report.html, page):
        assert "pass both checks" in html
        assert FAILS not in html.split("How to read this")[0]
    failed = small(similarity=0.9)
    pages = rendered(failed)
    assert pages.headline["n_models_that_pass"] == 0
    for html in (pages.html, pages.pages[f"{failed.recipe}.html"]):
        assert FAILS in html


def test_stability_equals_scipy_apart_by_whether_the_answer_stays(found):
    rows = found.rows.reset_index(drop=True)
    alike = {"the same answer": [], "another answer": []}
    for _, some in rows.groupby("sample_id"):
        before, after = (some.index[some["domain"] == one][0] for one in (ORIGINAL, "old_photo-3"))
        kind = "the same answer" if some["predicted"].nunique() == 1 else "another answer"
        one, other = (found.maps[place].ravel() for place in (before, after))
        alike[kind].append(spearmanr(one, other).statistic)
    for row in explain.stability_table(found).to_dict("records"):
        assert row["n"] == len(alike[row["degraded"]])
        assert row["map_similarity"] == pytest.approx(np.mean(alike[row["degraded"]]))
        assert row["map_similarity_low"] < row["map_similarity"] < row["map_similarity_high"]


def test_a_model_that_knows_no_degraded_domain_has_no_such_section():
    one = small(domains=(ORIGINAL,))
    html = rendered(one).pages[f"{one.recipe}.html"]
    assert explain.stability_table(one).empty
    assert "On degraded pictures" not in html
    assert "old_photo-3" not in html


def test_few_pictures_are_said_to_be_few(found, report):
    assert "too few pictures" not in report.html
    assert "only 4 pictures, too few" in rendered(small()).html


def test_an_overlay_is_the_picture_in_the_colours_of_the_map():
    dark, bright = np.zeros((48, 48), np.uint8), np.full((48, 48), 255, np.uint8)
    nothing, most = (overlay(bright, one) for one in (dark, bright))
    assert nothing.shape == (TILE_PX, TILE_PX, 3)
    red, green, blue = most[0, 0].astype(int)
    assert min(red, green) > blue + 40  # yellow
    assert nothing[0, 0].sum() < most[0, 0].sum()
    np.testing.assert_array_equal(overlay(np.repeat(bright[..., None], 3, 2), dark), nothing)


def test_pages_are_self_contained_and_every_picture_is_described(report, page):
    for html in (report.html, page):
        parsed = Page(html)
        assert all(link.startswith("data:image/png;base64,") for link in parsed.sources)
        assert not re.search(r"url\s*\(|@import", html)
        assert "script" not in parsed.tags
        assert parsed.alts
        assert all(parsed.alts)
        assert len(html) < 3_000_000


def test_at_most_four_pictures_of_an_emotion_and_kind_stand_on_a_page():
    many = small(n_of_a_kind=6)
    html = rendered(many).pages[f"{many.recipe}.html"]
    for kind in ("named right", "named wrong"):
        strip = html.split(f"<h4>neutral, {kind}</h4>")[1].split("</div>")[0]
        assert strip.count("<img") == 4


def test_the_banner_is_there_exactly_when_faces_are_drawn(report, page):
    drawn = small(recipe="drawn", synthetic=True)
    pages = rendered(drawn, synthetic=True)
    for html in (pages.html, pages.pages["drawn.html"]):
        assert BANNER in html
        assert PRIVACY not in html
    assert pages.headline["n_synthetic_models"] == 1
    assert BANNER not in report.html + page
    assert PRIVACY in page


def test_without_pictures_there_are_verdicts_and_no_galleries(found):
    html = rendered(small(), pictures=lambda *_: {}).pages["ferplus_cnn.html"]
    assert "May these maps be read?" in html
    assert "Picture by picture" not in html
    assert PRIVACY not in html


def test_class_sets_stand_in_different_tables():
    eight, seven = small(recipe="eight"), small(recipe="seven")
    models = [made_up.result("eight", n=60), made_up.result("seven", n=60, **SEVEN)]
    report = render(Results(models=models, explanations=[seven, eight]))
    tables = {name: one for name, one in report.tables.items() if name.startswith("maps_")}
    assert [one["recipe"].tolist() for one in tables.values()] == [["eight"], ["seven"]]
    assert "8-class (eight_emotions)" in report.html
    assert "7-class (seven_emotions)" in report.html


def test_explained_models_that_were_not_evaluated_are_named_and_left_out():
    report = render(Results(explanations=[small(recipe="only_explained")]))
    assert "left out: only_explained" in report.html
    assert report.pages == {}
    unexplained = render(Results(models=[made_up.result(n=60)]))
    assert "No model has been explained yet" in unexplained.html
    assert unexplained.headline["n_models"] == 0


@pytest.mark.parametrize("n_pictures", [9, 10])
def test_mean_maps_of_a_handful_of_people_are_not_drawn(n_pictures):
    one = small()
    (emotion, mean), *_ = one.means.items()
    one.means.clear()
    one.means[emotion] = replace(mean, n_pictures=n_pictures)
    report = rendered(one)
    assert bool(report.figures) == (n_pictures >= 10)
    assert ("On average" in report.pages[f"{one.recipe}.html"]) == (n_pictures >= 10)


def test_figures_are_small_and_can_be_read(report, found):
    for png in report.figures.values():
        assert len(png) < MAX_BYTES
        assert Image.open(BytesIO(png)).width > 800
    assert set(report.figures) == {f"mean_maps_{found.recipe}"}


def test_hostile_names_are_escaped():
    hostile = '<script>alert("1")</script> $x_{ & \''
    html = rendered(small(recipe=hostile)).html
    assert hostile not in html
    assert "<script" not in html


def test_equal_results_make_equal_bytes():
    one, other = rendered(small()), rendered(small())
    assert (one.html, one.pages, one.figures) == (other.html, other.pages, other.figures)
