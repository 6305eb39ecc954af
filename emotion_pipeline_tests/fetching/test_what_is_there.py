"""Which files a download may replace, and which names can be fetched at all."""

import hashlib

import pytest

from emotion_pipeline.datasets import all_datasets, get_dataset
from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK
from emotion_pipeline.fetching import FetchFailed, fetch, placing
from emotion_pipeline.fetching.sources import SOURCES, WebFile
from emotion_pipeline_tests.fetching.web_server import Answer, serving
from emotion_pipeline_tests.shared_data import shared_file

VOTES = b"published"


@pytest.fixture
def server(monkeypatch):
    with serving({"/votes.csv": Answer(VOTES)}) as running:
        sha256 = hashlib.sha256(VOTES).hexdigest()
        source = WebFile(f"{running.url}/votes.csv", "fer2013new.csv", sha256)
        monkeypatch.setitem(SOURCES, "ferplus", source)
        yield running


@pytest.mark.parametrize("folder", ["ferplus", "FERPlus", "fer2013"])
def test_real_files_are_replaced_only_by_force(server, tmp_path, folder):
    mine = tmp_path / folder / "fer2013new.csv"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(FetchFailed, match="is there already") as failed:
        fetch("ferplus", tmp_path)
    assert str(mine) in str(failed.value)
    assert server.asked == []
    assert mine.read_text() == "mine"
    fetch("ferplus", tmp_path, force=True)
    assert (tmp_path / "ferplus" / "fer2013new.csv").read_bytes() == VOTES


def test_drawn_samples_are_replaced_and_their_mark_goes(server, tmp_path):
    get_dataset("ferplus").draw(tmp_path, 60, 1)
    assert (tmp_path / "ferplus" / SYNTHETIC_MARK).exists()
    fetch("ferplus", tmp_path)
    assert [path.name for path in (tmp_path / "ferplus").iterdir()] == ["fer2013new.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["ferplus"]


def test_drawn_samples_stay_when_the_download_fails(server, tmp_path):
    get_dataset("ferplus").draw(tmp_path, 60, 1)
    before = sorted((path.name, path.read_bytes()) for path in (tmp_path / "ferplus").iterdir())
    server.answers.clear()
    with pytest.raises(FetchFailed, match="404"):
        fetch("ferplus", tmp_path)
    after = sorted((path.name, path.read_bytes()) for path in (tmp_path / "ferplus").iterdir())
    assert after == before


def test_a_raw_folder_that_cannot_be_made_is_said_in_words(server, tmp_path):
    (tmp_path / "raw").write_text("a file")
    with pytest.raises(FetchFailed, match=r"FER\+.*was not fetched"):
        fetch("ferplus", tmp_path / "raw")


def test_what_was_there_comes_back_when_the_new_folder_cannot_be_renamed(tmp_path):
    folder = tmp_path / "ferplus"
    folder.mkdir()
    (folder / "old.csv").write_text("old")
    (tmp_path / "work").mkdir()
    with pytest.raises(FileNotFoundError):
        placing.put(tmp_path / "work" / "never_arrived", folder, None)
    assert (folder / "old.csv").read_text() == "old"


def test_a_linked_folder_is_replaced_and_what_it_leads_to_stays(server, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    get_dataset("ferplus").draw(elsewhere, 60, 1)
    raw_root = tmp_path / "raw"
    raw_root.mkdir()
    (raw_root / "ferplus").symlink_to(elsewhere / "ferplus")
    fetch("ferplus", raw_root)
    assert not (raw_root / "ferplus").is_symlink()
    assert (elsewhere / "ferplus" / SYNTHETIC_MARK).exists()


@pytest.mark.parametrize("name", ["kdef", "darkface", "personal"])
def test_a_dataset_that_has_to_be_asked_for_says_where_and_why(tmp_path, name):
    dataset = get_dataset(name)
    with pytest.raises(FetchFailed, match="is not downloaded by this program") as failed:
        fetch(name, tmp_path)
    for part in (dataset.title, dataset.homepage, dataset.licence, dataset.expects, str(tmp_path)):
        assert part in str(failed.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ferplu", "../ferplus", "", "/etc"])
def test_an_unknown_name_is_answered_with_the_nearest(tmp_path, name):
    with pytest.raises(FetchFailed, match="did you mean"):
        fetch(name, tmp_path / "raw")
    assert list(tmp_path.iterdir()) == []


def test_everything_in_the_table_is_a_dataset():
    assert set(SOURCES) <= set(all_datasets())


@pytest.mark.real_data
def test_the_pinned_file_is_the_one_that_results_were_measured_on():
    content = shared_file("data/fer2013/fer2013new.csv").read_bytes()
    assert hashlib.sha256(content).hexdigest() == SOURCES["ferplus"].sha256
