from pathlib import Path

import pyarrow as pa
import pytest

from emotion_pipeline import schema
from emotion_pipeline.lake.compute import Engine, RowMap, RowsInMemory, run
from emotion_pipeline.lake.tables import DamagedTable, Table, bucket_of, split_into_buckets
from emotion_pipeline_tests.lake.tables_made_up import (
    ALONE,
    FACES,
    N_BUCKETS,
    derivation,
    files_of,
    flip_a_byte_of,
    names_in,
    pictures,
    upside_down,
)

NEW = "face-new"


class Recorder:
    """`upside_down` that notes which rows it was given; raises at the name it is told to."""

    def __init__(self, fails_at: str = ""):
        self.seen: list[str] = []
        self.fails_at = fails_at

    def __call__(self, rows: pa.Table) -> pa.Table:
        names = rows["sample_id"].to_pylist()
        if self.fails_at in names:
            raise RuntimeError(f"cannot turn {self.fails_at}")
        self.seen.extend(names)
        return upside_down(rows)


def rewritten(before: dict, after: dict) -> list[str]:
    return sorted(name for name in after if after[name] != before.get(name))


def file_name(name: str) -> str:
    return f"bucket-{bucket_of(name, N_BUCKETS):03d}-of-{N_BUCKETS:03d}.parquet"


@pytest.fixture
def made(tmp_path):
    """A folder in which everything is up to date, and the files of the target."""
    run(derivation(tmp_path, FACES), ALONE)
    return tmp_path, files_of(tmp_path / "upside_down")


def again(folder: Path, faces=FACES, code: str = "v1"):
    """Run once more; the outcome, the names computed, and the files that there are now."""
    calls = Recorder()
    job = derivation(folder, faces, calls, code)
    outcome = run(job, ALONE)
    return outcome, calls.seen, files_of(job.target.folder)


def test_every_row_is_computed_at_first(tmp_path):
    outcome, seen, _ = again(tmp_path)
    assert sorted(seen) == sorted(FACES)
    assert outcome.n_rows == outcome.n_rows_computed == len(FACES)
    assert outcome.rewritten_buckets == list(range(N_BUCKETS))
    target = Table(tmp_path / "upside_down", schema.PICTURES, N_BUCKETS)
    wanted = upside_down(pictures(FACES)).drop_columns(["image_digest"])
    assert target.read_all(wanted.column_names).sort_by("sample_id").equals(wanted)


def test_a_second_run_computes_and_rewrites_nothing(made):
    folder, before = made
    outcome, seen, after = again(folder)
    assert seen == []
    assert after == before
    assert outcome.rewritten_buckets == []
    assert outcome.n_rows_computed == 0
    assert outcome.n_rows == len(FACES)
    assert str(outcome) == "0 of 4 buckets rewritten, 0 of 20 rows computed"


def test_a_changed_row_costs_one_row_and_one_bucket(made):
    folder, before = made
    outcome, seen, after = again(folder, {**FACES, "face-07": 1007})
    assert seen == ["face-07"]
    assert rewritten(before, after) == [file_name("face-07")]
    assert outcome.n_rows_computed == 1
    assert outcome.rewritten_buckets == [bucket_of("face-07", N_BUCKETS)]


def test_an_added_row_costs_one_row_and_one_bucket(made):
    folder, before = made
    outcome, seen, after = again(folder, {**FACES, NEW: 100})
    assert seen == [NEW]
    assert rewritten(before, after) == [file_name(NEW)]
    assert outcome.n_rows == len(FACES) + 1


def test_a_removed_row_costs_one_bucket_and_no_row(made):
    folder, before = made
    faces = {name: number for name, number in FACES.items() if name != "face-07"}
    outcome, seen, after = again(folder, faces)
    assert seen == []
    assert rewritten(before, after) == [file_name("face-07")]
    assert outcome.n_rows_computed == 0
    target = Table(folder / "upside_down", schema.PICTURES, N_BUCKETS)
    assert sorted(target.read_all(["sample_id"])["sample_id"].to_pylist()) == sorted(faces)


def test_reused_and_computed_rows_make_the_same_files_as_computing_all(made, tmp_path_factory):
    folder, _ = made
    faces = {**FACES, "face-07": 1007, NEW: 100}
    del faces["face-03"]
    again(folder, faces)
    fresh = tmp_path_factory.mktemp("fresh")
    again(fresh, faces)
    for path in (fresh / "upside_down").iterdir():
        assert (folder / "upside_down" / path.name).read_bytes() == path.read_bytes()


def test_columns_that_the_result_is_not_keyed_by_make_nothing_stale(made):
    folder, before = made
    rows = pictures(FACES)
    wider = rows.set_column(
        rows.schema.get_field_index("width_px"), "width_px", pa.array([9] * len(rows), pa.int32())
    )
    source = RowsInMemory(split_into_buckets(wider, N_BUCKETS))
    target = Table(folder / "upside_down", schema.PICTURES, N_BUCKETS)
    outcome = run(RowMap(source, target, upside_down, "v1", ("image_digest",)), ALONE)
    assert outcome.rewritten_buckets == []
    outcome = run(RowMap(source, target, upside_down, "v1", ("image_digest", "width_px")), ALONE)
    assert outcome.n_rows_computed == len(FACES)
    assert len(before) == N_BUCKETS


def test_changed_code_computes_every_row(made):
    folder, _ = made
    outcome, seen, _ = again(folder, code="v2")
    assert sorted(seen) == sorted(FACES)
    assert outcome.rewritten_buckets == list(range(N_BUCKETS))


def test_changed_code_with_the_same_result_keeps_the_version(made):
    folder, _ = made
    target = Table(folder / "upside_down", schema.PICTURES, N_BUCKETS)
    before = target.version()
    again(folder, code="v2")
    assert target.version() == before
    assert target.provenance(0).code == "v2"


def test_changed_input_with_the_same_result_keeps_the_version(tmp_path):
    def always_the_same(rows: pa.Table) -> pa.Table:
        return pictures(dict.fromkeys(rows["sample_id"].to_pylist(), 5)).drop_columns(
            ["input_digest"]
        )

    first = derivation(tmp_path, FACES, always_the_same)
    run(first, ALONE)
    before = first.target.version()
    second = derivation(tmp_path, {**FACES, "face-07": 1007}, always_the_same)
    assert run(second, ALONE).n_rows_computed == 1
    assert second.target.version() == before


def test_rows_that_the_function_drops_are_not_in_the_target(tmp_path):
    def without_one(rows: pa.Table) -> pa.Table:
        return upside_down(rows.filter([n != "face-07" for n in rows["sample_id"].to_pylist()]))

    job = derivation(tmp_path, FACES, without_one)
    run(job, ALONE)
    names = job.target.read_all(["sample_id"])["sample_id"].to_pylist()
    assert sorted(names) == sorted(FACES.keys() - {"face-07"})
    assert run(job, ALONE).rewritten_buckets == []


def test_rows_may_be_returned_in_any_order(made):
    folder, _ = made

    def backwards(rows: pa.Table) -> pa.Table:
        return upside_down(rows).sort_by([("sample_id", "descending")])

    job = derivation(folder, FACES, backwards, "v2")
    before = job.target.version()
    run(job, ALONE)
    assert job.target.version() == before


def test_a_source_without_rows_gives_an_empty_table(tmp_path):
    calls = Recorder()
    job = derivation(tmp_path, {}, calls)
    assert run(job, ALONE).n_rows == 0
    assert calls.seen == []
    assert job.target.read_all().num_rows == 0
    assert job.target.version() is not None


def test_a_truncated_target_bucket_is_computed_anew_and_no_other(made):
    folder, before = made
    target = Table(folder / "upside_down", schema.PICTURES, N_BUCKETS)
    version = target.version()
    target.path(2).write_bytes(target.path(2).read_bytes()[:-20])
    _, seen, after = again(folder)
    assert seen == names_in(2)
    assert rewritten(before, after) == [target.path(2).name]
    assert target.version() == version


def test_rows_of_a_damaged_target_bucket_are_not_reused(made):
    folder, _ = made
    target = Table(folder / "upside_down", schema.PICTURES, N_BUCKETS)
    changed = names_in(2)[0]
    flip_a_byte_of(target, 2, "image.bytes")
    _, seen, _ = again(folder, {**FACES, changed: 1007})
    assert seen == names_in(2)
    assert target.read(2).num_rows == len(names_in(2))


def test_doing_what_the_message_about_damage_says_mends_the_table(made):
    folder, _ = made
    target = Table(folder / "upside_down", schema.PICTURES, N_BUCKETS)
    rows = target.read(2)
    flip_a_byte_of(target, 2, "image.bytes")
    with pytest.raises(DamagedTable):
        target.read(2)
    target.path(2).unlink()
    assert again(folder)[1] == names_in(2)
    assert target.read(2).equals(rows)


def test_a_damaged_source_raises_and_leaves_the_target_as_it_was(made):
    folder, before = made
    job = derivation(folder, FACES, code="v2")
    flip_a_byte_of(job.source, 0, "image.bytes")
    with pytest.raises(DamagedTable, match="faces"):
        run(job, ALONE)
    assert files_of(job.target.folder) == before


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
@pytest.mark.parametrize("workers", [1, 2])
def test_every_engine_writes_the_same_bytes(made, tmp_path_factory, backend, workers):
    folder, _ = made
    job = derivation(tmp_path_factory.mktemp("other"), FACES)
    outcome = run(job, Engine(backend, workers))
    assert outcome.rewritten_buckets == list(range(N_BUCKETS))
    assert outcome.n_rows_computed == len(FACES)
    for bucket in range(N_BUCKETS):
        wanted = (folder / "upside_down" / job.target.path(bucket).name).read_bytes()
        assert job.target.path(bucket).read_bytes() == wanted


@pytest.mark.parametrize("engine", [ALONE, Engine("threading", 2), Engine("loky", 2)])
def test_an_error_of_the_function_reaches_the_caller(tmp_path, engine):
    job = derivation(tmp_path, FACES, Recorder(fails_at=names_in(2)[0]))
    with pytest.raises(RuntimeError, match="cannot turn"):
        run(job, engine)
    assert job.target.version() is None


def test_after_an_error_only_the_unfinished_buckets_are_computed(tmp_path):
    with pytest.raises(RuntimeError):
        run(derivation(tmp_path, FACES, Recorder(fails_at=names_in(2)[-1])), ALONE)
    finished = files_of(tmp_path / "upside_down")
    assert len(finished) == 2
    _, seen, after = again(tmp_path)
    assert sorted(seen) == sorted(names_in(2) + names_in(3))
    assert {name: after[name] for name in finished} == finished


def test_other_numbers_of_buckets_are_refused(made):
    folder, before = made
    job = derivation(folder, FACES)
    other = Table(job.target.folder, schema.PICTURES, 8)
    with pytest.raises(ValueError, match="source has 4 buckets, target 8"):
        run(RowMap(job.source, other, upside_down, "v1", ("image_digest",)), ALONE)
    assert files_of(job.target.folder) == before


def test_a_changed_number_of_buckets_leaves_no_old_files(made):
    folder, _ = made
    source = RowsInMemory(split_into_buckets(pictures(FACES), 2))
    target = Table(folder / "upside_down", schema.PICTURES, 2)
    assert target.version() is None
    run(RowMap(source, target, upside_down, "v1", ("image_digest",)), ALONE)
    assert files_of(target.folder).keys() == {target.path(0).name, target.path(1).name}
    assert target.read_all().num_rows == len(FACES)


@pytest.mark.parametrize("engine", [ALONE, Engine("threading", 2)])
def test_progress_is_told_once_per_bucket(tmp_path, engine):
    told = []
    run(derivation(tmp_path, FACES), engine, lambda done, of: told.append((done, of)))
    assert told == [(done, N_BUCKETS) for done in range(1, N_BUCKETS + 1)]
