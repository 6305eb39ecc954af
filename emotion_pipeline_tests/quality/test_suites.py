"""Every rule in both directions: a good frame passes, one changed cell breaks that rule only."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from emotion_pipeline import schema
from emotion_pipeline.quality import facts, suites
from emotion_pipeline.quality.expected import Expected
from emotion_pipeline.quality.profile import VOTES, profile
from emotion_pipeline.quality.suites import Suite
from emotion_pipeline.quality.validation import Verdict, validate
from emotion_pipeline_tests.quality import tables
from emotion_pipeline_tests.quality.tables import changed

MANY = 2000  # rows: enough that a tolerance is a share and not one row
SQUARE = (tables.SIZE_PX, tables.SIZE_PX)
EXPECTED = Expected(tables.FACES, ("anger", "fear"), size_px=SQUARE, blank_sd=4.0)
PICTURES = suites.pictures(EXPECTED, MANY)
Change = Callable[[pd.DataFrame], pd.DataFrame]


def judge(frame: pd.DataFrame, suite: Suite) -> Verdict:
    return validate({"suite": frame}, {"suite": suite})


def failed(verdict: Verdict) -> list[str]:
    rules = verdict.expectations
    return rules.loc[~rules["success"], "expectation"].tolist()


def cell(column: str, value: object, row: int = 0) -> Change:
    return lambda frame: changed(frame, column, value, row)


PICTURE_CHANGES: dict[str, Change] = {
    "has_rows": lambda frame: frame.iloc[:0],
    "sample_id_filled": cell("sample_id", None),
    "sample_id_unique": cell("sample_id", "toy/001"),
    "split_filled": cell("split", None),
    "split_known": cell("split", "Training"),
    "emotion_filled": cell("emotion", None),
    "emotion_known": cell("emotion", "contempt"),
    "pictures_decode": cell("pixel_max", np.nan),
    "pixel_min_in_range": cell("pixel_min", -1.0),
    "pixel_max_in_range": cell("pixel_max", 256.0),
    "not_black": cell("pixel_max", 0.0),
    "not_blank": cell("pixel_sd", 3.9),
    "width_px_in_range": cell("width_px", 5.0),
    "height_px_in_range": cell("height_px", 3.0),
    "n_boxes_dropped_in_range": cell("n_boxes_dropped", 1),
    "n_boxes_outside_in_range": cell("n_boxes_outside", 1),
    "valence_in_range": cell("valence", 1.01),
    "arousal_in_range": cell("arousal", -2.0),
}

VOTE_CHANGES: dict[str, Change] = {
    "has_rows": lambda frame: frame.iloc[:0],
    "sample_id_filled": cell("sample_id", None),
    "sample_id_unique": cell("sample_id", "toy/001"),
    "split_filled": cell("split", None),
    "split_known": cell("split", "Usage"),
    "emotion_known": cell("emotion", "joy"),
    "undecided_filled_where_emotion_is_not": cell("undecided", None, row=2),
    **{f"{name}_in_range": cell(name, 11.0) for name in VOTES},
    "votes_sum_filled": cell("votes_sum", np.nan),
    "ten_votes": cell("votes_sum", 9.0),
}


def test_good_pictures_pass_every_rule_and_every_rule_is_tested() -> None:
    verdict = judge(profile(tables.good_faces()), PICTURES)
    assert verdict.passed
    assert verdict.expectations["expectation"].tolist() == list(PICTURE_CHANGES)
    assert len(verdict.failed_rows) == 0


@pytest.mark.parametrize("rule", PICTURE_CHANGES)
def test_a_changed_picture_breaks_one_rule(rule: str) -> None:
    verdict = judge(PICTURE_CHANGES[rule](profile(tables.good_faces())), PICTURES)
    assert (verdict.passed, failed(verdict)) == (False, [rule])


def test_pictures_of_any_size_pass_where_none_is_expected() -> None:
    frame = cell("width_px", 9.0)(profile(tables.good_faces()))
    assert judge(frame, suites.pictures(replace(EXPECTED, size_px=None), MANY)).passed


@pytest.mark.parametrize(("n_black", "passes"), [(2, True), (3, False)])
def test_two_black_pictures_in_two_thousand_are_tolerated_and_listed(
    n_black: int, passes: bool
) -> None:
    frame = pd.concat([profile(tables.good_faces())] * 500, ignore_index=True)
    frame["sample_id"] = [f"toy/{row}" for row in range(2000)]
    frame.loc[: n_black - 1, ["pixel_max", "pixel_sd"]] = 0.0
    verdict = judge(frame, PICTURES)
    assert failed(verdict) == ([] if passes else ["not_black", "not_blank"])
    black = verdict.failed_rows.query("expectation == 'not_black'")
    assert black["sample_id"].tolist() == [f"toy/{row}" for row in range(n_black)]
    assert black["column"].unique().tolist() == ["pixel_max"]
    assert black["value"].unique().tolist() == ["0.0"]


def test_good_votes_pass_every_rule_and_every_rule_is_tested() -> None:
    verdict = judge(profile(tables.good_votes()), suites.votes(MANY))
    assert verdict.passed
    assert verdict.expectations["expectation"].tolist() == list(VOTE_CHANGES)


@pytest.mark.parametrize("rule", VOTE_CHANGES)
def test_a_changed_vote_breaks_one_rule(rule: str) -> None:
    verdict = judge(VOTE_CHANGES[rule](profile(tables.good_votes())), suites.votes(MANY))
    assert (verdict.passed, failed(verdict)) == (False, [rule])


@pytest.mark.parametrize(
    ("table", "passes"),
    [
        (tables.good_samples(), True),
        (tables.good_samples().drop_columns("split"), False),
        (tables.good_samples().append_column("age", pa.array([1, 2, 3, 4])), False),
    ],
)
def test_columns_match_the_schema(table: pa.Table, passes: bool) -> None:
    verdict = judge(facts.column_facts(table.schema, schema.SAMPLES), suites.columns())
    assert failed(verdict) == ([] if passes else ["columns_match_schema"])


@pytest.mark.parametrize(
    ("n_rows", "broken"), [(10, []), (9, ["class_not_too_small"]), (13, ["class_not_too_large"])]
)
def test_class_counts_stay_within_their_bounds(n_rows: int, broken: list[str]) -> None:
    frame = pd.DataFrame({"name": ["fear"], "n_rows": n_rows, "at_least": 10, "at_most": 12})
    verdict = judge(frame, suites.class_counts())
    assert failed(verdict) == broken
    assert verdict.failed_rows["sample_id"].tolist() == ["fear"] * len(broken)


@pytest.mark.parametrize(("n_black", "passes"), [(1, True), (2, False)])
def test_one_odd_row_is_tolerated_in_a_small_table(n_black: int, passes: bool) -> None:
    frame = profile(tables.good_samples())
    frame.loc[: n_black - 1, ["pixel_max", "pixel_sd"]] = 0.0
    suite = suites.pictures(Expected(emotions=("anger", "fear"), blank_sd=4.0), len(frame))
    assert judge(frame, suite).passed is passes


@pytest.mark.parametrize(
    ("n_rows", "n_rejects", "broken"),
    [(100, 5, []), (100, 6, ["few_rejects"]), (2000, 20, []), (2000, 21, ["few_rejects"])],
)
def test_one_row_in_a_hundred_may_be_rejected(
    n_rows: int, n_rejects: int, broken: list[str]
) -> None:
    frame = facts.reject_facts(n_rows - n_rejects, n_rejects)
    assert failed(judge(frame, suites.rejects(["blank"] * n_rejects))) == broken


@pytest.mark.parametrize(("label", "broken"), [("fear", []), ("joy", ["votes_agree"])])
def test_votes_agree_with_half_of_the_labels(label: str, broken: list[str]) -> None:
    votes = pd.DataFrame({"emotion": ["fear", "fear"], "label": [label, "anger"]})
    verdict = judge(facts.agreement_facts(votes), suites.agreement())
    assert failed(verdict) == broken
    assert verdict.expectations["observed"].tolist() == ["0 observed" if broken else "0.5 observed"]
