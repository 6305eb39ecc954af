"""What a table remembers of itself is what reading it would say, and spares reading it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pytest

from emotion_pipeline import schema
from emotion_pipeline.lake import Lake, memory
from emotion_pipeline.lake.compute import Engine, RowMap, run
from emotion_pipeline.lake.storage import LocalFiles
from emotion_pipeline.lake.tables import Table
from emotion_pipeline_tests.lake.tables_made_up import FACES, N_BUCKETS, pictures, write


@dataclass(frozen=True)
class Counted(LocalFiles):
    """Local files that note which of them were opened."""

    opened: list[Path] = field(default_factory=list)

    def open(self, path: Path) -> pa.NativeFile:
        self.opened.append(path)
        return super().open(path)


@pytest.fixture
def settled(monkeypatch):
    """Files count as old as soon as they are written."""
    monkeypatch.setattr(memory, "SETTLED_NS", 0)


@pytest.fixture
def lake(tmp_path):
    return Lake(tmp_path / "lake")


def faces(lake: Lake, n_buckets: int = N_BUCKETS) -> Table:
    table = lake.table("faces/fer2013", schema.PICTURES, n_buckets)
    return replace(table, storage=Counted())


@contextmanager
def opening(table: Table, n_files: int) -> Iterator[None]:
    """So many files are opened within."""
    before = len(table.storage.opened)
    yield
    assert len(table.storage.opened) - before == n_files


def looked_at(lake: Lake) -> tuple[Table, str]:
    """A table that has just been looked at, and its version."""
    table = write(faces(lake), pictures(FACES))
    version = table.version()
    assert version is not None
    return table, version


def test_looking_twice_reads_once(settled, lake):
    table = write(faces(lake), pictures(FACES))
    with opening(table, N_BUCKETS):
        version = table.version()
    with opening(table, 0):
        assert table.version() == version
    again = faces(lake)
    with opening(again, 0):
        assert again.version() == version


def test_what_has_just_been_written_is_read_again(lake):
    table, version = looked_at(lake)
    with opening(table, N_BUCKETS):
        assert table.version() == version


@pytest.mark.parametrize("n_buckets", [1, N_BUCKETS])
def test_a_byte_that_changed_in_the_rows_is_seen_at_once(lake, n_buckets):
    """Nothing but the pages tells of it: neither the footer nor the size of the file."""
    table = write(faces(lake, n_buckets), pictures(FACES))
    version = table.version()
    flip_a_byte(table.path(0))
    assert replace(table, memory=None).version() == version
    assert table.version() is None
    assert table.provenance(0) is None
    write(table, pictures(FACES))
    assert table.version() == version


def test_a_file_that_somebody_else_wrote_is_read_once_and_then_believed(settled, lake):
    table, version = looked_at(lake)
    swapped = table.path(0).with_name("swapped")
    swapped.write_bytes(table.path(0).read_bytes())
    swapped.replace(table.path(0))
    with opening(table, N_BUCKETS + 1):
        assert table.version() == version
    with opening(table, 0):
        assert table.version() == version


def test_what_was_just_derived_is_not_read_again(lake):
    source, target = looked_at(lake)[0], lake.table("gray/fer2013", schema.PICTURES, N_BUCKETS)
    target = replace(target, storage=Counted())
    for code in ("some code", "other code"):
        run(RowMap(source, target, without_digest, code, ("image_digest",)), Engine())
    with opening(target, N_BUCKETS):  # their footers
        assert target.version() is not None


def without_digest(rows: pa.Table) -> pa.Table:
    return rows.drop_columns("input_digest")


def flip_a_byte(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    with file.open("r+b") as target:
        target.write(data)


def overwrite_in_place(file: Path) -> None:
    """Zeros over the footer; its size, and its time of modification, stay what they were."""
    before = file.stat()
    with file.open("r+b") as target:
        target.seek(-200, os.SEEK_END)
        target.write(bytes(200))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(file: Path) -> None:
    """Another whole bucket in the place of this one."""
    other = file.with_name(file.name.replace("bucket-000", "bucket-001"))
    file.write_bytes(other.read_bytes())


CHANGES = {
    "deleted": Path.unlink,
    "cut": lambda file: os.truncate(file, file.stat().st_size - 1),
    "emptied": lambda file: file.write_bytes(b""),
    "overwritten in place": overwrite_in_place,
    "swapped": swap,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_of_a_file_is_seen(settled, lake, change):
    table, version = looked_at(lake)
    change(table.path(0))
    unremembered = replace(table, memory=None).version()
    assert unremembered != version
    assert table.version() == unremembered
    assert table.version() == unremembered


def test_a_bucket_that_is_written_anew_is_seen_and_remembered(settled, lake):
    table, version = looked_at(lake)
    write(table, pictures({name: number + 1 for name, number in FACES.items()}))
    changed = table.version()
    assert changed not in (None, version)
    with opening(table, 0):
        assert table.version() == changed
    write(table, pictures(FACES))
    assert table.version() == version


def test_a_missing_bucket_is_looked_for_each_time(settled, lake):
    table, version = looked_at(lake)
    aside = table.path(0).rename(table.folder.parent / "aside")
    assert table.version() is None
    aside.rename(table.path(0))
    assert table.version() == version


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b"[1, 2, 3]", b"null", b"\xff"])
def test_a_damaged_memory_is_as_good_as_none(settled, lake, content):
    table, version = looked_at(lake)
    [remembered] = lake.scratch.rglob("*.json")
    remembered.write_bytes(content)
    assert table.version() == version
    with opening(table, 0):
        assert table.version() == version


def test_tables_and_their_partitions_have_memories_of_their_own(settled, lake):
    table, version = looked_at(lake)
    for domain in ("jpeg-1", "jpeg-2"):
        other = lake.table("faces/fer2013", schema.PICTURES, N_BUCKETS, domain=domain)
        assert other.version() is None
    assert table.version() == version


def test_the_same_files_are_no_table_of_another_number_of_buckets(settled, lake):
    looked_at(lake)
    assert faces(lake, n_buckets=2 * N_BUCKETS).version() is None


def test_a_look_that_may_not_write_still_sees(settled, lake):
    table = write(faces(lake), pictures(FACES))
    lake.scratch.parent.mkdir(parents=True, exist_ok=True)
    lake.scratch.write_text("a file where the folder should be")
    assert table.version() == replace(table, memory=None).version()
