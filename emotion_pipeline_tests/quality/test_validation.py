import subprocess
import sys

import pandas as pd
import pytest

from emotion_pipeline.quality.suites import Rule, Suite
from emotion_pipeline.quality.validation import (
    EXPECTATIONS,
    FAILED_ROWS,
    MAX_FAILED_ROWS,
    Verdict,
    validate,
)

FILLED = Rule("filled", "ExpectColumnValuesToNotBeNull", "a is there", {"column": "a"})
ROWS = Rule("rows", "ExpectTableRowCountToBeBetween", "there are rows", {"min_value": 1})


def judge(frame: pd.DataFrame, *rules: Rule) -> Verdict:
    return validate({"toy": frame}, {"toy": Suite(rules)})


def test_a_missing_column_is_a_failed_expectation_that_names_it() -> None:
    verdict = judge(pd.DataFrame({"sample_id": ["x"]}), FILLED, ROWS)
    assert not verdict.passed
    first, second = verdict.expectations.to_dict("records")
    assert (first["expectation"], first["success"]) == ("filled", False)
    assert 'column "a"' in first["explanation"]
    assert (second["expectation"], second["success"]) == ("rows", True)


def test_a_missing_pair_of_columns_is_a_failed_expectation() -> None:
    pair = {"column_A": "a", "column_B": "b"}
    rule = Rule("same", "ExpectColumnPairValuesToBeEqual", "a is b", pair)
    verdict = judge(pd.DataFrame({"sample_id": ["x"], "a": [1]}), rule)
    assert not verdict.passed
    assert "could not be checked" in verdict.expectations["explanation"][0]


def test_a_crash_fails_every_expectation_of_the_suite_with_its_text() -> None:
    verdict = judge(pd.DataFrame({"a": [1]}), Rule("odd", "ExpectWonders", "wonders", {}), ROWS)
    assert verdict.expectations["success"].tolist() == [False, False]
    assert verdict.expectations["explanation"].str.contains("ExpectWonders").all()


def test_expectations_keep_their_order_and_a_frame_without_keys_is_judged() -> None:
    verdict = judge(pd.DataFrame({"a": [1.0, None]}), FILLED, ROWS)
    assert verdict.expectations["expectation"].tolist() == ["filled", "rows"]
    assert verdict.expectations["unexpected_count"].tolist() == [1, 0]
    assert len(verdict.failed_rows) == 0


def test_failed_rows_are_cut_but_counted() -> None:
    n_rows = MAX_FAILED_ROWS + 50
    frame = pd.DataFrame({"sample_id": [f"x{row}" for row in range(n_rows)], "a": [None] * n_rows})
    verdict = judge(frame, FILLED)
    assert len(verdict.failed_rows) == MAX_FAILED_ROWS
    assert verdict.expectations["unexpected_count"].tolist() == [n_rows]


def test_tables_of_no_rows_have_their_columns() -> None:
    verdict = validate({}, {})
    assert verdict.expectations.columns.tolist() == list(EXPECTATIONS)
    assert verdict.failed_rows.columns.tolist() == list(FAILED_ROWS)


def test_frames_and_suites_must_have_the_same_names() -> None:
    with pytest.raises(ValueError, match="differ"):
        validate({"a": pd.DataFrame()}, {"b": Suite(())})


def test_great_expectations_is_imported_only_to_validate() -> None:
    code = (
        "import sys, emotion_pipeline.quality.checks, emotion_pipeline.quality.data_docs;"
        "assert 'great_expectations' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
