import hashlib
import socket
from collections.abc import Iterator

import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.raw_files import SourceMissing
from emotion_pipeline.fetching import FetchFailed, fetch, web
from emotion_pipeline.fetching.sources import SOURCES, WebFile
from emotion_pipeline_tests.fetching.web_server import Answer, WebServer, serving

VOTES = b"Usage,Image name,neutral\nTraining,fer0000000.png,10\n" * 20_000
PATH = "/votes.csv"


@pytest.fixture
def server(monkeypatch) -> Iterator[WebServer]:
    """Serves FER+ in place of its publisher."""
    with serving({PATH: Answer(VOTES)}) as running:
        publish(monkeypatch, running.url)
        yield running


def publish(monkeypatch, url, **changes):
    values = {"sha256": hashlib.sha256(VOTES).hexdigest(), **changes}
    source = WebFile(f"{url}{PATH}", "fer2013new.csv", **values)
    monkeypatch.setitem(SOURCES, "ferplus", source)


def fails(raw_root, *parts):
    """Fetching fails with these words, and leaves the raw folder as it was."""
    before = contents(raw_root)
    with pytest.raises(FetchFailed) as failed:
        fetch("ferplus", raw_root)
    for part in ("FER+", *parts):
        assert part in str(failed.value)
    assert contents(raw_root) == before


def contents(folder):
    return {path: path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def test_a_good_file_arrives_whole_and_nothing_else_does(server, tmp_path):
    told = []
    folder = fetch("ferplus", tmp_path / "raw", progress=told.append)
    assert folder == tmp_path / "raw" / "ferplus"
    assert contents(tmp_path / "raw") == {folder: False, folder / "fer2013new.csv": VOTES}
    assert told == sorted(told)
    assert told[-1] == len(VOTES)


def test_other_files_in_the_folder_stay(server, tmp_path):
    other = tmp_path / "ferplus" / "FER2013Train" / "label.csv"
    other.parent.mkdir(parents=True)
    other.write_text("kept")
    fetch("ferplus", tmp_path)
    assert other.read_text() == "kept"
    assert (tmp_path / "ferplus" / "fer2013new.csv").read_bytes() == VOTES


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(VOTES.replace(b"10", b"11", 1)), "differs from the one this version was written"),
        (Answer(VOTES + b"\n"), "differs from the one this version was written"),
        (Answer(VOTES[:-9], announced=len(VOTES)), "broke off"),
        (Answer(VOTES, 404), "answered 404"),
        (Answer(VOTES, 503), "answered 503"),
        (Answer(status=302, headers={"Location": "file:///etc/hostname"}), "not allowed"),
        (Answer(status=302, headers={"Location": "ftp://127.0.0.1/votes.csv"}), "not followed"),
        (Answer(status=302, headers={"Location": PATH}), "answered 302"),
    ],
    ids=["changed", "longer", "truncated", "missing", "down", "to a file", "to FTP", "in a circle"],
)
def test_a_bad_answer_is_kept_out(server, tmp_path, answer, words):
    server.answers[PATH] = answer
    fails(tmp_path, words, "https://github.com/microsoft/FERPlus", str(tmp_path / "ferplus"))


def test_a_redirect_to_the_same_scheme_is_followed(server, tmp_path):
    server.answers[PATH] = Answer(status=302, headers={"Location": "/moved.csv"})
    server.answers["/moved.csv"] = Answer(VOTES)
    fetch("ferplus", tmp_path)
    assert server.asked == [PATH, "/moved.csv"]
    assert (tmp_path / "ferplus" / "fer2013new.csv").read_bytes() == VOTES


@pytest.mark.parametrize(("limit", "fits"), [(len(VOTES), True), (len(VOTES) - 1, False)])
def test_a_file_over_its_limit_is_kept_out(server, tmp_path, monkeypatch, limit, fits):
    publish(monkeypatch, server.url, limit_bytes=limit)
    if fits:
        fetch("ferplus", tmp_path)
    else:
        fails(tmp_path, f"more than {limit:,} bytes")


def test_a_silent_server_is_given_up(server, tmp_path, monkeypatch):
    monkeypatch.setattr(web, "TIMEOUT_S", 0.2)
    server.answers[PATH] = Answer(VOTES, announced=len(VOTES) + 1, stalls=True)
    fails(tmp_path, "timed out")


def test_no_connection_is_said_with_host_folder_and_what_to_put_there(tmp_path, monkeypatch):
    with socket.socket() as closed:  # bound, but it does not listen
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        publish(monkeypatch, f"http://{host}")
        fails(tmp_path, f"no connection to {host}", str(tmp_path / "ferplus"), "35,887 rows")


def test_a_reader_finds_nothing_before_the_file_is_whole(server, tmp_path):
    def look(_):
        assert all(path.name.startswith(".") for path in tmp_path.iterdir())
        with pytest.raises(SourceMissing):
            get_dataset("ferplus").find(tmp_path)
        looked.append(True)

    looked = []
    fetch("ferplus", tmp_path, progress=look)
    assert looked
    assert get_dataset("ferplus").find(tmp_path)


def test_an_interrupted_download_leaves_nothing(server, tmp_path):
    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("ferplus", tmp_path, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
