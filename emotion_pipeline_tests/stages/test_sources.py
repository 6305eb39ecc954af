import json
import os
from pathlib import Path

import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.base import SYNTHETIC_MARK, SourceMissing
from emotion_pipeline.digests import digest_file
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import sources
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.sources import observe

FER2013 = get_dataset("fer2013")


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


def memory_of(workspace: Workspace) -> Path:
    return workspace.lake.scratch / "observed" / "fer2013.json"


def test_all_files_are_found_and_read_once(workspace, files, read):
    found = observe(workspace, FER2013)
    assert found.files == files
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
    assert after.files == files[:1]
    assert after.version != before.version


def test_the_version_does_not_depend_on_where_the_raw_files_lie(workspace, files, tmp_path):
    before = observe(workspace, FER2013).version
    workspace.settings.raw_root.rename(tmp_path / "moved")
    moved = Workspace(Settings(lake=tmp_path / "lake", raw=tmp_path / "moved"))
    assert observe(moved, FER2013).version == before


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "5", '["a"]', "\udcff"])
def test_a_damaged_memory_is_ignored_and_written_anew(workspace, files, read, text):
    before = observe(workspace, FER2013).version
    memory_of(workspace).write_bytes(text.encode("utf-8", "surrogateescape"))
    read.clear()
    assert observe(workspace, FER2013).version == before
    assert len(read) == len(files)
    assert observe(workspace, FER2013).version == before
    assert len(read) == len(files)


def test_a_memory_of_another_form_is_ignored(workspace, files, read):
    before = observe(workspace, FER2013).version
    for value in (None, [], [[1, 2]]):
        memory_of(workspace).write_text(json.dumps({str(path): value for path in files}))
        assert observe(workspace, FER2013).version == before


def test_an_absent_dataset_raises_with_where_it_was_looked_for(workspace):
    with pytest.raises(SourceMissing) as caught:
        observe(workspace, FER2013)
    assert str(workspace.settings.raw_root / "fer2013") in str(caught.value)
    assert not memory_of(workspace).exists()
