"""The real kagglehub against a stand-in for Kaggle on this machine.

kagglehub knows a local Kaggle at http://localhost; the stand-in poses as the proxy on the way.
"""

import io
import json
import os
import socket
import sys
import tarfile
import zipfile

import pytest

from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK
from emotion_pipeline.fetching import FetchFailed, fetch, kaggle
from emotion_pipeline.fetching.sources import SOURCES, KaggleSource
from emotion_pipeline_tests.fetching.web_server import Answer, serving

pytest.importorskip("kagglehub")

API = "/api/v1"
VERSION = f"{API}/datasets.DatasetApiService/GetDataset"
ALL_FILES = f"{API}/datasets.DatasetApiService/DownloadDataset"
ONE_FILE = f"{API}/competitions.CompetitionApiService/DownloadDataFile"
FACES = b"emotion, Usage, pixels\n0,Training,1 2 3\n"
BY_HAND = "by hand: `fer2013.csv`"


def zipped(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tarred(*members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, kind in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "fer2013.csv"
            archive.addfile(member)
    return packed.getvalue()


def refusal(status):
    body = json.dumps({"code": status, "message": "not for you"}).encode()
    return Answer(body, status, {"Content-Type": "application/json"})


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A user's home without credentials, and an environment that says nothing of Kaggle."""
    for name in [name for name in os.environ if name.startswith(("KAGGLE", "TBE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KAGGLE_API_ENVIRONMENT", "LOCALHOST")
    monkeypatch.setattr(kaggle, "LOOK_EVERY_S", 0.05)


@pytest.fixture
def server(home, monkeypatch):
    """A Kaggle that has FER2013 as a competition's file and as an archive."""
    version = json.dumps({"currentVersionNumber": 3}).encode()
    answers = {
        VERSION: Answer(version, headers={"Content-Type": "application/json"}),
        ALL_FILES: Answer(zipped({"fer2013.csv": FACES, "more/notes.txt": b"notes"})),
        ONE_FILE: Answer(FACES),
    }
    with serving(answers) as running:
        monkeypatch.setenv("http_proxy", running.url)
        yield running


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setenv("KAGGLE_API_TOKEN", "a-token")


@pytest.fixture
def archive(server, monkeypatch):
    """The same, with FER2013 in the table as a dataset, so that it comes as an archive."""
    monkeypatch.setitem(SOURCES, "fer2013", KaggleSource("dataset", "someone/faces"))
    return server


def fails(tmp_path, *parts):
    with pytest.raises(FetchFailed) as failed:
        fetch("fer2013", tmp_path / "raw")
    for part in (*parts, BY_HAND, str(tmp_path / "raw" / "fer2013")):
        assert part in str(failed.value)
    assert list((tmp_path / "raw").iterdir()) == []


def test_one_file_of_a_competition_arrives_alone(server, token, tmp_path):
    told = []
    folder = fetch("fer2013", tmp_path / "raw", progress=told.append)
    assert [path.name for path in folder.iterdir()] == ["icml_face_data.csv"]
    assert (folder / "icml_face_data.csv").read_bytes() == FACES
    assert list((tmp_path / "raw").iterdir()) == [folder]
    assert told[-1] == len(FACES)


def test_a_file_that_kaggle_has_packed_is_unpacked(server, token, tmp_path):
    moved = "http://localhost/store/icml_face_data.csv.zip"
    server.answers[ONE_FILE] = Answer(status=302, headers={"Location": moved})
    server.answers["/store/icml_face_data.csv.zip"] = Answer(zipped({"icml_face_data.csv": FACES}))
    folder = fetch("fer2013", tmp_path / "raw")
    assert (folder / "icml_face_data.csv").read_bytes() == FACES


def test_all_files_of_a_dataset_arrive_unpacked_and_without_the_archive(archive, tmp_path):
    folder = fetch("fer2013", tmp_path / "raw")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert names == {"fer2013.csv", "more", "more/notes.txt"}
    assert archive.asked == [VERSION, ALL_FILES]


def test_an_archive_replaces_real_files_only_by_force_and_then_all_of_them(archive, tmp_path):
    folder = tmp_path / "raw" / "fer2013"
    folder.mkdir(parents=True)
    (folder / "half_of_it.txt").write_text("mine")
    with pytest.raises(FetchFailed, match=r"half_of_it.txt is there already"):
        fetch("fer2013", tmp_path / "raw")
    assert archive.asked == []
    fetch("fer2013", tmp_path / "raw", force=True)
    assert sorted(path.name for path in folder.iterdir()) == ["fer2013.csv", "more"]


def test_a_drawn_folder_is_replaced_by_one_file_too(server, token, tmp_path):
    folder = tmp_path / "raw" / "fer2013"
    folder.mkdir(parents=True)
    (folder / SYNTHETIC_MARK).touch()
    (folder / "fer2013.csv").write_text("drawn")
    fetch("fer2013", tmp_path / "raw")
    assert [path.name for path in folder.iterdir()] == ["icml_face_data.csv"]


def test_without_credentials_a_competition_says_how_to_get_them(server, tmp_path):
    fails(tmp_path, "https://www.kaggle.com/settings/api", "KAGGLE_API_TOKEN", "kaggle.json")
    assert server.asked == []


def test_wrong_credentials_are_answered_like_none(server, token, tmp_path):
    server.answers[ONE_FILE] = refusal(401)
    fails(tmp_path, "https://www.kaggle.com/settings/api")


def test_rules_that_are_not_accepted_are_answered_with_their_page(server, token, tmp_path):
    server.answers[ONE_FILE] = refusal(403)
    fails(tmp_path, f"{SOURCES['fer2013'].page}/rules", "https://www.kaggle.com/settings/api")


def test_a_dataset_that_wants_consent_is_answered_with_its_page(archive, tmp_path):
    archive.answers[ALL_FILES] = refusal(403)
    fails(tmp_path, "https://www.kaggle.com/datasets/someone/faces,")


def test_what_kaggle_no_longer_has_is_said(archive, tmp_path):
    archive.answers[VERSION] = refusal(404)
    fails(tmp_path, "no longer has", "https://www.kaggle.com/datasets/someone/faces")


def test_a_broken_credentials_file_is_said(server, tmp_path):
    (tmp_path / "home" / ".kaggle").mkdir(parents=True)
    (tmp_path / "home" / ".kaggle" / "kaggle.json").write_text("{")
    fails(tmp_path, "kaggle.json")


def test_a_file_with_username_and_key_is_used(server, tmp_path):
    (tmp_path / "home" / ".kaggle").mkdir(parents=True)
    (tmp_path / "home" / ".kaggle" / "kaggle.json").write_text('{"username": "me", "key": "k"}')
    assert (fetch("fer2013", tmp_path / "raw") / "icml_face_data.csv").read_bytes() == FACES


@pytest.mark.parametrize("status", [429, 500])
def test_another_refusal_is_passed_on(archive, tmp_path, status):
    archive.answers[ALL_FILES] = Answer(b"", status)
    fails(tmp_path, "kagglehub says", str(status))


def test_no_connection_is_said(home, token, tmp_path, monkeypatch):
    with socket.socket() as closed:  # bound, but it does not listen
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")
        fails(tmp_path, "no connection to api.kaggle.com", "refused")


def test_a_silent_kaggle_is_given_up(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(kaggle, "SILENCE_S", 0.3)
    archive.answers[VERSION] = Answer(announced=9, stalls=True)
    fails(tmp_path, "nothing has come from api.kaggle.com")


def test_a_download_is_stopped_as_soon_as_it_is_too_large(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(kaggle, "MAX_BYTES", 2**20)
    endless = Answer(bytes(3 * 2**20), announced=2**40, stalls=True)
    archive.answers[ALL_FILES] = endless
    fails(tmp_path, "more than 200,000 files or 1,048,576 bytes")


def of_a_tar(words: str) -> str:
    """Python 3.11.2, as in Debian 12, cannot filter tar archives: kagglehub then takes none."""
    return words if hasattr(tarfile, "data_filter") else "unexpected keyword argument 'filter'"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (zipped({"fer2013.csv": FACES})[:-30], "Unsupported archive type"),
        (b"<html>busy</html>", "Unsupported archive type"),
        (tarred(("../../evil.csv", tarfile.REGTYPE)), of_a_tar("outside the destination")),
        (
            tarred(("fer2013.csv", tarfile.REGTYPE), ("evil.csv", tarfile.SYMTYPE)),
            of_a_tar("a link"),
        ),
        (
            tarred(("fer2013.csv", tarfile.REGTYPE), ("evil", tarfile.FIFOTYPE)),
            of_a_tar("special file"),
        ),
        (zipped({"README.md": b"moved"}), "what arrived (README.md)"),
        (zipped({}), "what arrived (nothing)"),
    ],
    ids=["cut", "no archive", "escape", "link", "pipe", "other files", "empty"],
)
def test_an_archive_that_is_not_what_it_should_be_is_kept_out(archive, tmp_path, body, words):
    archive.answers[ALL_FILES] = Answer(body)
    fails(tmp_path, words)
    assert not list(tmp_path.rglob("evil*"))


def test_a_truncated_download_is_kept_out(archive, tmp_path):
    whole = archive.answers[ALL_FILES].body
    archive.answers[ALL_FILES] = Answer(whole[:-30], announced=len(whole))
    fails(tmp_path, "broke off")


def test_names_that_lead_out_of_a_zip_archive_stay_in_the_folder(archive, tmp_path):
    evil = {"fer2013.csv": FACES, "../../../evil.csv": b"", "/evil.csv": b""}
    archive.answers[ALL_FILES] = Answer(zipped(evil))
    folder = fetch("fer2013", tmp_path / "raw")
    assert {path.parent for path in tmp_path.rglob("evil*")} == {folder}


@pytest.mark.parametrize("limit", ["MAX_FILES", "MAX_BYTES"])
def test_more_than_the_limits_is_kept_out(archive, tmp_path, monkeypatch, limit):
    monkeypatch.setattr(kaggle, limit, 1)
    fails(tmp_path, "does not expect")


def test_without_kagglehub_the_command_that_installs_it_is_said(server, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    fails(tmp_path, "pip install 'emotion-pipeline[fetch]'")
