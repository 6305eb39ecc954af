import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emotion_pipeline import schema
from emotion_pipeline.lake import tables
from emotion_pipeline.lake.compute import RowMap, run
from emotion_pipeline.lake.tables import Table
from emotion_pipeline_tests.lake.tables_made_up import (
    ALONE,
    FACES,
    faces_table,
    files_of,
    flip_a_byte_of,
    upside_down,
)

CHANGES = {
    "added": FACES | {"face-075": 75, "face-zz": 76},
    "removed": {name: number for name, number in FACES.items() if number not in (0, 7, 19)},
    "changed": FACES | {"face-03": 103, "face-11": 111},
    "all of it": {name: 200 + number for name, number in FACES.items()},
    "nothing": FACES,
}


@pytest.fixture
def two_rows_a_part(monkeypatch):
    monkeypatch.setattr(tables, "PART_ROWS", 2)


def n_parts(table: Table) -> int:
    return pq.ParquetFile(table.path(0)).num_row_groups


def derived(folder, faces, function=upside_down) -> RowMap:
    source = faces_table(folder / "faces", faces, n_buckets=1)
    target = Table(folder / "upside_down", schema.PICTURES, 1)
    return RowMap(source, target, function, "code", keyed_by=("image_digest",))


def test_a_bucket_is_stored_in_parts_of_so_many_rows(tmp_path, two_rows_a_part):
    table = faces_table(tmp_path, FACES, n_buckets=1)
    assert [part.num_rows for part in table.parts(0)] == [2] * 10
    assert table.read(0) == pa.concat_tables(table.parts(0))
    assert table.read(0)["sample_id"].to_pylist() == sorted(FACES)
    assert table.part(0, 3) == list(table.parts(0))[3]
    names = table.read(0, ["sample_id"])
    assert names.column_names == ["sample_id"]
    assert names.num_rows == len(FACES)


def test_large_rows_make_small_parts(tmp_path, monkeypatch):
    small = faces_table(tmp_path / "small", FACES, n_buckets=1)
    assert n_parts(small) == 1
    n_bytes = small.read(0).nbytes
    monkeypatch.setattr(tables, "PART_BYTES", n_bytes // 4)
    assert n_parts(faces_table(tmp_path / "parted", FACES, n_buckets=1)) == 4
    monkeypatch.setattr(tables, "PART_BYTES", 1)
    assert n_parts(faces_table(tmp_path / "single", FACES, n_buckets=1)) == len(FACES)


@pytest.mark.parametrize("derive", [True, False])
def test_an_empty_bucket_has_its_columns(tmp_path, derive):
    job = derived(tmp_path, {})
    run(job, ALONE)
    table = job.target if derive else job.source
    assert sum(part.num_rows for part in table.parts(0)) == 0
    assert table.read(0).schema.names == schema.PICTURES.names
    assert table.read(0, ["sample_id"]).column_names == ["sample_id"]


def test_a_function_never_sees_more_than_a_part(tmp_path, two_rows_a_part):
    seen = []

    def noting(rows):
        seen.append(rows["sample_id"].to_pylist())
        return upside_down(rows)

    run(derived(tmp_path, FACES, noting), ALONE)
    assert max(map(len, seen)) == 2
    assert sorted(name for names in seen for name in names) == sorted(FACES)


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_reused_part_by_part_equals_what_is_computed_at_once(tmp_path, monkeypatch, change):
    at_once = derived(tmp_path / "at_once", CHANGES[change])
    run(at_once, ALONE)
    monkeypatch.setattr(tables, "PART_ROWS", 3)
    run(derived(tmp_path / "parted", FACES), ALONE)
    monkeypatch.setattr(tables, "PART_ROWS", 2)
    again = derived(tmp_path / "parted", CHANGES[change])
    outcome = run(again, ALONE)
    new = {name for name, number in CHANGES[change].items() if FACES.get(name) != number}
    assert outcome.n_rows_computed == len(new)
    assert again.target.version() == at_once.target.version()
    assert again.target.read(0) == at_once.target.read(0)


@pytest.mark.parametrize(("column", "n_computed"), [("sample_id", 20), ("width_px", 4)])
def test_damage_in_the_last_part_is_mended(tmp_path, two_rows_a_part, column, n_computed):
    """Where keys cannot be read nothing is reused; else, only what cannot be read is computed."""
    run(derived(tmp_path, FACES), ALONE)
    changed = derived(tmp_path, CHANGES["changed"])  # two rows, in other parts
    path = changed.target.path(0)
    last = pq.read_metadata(path).row_group(9)
    chunks = (last.column(number) for number in range(last.num_columns))
    chunk = next(one for one in chunks if one.path_in_schema == column)
    data = bytearray(path.read_bytes())
    data[chunk.data_page_offset + chunk.total_compressed_size - 1] ^= 0xFF
    path.write_bytes(data)
    assert run(changed, ALONE).n_rows_computed == n_computed
    fresh = derived(tmp_path / "fresh", CHANGES["changed"])
    run(fresh, ALONE)
    assert changed.target.read(0) == fresh.target.read(0)


def test_an_error_in_a_later_part_leaves_the_old_file_and_nothing_else(tmp_path, two_rows_a_part):
    run(derived(tmp_path, FACES), ALONE)
    before = files_of(tmp_path / "upside_down")

    def fails(rows):
        if "face-11" in rows["sample_id"].to_pylist():
            raise RuntimeError("no more")
        return upside_down(rows)

    with pytest.raises(RuntimeError, match="no more"):
        run(derived(tmp_path, CHANGES["all of it"], fails), ALONE)
    assert files_of(tmp_path / "upside_down") == before


def test_rows_keep_the_order_of_the_source_whatever_the_function_does(tmp_path):
    def backwards(rows):
        return upside_down(rows.take(np.arange(rows.num_rows)[::-1]))

    job = derived(tmp_path, FACES, backwards)
    run(job, ALONE)
    assert job.target.read(0)["sample_id"].to_pylist() == sorted(FACES)


def test_a_damaged_source_part_stops_the_derivation(tmp_path, two_rows_a_part):
    job = derived(tmp_path, FACES)
    flip_a_byte_of(job.source, 0, "image_digest")
    with pytest.raises(tables.DamagedTable, match="Delete it and refresh"):
        run(job, ALONE)
