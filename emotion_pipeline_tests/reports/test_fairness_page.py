"""The page on fairness: who is spoken of, what it warns of, and that it always comes out."""

import numpy as np
import pandas as pd
import pytest

from emotion_pipeline.domains import CORRUPTIONS, ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.parts.fairness.people import columns_of
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline_tests.reports import made_up
from emotion_pipeline_tests.reports.fairness_made_up import (
    BANNER,
    SLUG,
    N,
    evaluated,
    numbers,
    people,
    rendered,
    unfair_and_fair,
)
from emotion_pipeline_tests.reports.pages import Page


@pytest.fixture(scope="module")
def told():
    return people()


@pytest.fixture(scope="module")
def report(told):
    return rendered(*unfair_and_fair(told), told=told)


def test_who_is_shown_is_told_apart_from_identifiers_and_conditions(told):
    varied = told.assign(
        light=np.where(np.arange(N) % 7 > 2, "left", "right"),
        take_id="t",
        number=[str(one) for one in range(N)],
        same="x",
    )
    columns = columns_of(varied)
    assert columns.of_people == ("gender",)
    assert columns.of_conditions == ("angle", "light")
    affectnet = pd.DataFrame({"sample_id": ["a", "b"], "annotation": ["manual", "automatic"]})
    assert columns_of(affectnet).of_people == ()


def test_conditions_are_shown_apart_and_never_as_gaps(report):
    table = report.tables[f"conditions_{SLUG}"]
    assert set(table["by"]) == {"angle"}
    assert set(table["group"]) == {"straight", "half left"}
    assert "angle" not in set(report.tables[f"gaps_{SLUG}"]["by"])
    assert "this is not fairness" in report.html


def test_pictures_of_an_unknown_group_are_left_out(told):
    unknown = told.assign(gender=told["gender"].where(np.arange(N) >= 100, None))
    assert numbers(unknown, evaluated()).gaps.loc[0, "n"] == N - 100


def test_only_what_the_dataset_publishes_is_spoken_of(report, told):
    assert "gender: female, male. It says nothing of age and ethnicity" in report.html
    other = rendered(evaluated(n=200), told=told.rename(columns={"gender": "age"}))
    assert "It says nothing of gender and ethnicity" in other.html


def test_datasets_that_say_nothing_are_named(told):
    silent = rendered(made_up.result("ferplus_cnn", n=40))
    assert "fer2013 publishes no column about the people" in silent.html
    assert "Nothing can be said about fairness" in silent.html
    assert silent.figures == {}
    both = rendered(made_up.result("ferplus_cnn", n=40), evaluated(n=200), told=told)
    assert "fer2013 publishes no column about the people" in both.html
    assert "kdef publishes no column" not in both.html


def test_pictures_without_persons_are_said_to_count_as_independent(report, told):
    warning = "kdef does not say which pictures show one person"
    assert warning in rendered(evaluated(n=200), told=told.drop(columns="person_id")).html
    assert warning not in report.html


def test_class_sets_stand_apart(told):
    seven = evaluated("seven", emotions=EMOTIONS[:7], label_space="seven_emotions", n=200)
    report = rendered(evaluated("eight", n=200), seven, told=told)
    assert set(report.tables["gaps_kdef_seven_emotions"]["recipe"]) == {"seven"}
    assert set(report.tables[f"gaps_{SLUG}"]["recipe"]) == {"eight"}


def test_the_banner_is_there_exactly_when_faces_are_drawn(report, told):
    assert BANNER not in report.html
    assert BANNER in rendered(evaluated(synthetic=True, n=200), told=told).html


def test_no_models_make_a_page_that_says_so():
    report = rendered()
    assert "No model has been evaluated yet" in report.html
    assert set(report.headline.values()) == {0}


def test_the_page_is_self_contained_and_every_picture_is_described(report):
    assert Page(report.html).n_pictures_within() == 2


def test_hostile_names_are_escaped_and_break_no_figure():
    hostile = '<script>alert("1")</script> $x_{ &'
    told = people(n=200, n_persons=20, levels=(hostile, "$"))
    told = told.rename(columns={"gender": hostile})
    domains = (ORIGINAL, "jpeg-1")
    html = rendered(evaluated(hostile, n=200, domains=domains), told=told).html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_equal_results_make_equal_bytes(report, told):
    again = rendered(*unfair_and_fair(told), told=told)
    assert again.html == report.html
    assert again.figures == report.figures


def test_figures_of_many_groups_and_all_corruptions_stay_small():
    told = people(n_persons=60, levels=tuple("abcdefghijkl"))
    report = rendered(
        evaluated(domains=(ORIGINAL, *(f"{one}-3" for one in CORRUPTIONS))), told=told
    )
    assert len(report.figures) == 2
    assert all(len(png) < MAX_BYTES for png in report.figures.values())
