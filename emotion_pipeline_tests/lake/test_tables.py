import itertools
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emotion_pipeline import schema
from emotion_pipeline.lake import tables
from emotion_pipeline.lake.tables import DamagedTable, Table, bucket_of, split_into_buckets
from emotion_pipeline_tests.lake.tables_made_up import (
    FACES,
    N_BUCKETS,
    faces_table,
    flip_a_byte_of,
    pictures,
    samples,
    write,
)


def replaced(rows: pa.Table, column: str, value: object) -> pa.Table:
    """The rows with another value in the first row of a column."""
    values = [value, *rows[column].to_pylist()[1:]]
    place = rows.schema.get_field_index(column)
    return rows.set_column(place, rows.schema.field(column), pa.array(values, rows[column].type))


@pytest.mark.parametrize(
    ("name", "n_buckets", "bucket"),
    [
        ("fer2013-000000", 16, 9),
        ("fer2013-035886", 16, 0),
        ("fer2013-035886", 64, 16),
        ("", 16, 4),
        ("Gesicht-ä", 256, 89),
    ],
)
def test_a_name_has_the_same_bucket_for_ever(name, n_buckets, bucket):
    assert bucket_of(name, n_buckets) == bucket


def test_names_spread_over_all_buckets():
    sizes = [0] * 16
    for row in range(16_000):
        sizes[bucket_of(f"fer2013-{row:06d}", 16)] += 1
    assert min(sizes) > 850
    assert max(sizes) < 1150


def test_rows_come_back_whole_and_in_order_of_their_names(tmp_path):
    backwards = pictures(dict(reversed(FACES.items())))
    table = write(Table(tmp_path, schema.PICTURES, N_BUCKETS), backwards)
    parts = [part["sample_id"].to_pylist() for part in table.iterate()]
    assert parts == [sorted(part) for part in parts]
    assert all(len(part) > 1 for part in parts)
    assert table.read_all().sort_by("sample_id").equals(pictures(FACES))


def test_each_row_stands_in_the_bucket_of_its_name(tmp_path):
    table = faces_table(tmp_path, FACES)
    for bucket, part in enumerate(table.iterate()):
        assert {bucket_of(name, N_BUCKETS) for name in part["sample_id"].to_pylist()} == {bucket}


def test_columns_can_be_read_alone(tmp_path):
    table = faces_table(tmp_path, FACES)
    some = ["width_px", "sample_id"]
    assert table.read(1, some).select(some).equals(table.read(1).select(some))
    assert table.read(1, some).num_columns == 2
    with pytest.raises(KeyError, match="emotion"):
        table.read(1, ["emotion"])


def test_version_is_none_while_a_bucket_is_missing(tmp_path):
    table = Table(tmp_path / "not_yet", schema.PICTURES, N_BUCKETS)
    for bucket, part in enumerate(split_into_buckets(pictures(FACES), N_BUCKETS)):
        assert table.version() is None
        table.write(bucket, [part], "inputs", "code")
    assert table.version() is not None
    table.path(2).unlink()
    assert table.version() is None


def test_version_depends_on_the_rows_alone_and_not_on_how_they_came(tmp_path):
    one = faces_table(tmp_path / "one", FACES)
    other = Table(tmp_path / "other", schema.PICTURES, N_BUCKETS)
    parts = split_into_buckets(pictures(dict(reversed(FACES.items()))), N_BUCKETS)
    for bucket in reversed(range(N_BUCKETS)):
        other.write(bucket, [parts[bucket]], "other inputs", "other code")
    assert one.version() == other.version()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sample_id", "face-99"),
        ("split", "test"),
        ("split", None),
        ("emotion", "anger"),
        ("width_px", 5),
        ("height_px", None),
        ("image_digest", bytes(16)),
        ("synthetic", False),
    ],
)
def test_version_changes_with_any_value(tmp_path, column, value):
    rows = samples(FACES)
    before = write(Table(tmp_path / "before", schema.SAMPLES, 1), rows)
    after = write(Table(tmp_path / "after", schema.SAMPLES, 1), replaced(rows, column, value))
    assert before.version() != after.version()


def test_version_changes_when_rows_are_added_or_removed(tmp_path):
    fewer = dict(itertools.islice(FACES.items(), len(FACES) - 1))
    before, after = faces_table(tmp_path / "a", FACES), faces_table(tmp_path / "b", fewer)
    assert before.version() != after.version()


def test_input_digest_does_not_count_as_content(tmp_path):
    rows = samples(FACES)
    table = write(Table(tmp_path, schema.SAMPLES, 1), rows)
    before = table.version()
    write(table, replaced(rows, "input_digest", bytes(16)))
    assert table.read(0)["input_digest"][0].as_py() == bytes(16)
    assert table.version() == before


def test_a_bucket_says_from_what_and_by_which_code_it_was_made(tmp_path):
    table = faces_table(tmp_path, FACES)
    table.write(1, [table.read(1)], inputs="these", code="that")
    known = table.provenance(1)
    assert known.made_from("these", "that")
    assert not known.made_from("these", "other")
    assert not known.made_from("other", "that")


def test_holds_tells_equal_content_from_other_content(tmp_path):
    table = write(Table(tmp_path, schema.SAMPLES, 1), samples(FACES))
    assert table.holds(samples(FACES))
    assert not table.holds(replaced(samples(FACES), "emotion", "fear"))


@pytest.mark.parametrize("death", [OSError("disk full"), KeyboardInterrupt()])
def test_a_writer_that_dies_before_the_rename_leaves_the_old_file_whole(
    tmp_path, monkeypatch, death
):
    table = faces_table(tmp_path, FACES)
    before = table.path(0).read_bytes()

    def die(*_):
        raise death

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", die)
        with pytest.raises(type(death)):
            table.write(0, [table.read(0).slice(1)], "inputs", "code")
    assert table.path(0).read_bytes() == before
    assert len(list(tmp_path.glob("*.unfinished"))) == 0


def test_a_writer_that_dies_while_writing_leaves_the_old_file_whole(tmp_path, monkeypatch):
    table = faces_table(tmp_path, FACES)
    before = table.path(0).read_bytes()

    def half(writer, rows, **options):
        Path(writer.where).write_bytes(before[: len(before) // 2])
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(tables.pq.ParquetWriter, "write_table", half)
        with pytest.raises(OSError, match="disk full"):
            table.write(0, [table.read(0).slice(1)], "inputs", "code")
    assert table.path(0).read_bytes() == before


def test_unfinished_files_are_no_part_of_the_table_and_are_removed(tmp_path):
    table = faces_table(tmp_path, FACES)
    version, rows = table.version(), table.read_all()
    stray = table.path(0).with_name(f".{table.path(0).name}.123.unfinished")
    stray.write_bytes(b"PAR1 and then nothing")
    assert table.version() == version
    assert table.read_all().equals(rows)
    table.remove_strays()
    assert {path.name for path in tmp_path.iterdir()} == {
        table.path(bucket).name for bucket in range(N_BUCKETS)
    }
    assert table.version() == version


def test_removing_strays_leaves_folders_alone_and_needs_none(tmp_path):
    partition = faces_table(tmp_path / "table" / "domain=grayscale", FACES)
    faces_table(tmp_path / "table", FACES).remove_strays()
    assert partition.version() is not None
    Table(tmp_path / "absent", schema.PICTURES, N_BUCKETS).remove_strays()
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("column", ["sample_id", "image.bytes", "image_digest", "width_px"])
def test_a_damaged_page_is_noticed_and_the_message_says_what_to_do(tmp_path, column):
    table = faces_table(tmp_path, FACES)
    flip_a_byte_of(table, 2, column)
    with pytest.raises(DamagedTable) as caught:
        table.read(2)
    assert str(table.path(2)) in str(caught.value)
    assert "Delete it and refresh" in str(caught.value)
    assert table.read(1).num_rows > 0


def test_a_damaged_page_does_not_hinder_reading_other_columns(tmp_path):
    table = faces_table(tmp_path, FACES)
    names = table.read(2, ["sample_id"])
    flip_a_byte_of(table, 2, "image.bytes")
    assert table.read(2, ["sample_id"]).equals(names)


@pytest.mark.parametrize("mask", [0x01, 0x80])
def test_no_flipped_byte_is_read_as_other_rows(tmp_path, mask):
    table = Table(tmp_path, schema.PICTURES, 1)
    table.write(0, [pictures({"face-00": 0})], "inputs", "code")
    rows, data = table.read(0), table.path(0).read_bytes()
    n_damaged = 0
    for place in range(0, len(data), 3):
        table.path(0).write_bytes(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])
        table.provenance(0)
        try:
            assert table.read(0).equals(rows), f"byte {place}"
        except DamagedTable:
            n_damaged += 1
    assert n_damaged > len(data) // 3 // 2


@pytest.mark.parametrize("keep", [0, 3, 0.5, 0.99])
def test_a_truncated_file_counts_as_missing(tmp_path, keep):
    table = faces_table(tmp_path, FACES)
    data = table.path(1).read_bytes()
    table.path(1).write_bytes(data[: int(keep if keep > 1 else keep * len(data))])
    assert table.provenance(1) is None
    assert table.version() is None
    with pytest.raises(DamagedTable):
        table.read(1)


def test_a_foreign_parquet_file_counts_as_missing(tmp_path):
    table = faces_table(tmp_path, FACES)
    pq.write_table(pictures(FACES), table.path(1))
    assert table.provenance(1) is None
    assert table.version() is None


def test_a_file_of_other_columns_is_not_read_as_the_table(tmp_path):
    write(Table(tmp_path, schema.PICTURES, 1), pictures(FACES))
    with pytest.raises(DamagedTable, match="columns"):
        Table(tmp_path, schema.SAMPLES, 1).read(0)


def test_a_missing_file_is_a_damaged_table(tmp_path):
    with pytest.raises(
        DamagedTable, match=r"bucket-003-of-004\.parquet is not there.*Refresh that first"
    ):
        Table(tmp_path, schema.PICTURES, N_BUCKETS).read(3)


@pytest.mark.parametrize(
    "of", [schema.SAMPLES, schema.VOTES, schema.PICTURES, schema.REJECTS, schema.DUPLICATES]
)
def test_tables_without_rows_keep_their_columns(tmp_path, of):
    table = Table(tmp_path, of, 2)
    for bucket in range(2):
        table.write(bucket, [of.empty_table()], "inputs", "code")
    assert table.read_all().schema.equals(of)
    assert table.read(0).num_rows == 0
    assert table.version() is not None


def test_rows_of_another_schema_are_refused_and_nothing_is_written(tmp_path):
    table = Table(tmp_path, schema.SAMPLES, 1)
    with pytest.raises(KeyError, match="split"):
        table.write(0, [pictures(FACES)], "inputs", "code")
    assert list(tmp_path.iterdir()) == []
