from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from emotion_pipeline import schema
from emotion_pipeline.quality.checks import check_pictures, check_votes
from emotion_pipeline.quality.expected import Expected
from emotion_pipeline.quality.validation import Verdict
from emotion_pipeline_tests.quality import tables

EXPECTED = Expected(
    emotions=("anger", "fear"),
    published={"train": {"anger": 1, "fear": 1}, "validation+test": {"anger": 1, "fear": 1}},
    whole=True,
    size_px=(tables.SIZE_PX, tables.SIZE_PX),
    pictures_apart=True,
)
FACES = replace(EXPECTED, columns=tables.FACES, apart=("person_id",))


def pictures(
    table: pa.Table, expected: Expected = EXPECTED, rejects: Sequence[str] = ()
) -> Verdict:
    return check_pictures(table, table.schema, expected, rejects)


def votes(table: pa.Table) -> Verdict:
    return check_votes(table, tables.good_votes().schema, schema.VOTES)


def failed(verdict: Verdict) -> set[str]:
    rules = verdict.expectations
    return set(rules.loc[~rules["success"], "expectation"])


def changed(table: pa.Table, column: str, row: int, value: object) -> pa.Table:
    values = table[column].to_pylist()
    values[row] = value
    place = table.column_names.index(column)
    return table.set_column(place, table.field(column), pa.array(values, table[column].type))


def test_good_tables_pass() -> None:
    assert pictures(tables.good_samples()).passed
    assert pictures(tables.good_faces(), FACES).passed
    assert votes(tables.good_votes()).passed


def test_a_table_of_no_rows_fails() -> None:
    assert failed(pictures(schema.SAMPLES.empty_table())) == {"has_rows", "complete"}
    assert failed(votes(schema.VOTES.empty_table())) == {"has_rows"}


def test_a_missing_column_fails_what_needs_it() -> None:
    verdict = pictures(tables.good_samples().drop_columns("split"))
    assert failed(verdict) == {"columns_match_schema", "split_filled", "split_known"}


def test_a_missing_picture_fails_unless_a_part_is_meant() -> None:
    part = tables.good_samples().slice(0, 3)
    verdict = pictures(part)
    assert failed(verdict) == {"complete"}
    sentence = verdict.expectations.set_index("expectation").loc["complete", "explanation"]
    assert "all 4 published pictures are there, 3 were found" in sentence
    assert "EMOTION_PIPELINE_PARTIAL" in sentence
    assert pictures(part, replace(EXPECTED, whole=False)).passed


def test_rejected_pictures_count_as_found() -> None:
    assert pictures(tables.good_samples().slice(0, 3), rejects=["blank"]).passed


def test_more_pictures_than_were_published_fail() -> None:
    more = tables.samples(["train"] * 3 + ["test"] * 2, ["anger", "fear", "fear", "anger", "fear"])
    assert "nothing_added" in failed(pictures(more))


def test_rejects_of_a_healthy_copy_do_not_count_and_others_are_counted_by_reason() -> None:
    rejects = ["no_emotion"] * 15 + ["blank", "undecodable"] * 5
    healthy = replace(EXPECTED, published={}, rejects=("blank", "no_emotion"))
    assert pictures(tables.good_samples(), healthy, rejects).passed
    strict = replace(healthy, rejects=("no_emotion",))
    verdict = pictures(tables.good_samples(), strict, rejects)
    assert failed(verdict) == {"few_rejects"}
    sentence = verdict.expectations.set_index("expectation").loc["few_rejects", "explanation"]
    assert "5 blank, 5 undecodable" in sentence


def test_a_person_in_two_splits_fails() -> None:
    verdict = pictures(changed(tables.good_faces(), "person_id", 2, "a"), FACES)
    assert failed(verdict) == {"persons_apart"}
    assert verdict.failed_rows[["suite", "sample_id"]].to_numpy().tolist() == [
        ["person_id_apart", "a"]
    ]
    assert pictures(changed(tables.good_faces(), "person_id", 1, "a"), FACES).passed


def test_a_picture_in_two_splits_fails_where_the_splits_are_ours() -> None:
    table = changed(tables.good_samples(), "image_digest", 2, tables.digest(0))
    assert failed(pictures(table)) == {"pictures_apart"}
    assert pictures(table).failed_rows["sample_id"].tolist() == ["toy/000 and toy/002"]
    assert pictures(table, replace(EXPECTED, pictures_apart=False)).passed
    within = changed(tables.good_samples(), "image_digest", 1, tables.digest(0))
    assert pictures(within).passed


def test_a_dataset_without_emotions_has_none() -> None:
    none = replace(EXPECTED, emotions=(), published={})
    table = tables.samples(["train", "test"], [None, None])
    assert pictures(table, none).passed
    assert failed(pictures(changed(table, "emotion", 0, "fear"), none)) == {"emotion_empty"}


def test_labels_are_compared_where_the_caller_adds_them() -> None:
    table = tables.good_votes()
    right = table.append_column("label", pa.array(["happiness", "happiness", "fear"]))
    wrong = table.append_column("label", pa.array(["fear", "anger", "happiness"]))
    assert votes(right).passed
    assert failed(votes(wrong)) == {"votes_agree"}
