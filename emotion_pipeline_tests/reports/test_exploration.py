"""The page as a whole: what it warns of, that it is safe, and that it always comes out."""

import re
import time
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.exploration import render
from emotion_pipeline.reports.exploration.cautions import cautions
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline_tests.reports import explored_made_up as made_up
from emotion_pipeline_tests.reports.pages import Page

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
BOX = {"left_px": 5, "top_px": 5, "right_px": 25, "bottom_px": 15}
AFFECT = {"valence": np.linspace(-1, 1, 420), "arousal": np.linspace(1, -1, 420)}


@pytest.fixture(scope="module")
def everything():
    boxes = [[BOX]] * 420
    rows = made_up.samples(**made_up.people(), **AFFECT, boxes=boxes, n_boxes_published=1)
    return made_up.explored(rows)


@pytest.fixture(scope="module")
def report(everything):
    return render(everything)


def test_a_healthy_dataset_is_complete_and_warns_of_nothing(everything, report):
    assert cautions(everything) == []
    assert "420 usable pictures and 0 rejects of 420 published: complete." in report.html
    assert 'class="cautions"' not in report.html
    assert report.name == "made_up"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"failed_checks": ["split: is never null"]}, "split: is never null"),
        ({"published_total": 500}, "80 are missing"),
        ({"published_total": 400}, "only 400 were published"),
        ({"samples": made_up.samples(0)}, "not one usable row"),
        ({"emotions": EMOTIONS}, "contempt is absent."),
        ({"emotions": EMOTIONS[:6]}, "Not an emotion of this dataset: fear."),
        (
            {"rejects": made_up.rejects(*[("a.csv", 1, "undecodable", "cut off")] * 10)},
            "2.3 % are rejects, most often for the reason undecodable.",
        ),
        (
            {"duplicates": made_up.duplicates([("a", "train", "fear"), ("b", "test", "fear")])},
            "groups that do so: 1; pictures outside train that are also in train: 1.",
        ),
        ({"samples": made_up.samples(person_id="F01")}, "1 persons stand in more than one split"),
        ({"samples": made_up.samples(take_id="T1")}, "1 takes stand in more than one split"),
    ],
)
def test_what_is_wrong_stands_on_top(changed, said):
    explored = made_up.explored(**changed)
    assert any(said in caution for caution in cautions(explored))
    assert said in render(explored).html


def test_rejects_that_were_published_do_not_make_a_dataset_incomplete():
    explored = made_up.explored(
        rejects=made_up.rejects(("a.jpg", None, "blank", "all black")), published_total=421
    )
    assert cautions(explored) == []


def test_rare_and_partly_absent_classes_are_named():
    rows = made_up.samples()
    rare = (rows["emotion"] == "fear") & (np.arange(420) >= 21)
    assert [said for said in cautions(made_up.explored(rows[~rare])) if "fear" in said] == [
        "fear is rare: 0.8 % of all."
    ]
    elsewhere = (rows["emotion"] == "fear") & (rows["split"] == "test")
    assert "fear is absent from test." in cautions(made_up.explored(rows[~elsewhere]))


def test_copies_within_a_split_are_told_but_no_caution():
    group = [("a", "train", "fear"), ("b", "train", "anger")]
    explored = made_up.explored(duplicates=made_up.duplicates(group))
    assert cautions(explored) == []
    html = render(explored).html
    assert "a (train, fear); b (train, anger)" in html
    assert "No two picture files are equal" not in html


def test_the_banner_is_there_exactly_when_faces_are_drawn(report):
    drawn = render(made_up.explored(made_up.samples(synthetic=True)))
    assert BANNER in drawn.html
    assert "This holds for" not in drawn.html
    mixed = render(made_up.explored(made_up.samples(synthetic=np.arange(420) < 7)))
    assert "This holds for 7 of 420 rows." in mixed.html
    assert BANNER not in report.html


def test_a_drawn_sample_is_not_blamed_for_being_small():
    drawn = made_up.explored(made_up.samples(synthetic=True), published_total=35887)
    assert cautions(drawn) == []


def test_the_page_is_self_contained_and_every_picture_is_described(report):
    page = Page(report.html)
    assert page.sources
    assert all(source.startswith("data:image/png;base64,") for source in page.sources)
    assert page.links == ["https://example.org/faces"]
    assert not re.search(r"url\s*\(|@import", report.html)
    assert "script" not in page.tags
    assert len(page.alts) > 40
    assert all(page.alts)


def test_photographs_are_not_turned_over_on_dark_screens(report):
    inside = report.html.split('<div class="photographs')[1].split("</div>")[0]
    assert inside.count("<img") == 6
    assert ".photographs img { width: 100%; filter: none; }" in report.html


def test_figures_are_small_png_with_stable_names(report):
    assert set(report.figures) == {
        *("classes", "pictures", "flattest", "contrast", "valence_arousal", "faces")
    }
    for png in report.figures.values():
        assert len(png) < MAX_BYTES
        assert Image.open(BytesIO(png)).format == "PNG"


def test_hostile_text_is_escaped_everywhere():
    hostile = '<script>alert("1")</script> $x_{ & \'"'
    rows = made_up.samples(
        420, (*made_up.SEVEN[:6], hostile), person_id=hostile, gender=hostile, color_mode=hostile
    )
    rows["sample_id"] = hostile + rows["sample_id"]
    explored = made_up.explored(
        rows,
        name=hostile,
        title=hostile,
        homepage="javascript:alert(1)",
        licence=hostile,
        rejects=made_up.rejects((hostile, 3, hostile, hostile)),
        duplicates=made_up.duplicates([(hostile, hostile, hostile)] * 2),
        failed_checks=[hostile],
    )
    report = render(explored)
    page = Page(report.html)
    assert "script" not in page.tags
    assert "<script" not in report.html
    assert "&lt;script&gt;" in report.html
    assert page.links == []


@pytest.mark.parametrize("emotions", [made_up.SEVEN, ()])
def test_a_table_without_rows_makes_a_page(emotions):
    extra = {**made_up.people(0), "valence": [], "arousal": [], "boxes": []}
    report = render(made_up.explored(made_up.samples(0, made_up.SEVEN, **extra), emotions=emotions))
    assert "There is not one usable row." in report.html
    assert report.figures == {}
    assert report.headline["rows"] == 0
    assert report.tables["rejects_by_reason"].empty
    assert {"class_counts", "sizes", "coverage_groups"} <= set(report.tables)


def test_a_table_of_votes_without_rows_makes_a_page():
    assert render(made_up.explored(made_up.votes(0))).headline["undecided"] == 0


def test_equal_datasets_make_equal_bytes_in_whatever_order_their_rows_come(everything, report):
    again = render(everything)
    assert again.html == report.html
    assert again.figures == report.figures
    turned = made_up.explored(everything.samples.iloc[::-1])
    assert render(turned).figures["classes"] == report.figures["classes"]


def test_three_hundred_thousand_rows_take_seconds():
    n = 300_000
    rows = made_up.samples(n, **made_up.people(n))
    start = time.process_time()
    report = render(made_up.explored(rows))
    assert time.process_time() - start < 30
    assert report.headline["rows"] == n
    assert pd.Series(report.headline).notna().all()
