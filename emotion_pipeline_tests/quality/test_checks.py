import pyarrow as pa

from emotion_pipeline import schema
from emotion_pipeline.quality.checks import check_pictures, check_votes
from emotion_pipeline.quality.validation import Verdict
from emotion_pipeline_tests.quality import tables

PUBLISHED = {"train": {"anger": 1, "fear": 1}, "validation": {"anger": 1}, "test": {"fear": 1}}


def pictures(table: pa.Table, n_rejects: int = 0) -> Verdict:
    return check_pictures(table, ("anger", "fear"), n_rejects, PUBLISHED, tables.SIZE_PX)


def failed(verdict: Verdict) -> set[str]:
    rules = verdict.expectations
    return set(rules.loc[~rules["success"], "expectation"])


def test_good_tables_pass() -> None:
    assert pictures(tables.good_samples()).passed
    assert check_votes(tables.good_votes(), 0).passed


def test_a_table_of_no_rows_fails() -> None:
    assert failed(pictures(schema.SAMPLES.empty_table())) == {"has_rows"}
    assert failed(check_votes(schema.VOTES.empty_table(), 0)) == {"has_rows"}


def test_a_missing_column_fails_what_needs_it() -> None:
    verdict = pictures(tables.good_samples().drop_columns("split"))
    assert failed(verdict) == {
        "columns_match_schema",
        "split_filled",
        "split_known",
    }


def test_labels_are_compared_where_the_caller_adds_them() -> None:
    votes = tables.good_votes()
    right = votes.append_column("label", pa.array(["happiness", "happiness", "fear"]))
    wrong = votes.append_column("label", pa.array(["fear", "anger", "happiness"]))
    assert check_votes(right, 0).passed
    assert failed(check_votes(wrong, 0)) == {"votes_agree"}
