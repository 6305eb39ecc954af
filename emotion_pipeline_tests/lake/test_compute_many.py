"""Derivations that make any number of rows from each row of their source."""

from pathlib import Path

import pyarrow as pa
import pytest

from emotion_pipeline import schema
from emotion_pipeline.lake.compute import Engine, RowMap, run
from emotion_pipeline.lake.tables import Table, bucket_of
from emotion_pipeline_tests.lake.tables_made_up import (
    ALONE,
    FACES,
    N_BUCKETS,
    faces_table,
    files_of,
    names_in,
    pictures,
)


def n_copies(name: str) -> int:
    """None, one or two of a row."""
    return int(name[-2:]) % 3


def copies(rows: pa.Table) -> pa.Table:
    """Every row as often as its name says, the last copy first."""
    names = rows["sample_id"].to_pylist()
    copied = [row for row, name in enumerate(names) for _ in range(n_copies(name))]
    places = pa.array(copied[::-1], pa.int64())
    numbered = expected(names)[::-1]
    columns = {name: rows[name].take(places) for name in rows.column_names}
    return pa.table({**columns, "sample_id": pa.array(numbered, pa.string())}).drop_columns(
        ["input_digest"]
    )


class Recorder:
    """`copies` that notes which rows it was given."""

    def __init__(self):
        self.seen: list[str] = []

    def __call__(self, rows: pa.Table) -> pa.Table:
        self.seen.extend(rows["sample_id"].to_pylist())
        return copies(rows)


def derivation(folder: Path, faces=FACES, function=copies, code: str = "v1") -> RowMap:
    target = Table(folder / "copies", schema.PICTURES, N_BUCKETS)
    source = faces_table(folder / "faces", faces)
    return RowMap(source, target, function, code, ("image_digest",), many=True)


def again(folder: Path, faces=FACES, code: str = "v1"):
    """Run once more; the outcome, the names computed, and the names that there are now."""
    calls = Recorder()
    job = derivation(folder, faces, calls, code)
    outcome = run(job, ALONE)
    return outcome, calls.seen, job.target.read_all(["sample_id"])["sample_id"].to_pylist()


def expected(faces) -> list[str]:
    return sorted(f"{name}#{number:03d}" for name in faces for number in range(n_copies(name)))


@pytest.fixture
def made(tmp_path):
    """A folder in which everything is up to date."""
    run(derivation(tmp_path), ALONE)
    return tmp_path


def test_each_row_has_all_its_rows_in_order_in_the_bucket_it_came_from(made):
    table = derivation(made).target
    for bucket in range(N_BUCKETS):
        names = table.read(bucket, ["sample_id"])["sample_id"].to_pylist()
        assert names == expected(names_in(bucket))
        assert {bucket_of(name.partition("#")[0], N_BUCKETS) for name in names} <= {bucket}
    bytes_of = {row["sample_id"]: row["image_digest"] for row in pictures(FACES).to_pylist()}
    for row in table.read_all().to_pylist():
        assert row["image_digest"] == bytes_of[row["sample_id"].partition("#")[0]]


def test_rows_are_counted_by_those_they_were_made_from(tmp_path):
    outcome, seen, names = again(tmp_path)
    assert outcome.n_rows == outcome.n_rows_computed == len(FACES)
    assert sorted(seen) == sorted(FACES)
    assert sorted(names) == expected(FACES)


def test_a_second_run_computes_and_rewrites_nothing(made):
    before = files_of(made / "copies")
    outcome, seen, _ = again(made)
    assert (seen, outcome.rewritten_buckets) == ([], [])
    assert files_of(made / "copies") == before


@pytest.mark.parametrize("name", ["face-07", "face-08"])
def test_a_changed_row_costs_itself_and_those_of_its_bucket_that_nothing_was_made_of(made, name):
    faces = {**FACES, name: 1000}
    outcome, seen, names = again(made, faces)
    empty = [one for one in names_in(bucket_of(name, N_BUCKETS)) if n_copies(one) == 0]
    assert sorted(seen) == sorted([name, *empty])
    assert outcome.rewritten_buckets == [bucket_of(name, N_BUCKETS)]
    assert sorted(names) == expected(faces)


def test_a_removed_row_takes_all_its_rows_with_it(made):
    faces = {name: number for name, number in FACES.items() if name != "face-08"}
    _, seen, names = again(made, faces)
    assert "face-08" not in seen
    assert sorted(names) == expected(faces)
    assert n_copies("face-08") == 2


def test_an_added_row_brings_all_its_rows(made):
    _, seen, names = again(made, {**FACES, "face-80": 80})
    assert "face-80" in seen
    assert set(names) - set(expected(FACES)) == {"face-80#000", "face-80#001"}


def test_changed_code_computes_every_row(made):
    assert sorted(again(made, code="v2")[1]) == sorted(FACES)


@pytest.mark.parametrize("engine", [Engine("threading", 2), Engine("loky", 2)])
def test_reused_and_computed_rows_and_every_engine_make_the_same_files(made, tmp_path, engine):
    faces = {**FACES, "face-07": 1007, "face-80": 80}
    del faces["face-02"]
    again(made, faces)
    fresh = derivation(tmp_path / "fresh", faces)
    run(fresh, engine)
    for bucket in range(N_BUCKETS):
        wanted = fresh.target.path(bucket).read_bytes()
        assert (made / "copies" / fresh.target.path(bucket).name).read_bytes() == wanted


def test_a_name_with_the_mark_in_it_keeps_its_rows_apart(tmp_path):
    faces = {"a#1-01": 1, "a#1-02": 2, "a-01": 3}
    _, _, names = again(tmp_path, faces)
    assert sorted(names) == ["a#1-01#000", "a#1-02#000", "a#1-02#001", "a-01#000"]
    assert again(tmp_path, faces)[1] == []
