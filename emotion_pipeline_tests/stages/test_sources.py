import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emotion_pipeline.datasets import fer2013
from emotion_pipeline.datasets.raw_files import (
    SYNTHETIC_MARK,
    RawFile,
    SourceMissing,
    listed,
)
from emotion_pipeline.digests import digest_bytes, digest_file
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import sources
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.sources import observe, observe_content

FER2013 = fer2013.DATASET
FOLDER = replace(FER2013, name="folder", find=lambda raw: listed(raw / "fer2013", ".csv", ".txt"))


@pytest.fixture
def workspace(tmp_path):
    return Workspace(Settings(lake=tmp_path / "lake", raw=tmp_path / "raw"))


@pytest.fixture
def files(workspace):
    """The two files of FER2013; finding them looks at nothing but their names."""
    folder = workspace.settings.raw_root / "fer2013"
    folder.mkdir(parents=True)
    paths = [folder / "fer2013.csv", folder / SYNTHETIC_MARK]
    for path in paths:
        path.write_text(f"contents of {path.name}")
    return paths


@pytest.fixture
def read(monkeypatch):
    """Names of the files that were read to be digested."""
    names: list[str] = []

    def noted(path: Path) -> str:
        names.append(path.name)
        return digest_file(path)

    monkeypatch.setattr(sources, "digest_file", noted)
    return names


def touch(path: Path) -> None:
    """Another time of change, the same content."""
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


def test_other_content_of_the_same_size_and_time_is_seen(workspace, files):
    before, stat = observe(workspace, FER2013), files[0].stat()
    files[0].write_bytes(files[0].read_bytes()[::-1])
    os.utime(files[0], ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert observe(workspace, FER2013).version != before.version


def digest_of(path: Path) -> bytes:
    return digest_bytes(path.read_bytes())


def memories_of(workspace: Workspace) -> list[Path]:
    """The note for a quick look, and the digest of every file."""
    folder = workspace.lake.scratch / "observed"
    return [folder / "fer2013.json", folder / "fer2013.parquet"]


def test_all_files_are_found_and_read_once(workspace, files, read):
    found = observe(workspace, FER2013)
    assert found.files == [RawFile.at(path)._replace(digest=digest_of(path)) for path in files]
    assert found.n_bytes == sum(len(path.read_bytes()) for path in files)
    assert sorted(read) == sorted(path.name for path in files)


def test_unchanged_files_are_not_read_again(workspace, files, read):
    before = observe(workspace, FER2013).version
    read.clear()
    assert observe(workspace, FER2013).version == before
    assert read == []


def test_a_touched_file_keeps_the_version_and_is_read_again_once(workspace, files, read):
    before = observe(workspace, FER2013).version
    touch(files[0])
    read.clear()
    assert observe(workspace, FER2013).version == before
    assert read == ["fer2013.csv"]
    assert observe(workspace, FER2013).version == before
    assert read == ["fer2013.csv"]


def test_changed_content_changes_the_version_even_if_the_size_is_the_same(workspace, files):
    before = observe(workspace, FER2013).version
    files[0].write_text(files[0].read_text().swapcase())
    touch(files[0])
    assert observe(workspace, FER2013).version != before


def test_content_of_another_size_is_noticed_even_if_the_time_is_the_same(workspace, files):
    before, stat = observe(workspace, FER2013).version, files[0].stat()
    files[0].write_text("longer than it was before")
    os.utime(files[0], ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert observe(workspace, FER2013).version != before


def test_content_that_is_put_back_has_the_version_that_it_had(workspace, files):
    before, text = observe(workspace, FER2013).version, files[0].read_text()
    files[0].write_text("other")
    assert observe(workspace, FER2013).version != before
    files[0].write_text(text)
    assert observe(workspace, FER2013).version == before


def test_a_file_that_comes_or_goes_changes_the_version(workspace, files):
    before = observe(workspace, FER2013)
    files[1].unlink()
    after = observe(workspace, FER2013)
    assert after.files == before.files[:1]
    assert after.version != before.version
    files[1].write_text(f"contents of {files[1].name}")
    assert observe(workspace, FER2013).version == before.version


def test_another_name_changes_the_version_but_nothing_is_made_up_from_the_old_one(workspace, files):
    before = observe_content(workspace, FOLDER)
    files[0].rename(files[0].with_name("other.csv"))
    after = observe_content(workspace, FOLDER)
    assert after.version != before.version
    assert sorted(one.digest for one in after.files) == sorted(one.digest for one in before.files)


def test_the_version_does_not_depend_on_where_the_raw_files_lie(workspace, files, tmp_path):
    before = observe(workspace, FER2013).version
    workspace.settings.raw_root.rename(tmp_path / "moved")
    for lake in ("lake", "other_lake"):
        moved = Workspace(Settings(lake=tmp_path / lake, raw=tmp_path / "moved"))
        assert observe(moved, FER2013).version == before


def test_a_look_at_unchanged_files_opens_neither_them_nor_their_digests(workspace, files, read):
    before = observe(workspace, FER2013)
    digests = memories_of(workspace)[1]
    digests.unlink()
    read.clear()
    after = observe(workspace, FER2013)
    assert after.version == before.version
    assert [file._replace(digest=b"") for file in before.files] == after.files
    assert read == []
    assert not digests.exists()


def test_contents_are_known_to_who_asks_for_them_without_reading_unchanged_files(
    workspace, files, read
):
    quick = observe(workspace, FER2013)
    read.clear()
    for _ in range(2):
        found = observe_content(workspace, FER2013)
        assert found.version == quick.version
        assert [file.digest for file in found.files] == [digest_of(path) for path in files]
    assert read == []


def test_of_many_files_only_the_changed_ones_are_read(workspace, read):
    folder = workspace.settings.raw_root / "fer2013"
    folder.mkdir(parents=True)
    paths = [folder / f"{number:04d}.csv" for number in range(600)]
    for path in paths:
        path.write_text(path.name)
    found = observe_content(workspace, FOLDER)
    assert [file.digest for file in found.files] == [digest_of(path) for path in paths]
    assert sorted(read) == [path.name for path in paths]
    read.clear()
    paths[300].write_text("changed")
    paths[301].unlink()
    after = observe_content(workspace, FOLDER)
    assert read == ["0300.csv"]
    assert len(after.files) == 599
    assert after.files[300].digest == digest_of(paths[300])


def removes(path: Path):
    """A way to find the files after which one of them is gone."""

    def find(raw_root: Path) -> list[RawFile]:
        files = FER2013.find(raw_root)
        path.unlink(missing_ok=True)
        return files

    return replace(FER2013, find=find)


def test_a_file_that_vanishes_while_it_is_looked_at_is_not_remembered(workspace, files, read):
    before = observe(workspace, FER2013).version
    for memory in memories_of(workspace):
        memory.unlink()
    text = files[0].read_text()
    torn = observe(workspace, removes(files[0]))
    assert torn.version != before
    assert not memories_of(workspace)[0].exists()
    files[0].write_text(text)
    read.clear()
    assert observe(workspace, FER2013).version == before
    assert read == ["fer2013.csv"]


def test_a_file_that_cannot_be_read_is_tried_again_until_it_can(workspace, files, read):
    before = observe(workspace, FER2013)
    shutil.rmtree(workspace.lake.scratch)
    text = files[0].read_text()
    files[0].unlink()
    files[0].mkdir()
    stuck = replace(FER2013, find=lambda _: before.files)
    unreadable = {observe_content(workspace, stuck).version for _ in range(2)}
    assert len(unreadable) == 1
    assert unreadable != {before.version}
    files[0].rmdir()
    files[0].write_text(text)
    assert observe_content(workspace, stuck).version == before.version
    assert read.count("fer2013.csv") == 4


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "5", '["a"]', '{"a": 1}', "PAR1", "\udcff"]
)
def test_a_damaged_memory_is_ignored_and_written_anew(workspace, files, read, text, which):
    before = observe(workspace, FER2013)
    memories_of(workspace)[which].write_bytes(text.encode("utf-8", "surrogateescape"))
    for _ in range(2):
        assert observe(workspace, FER2013).version == before.version
        assert observe_content(workspace, FER2013) == before
    assert len(read) == (len(files) if which == 0 else 2 * len(files))
    read.clear()
    for memory in memories_of(workspace):
        memory.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert observe(workspace, FER2013).version == before.version
    assert len(read) == len(files)


def test_a_lost_note_is_written_again_without_reading_the_files(workspace, files, read):
    before = observe(workspace, FER2013).version
    note, digests = memories_of(workspace)
    text = note.read_text()
    read.clear()
    for lost in ("", "{", json.dumps({"marks": "0", "version": "0"})):
        note.write_text(lost)
        assert observe(workspace, FER2013).version == before
        assert note.read_text() == text
    assert read == []
    assert digests.exists()


def test_a_memory_of_another_form_is_ignored(workspace, files):
    before = observe(workspace, FER2013).version
    note, digests = memories_of(workspace)
    for value in (None, [], [[1, 2]], {"version": "x"}, {"marks": 5, "version": "x"}):
        note.write_text(json.dumps(value))
        assert observe(workspace, FER2013).version == before
    for table in (pa.table({"a": [1]}), pa.table({"mark": ["x"], "digest": [5]})):
        note.unlink()
        pq.write_table(table, digests)
        assert observe(workspace, FER2013).version == before


def test_a_memory_with_one_flipped_byte_gives_no_wrong_digest(workspace, files):
    before = observe_content(workspace, FER2013)
    memory = memories_of(workspace)[1]
    data = memory.read_bytes()
    for place in range(0, len(data), 7):
        memory.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        assert observe_content(workspace, FER2013) == before


def test_an_absent_dataset_raises_with_where_it_was_looked_for(workspace):
    for look in (observe, observe_content):
        with pytest.raises(SourceMissing) as caught:
            look(workspace, FER2013)
        assert str(workspace.settings.raw_root / "fer2013") in str(caught.value)
    assert not any(memory.exists() for memory in memories_of(workspace))


def test_names_that_are_not_utf_8_are_observed(workspace, files):
    before = observe(workspace, FOLDER).version
    (files[0].parent / os.fsdecode(b"\xff.csv")).write_text("more")
    found = observe_content(workspace, FOLDER)
    assert found.version != before
    assert "\\xff.csv" in [file.name for file in found.files]
    assert observe(workspace, FOLDER).version == found.version
