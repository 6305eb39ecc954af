import hashlib
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import pytest

from emotion_pipeline.fetching import FetchFailed, web
from emotion_pipeline.fetching.model_files import (
    IMAGENET,
    MODEL_FILES,
    SETTING,
    ModelFileMissing,
    ModelFileRefused,
    digest,
    find,
)
from emotion_pipeline.settings import Settings
from emotion_pipeline.training import models
from emotion_pipeline_tests.fetching.web_server import Answer, serving
from emotion_pipeline_tests.shared_data import shared_file

WEIGHTS = bytes(range(256)) * 4096
PATH = "/model"
DIES_BEFORE_RENAMING = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from emotion_pipeline.fetching import model_files

Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
model = model_files.MODEL_FILES[int(sys.argv[1])]
source = replace(model.source, url=sys.argv[2], sha256=sys.argv[3])
model_files.find(replace(model, source=source), Path(sys.argv[4]))
"""


@pytest.fixture
def server():
    with serving({PATH: Answer(WEIGHTS)}) as running:
        yield running


@pytest.fixture(params=MODEL_FILES, ids=lambda model: model.source.file)
def model(request, server):
    """A model file of the table, with bytes of its own from a server on this machine."""
    return published(request.param, server.url)


def published(model, url):
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    source = replace(model.source, url=url + PATH, sha256=sha256)
    return replace(model, source=source, mirrors=())


def misses(model, folder, *parts):
    """The file is not found, with one message that says everything, and the folder stays empty."""
    with pytest.raises(ModelFileMissing) as missing:
        find(model, folder)
    source = model.source
    told = (source.file, source.url, source.sha256, model.purpose, model.licence, model.publisher)
    for part in (*told, str(folder), SETTING, *parts):
        assert part in str(missing.value)
    assert not folder.is_dir() or list(folder.iterdir()) == []


def test_a_file_that_is_there_is_found_without_the_network(model, server, tmp_path):
    path = tmp_path / model.source.file
    path.write_bytes(WEIGHTS)
    assert find(model, tmp_path) == path
    assert server.asked == []
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_in_a_folder_that_is_only_for_reading_is_found(model, server, tmp_path):
    path = tmp_path / "models" / model.source.file
    path.parent.mkdir()
    path.write_bytes(WEIGHTS)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        assert find(model, path.parent) == path
    finally:
        path.parent.chmod(0o755)


def test_a_link_to_the_file_is_found(model, server, tmp_path):
    (tmp_path / "elsewhere").write_bytes(WEIGHTS)
    path = tmp_path / model.source.file
    path.symlink_to(tmp_path / "elsewhere")
    assert find(model, tmp_path) == path
    assert server.asked == []


def test_a_missing_file_is_downloaded_once_and_nothing_else_stays(model, server, tmp_path):
    folder = tmp_path / "not" / "yet"
    path = find(model, folder)
    assert path == folder / model.source.file
    assert path.read_bytes() == WEIGHTS
    assert list(folder.iterdir()) == [path]
    assert find(model, folder) == path
    assert server.asked == [PATH]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(WEIGHTS[::-1]), "differs from the one this version was written for"),
        (Answer(WEIGHTS[:-9], announced=len(WEIGHTS)), "broke off"),
        (Answer(WEIGHTS[:-9], announced=len(WEIGHTS), stalls=True), "timed out"),
        (Answer(status=404), "answered 404"),
        (Answer(status=302, headers={"Location": "ftp://127.0.0.1/model"}), "not followed"),
    ],
    ids=["changed", "truncated", "silent", "missing", "to FTP"],
)
def test_a_bad_answer_is_kept_out(model, server, tmp_path, monkeypatch, answer, words):
    monkeypatch.setattr(web, "TIMEOUT_S", 0.2)
    server.answers[PATH] = answer
    misses(model, tmp_path, words)


def test_without_a_connection_one_message_says_how_to_get_the_file(model, tmp_path):
    with socket.socket() as closed:  # bound, but it does not listen
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        misses(published(model, f"http://{host}"), tmp_path, f"no connection to {host}")


def test_a_folder_that_cannot_be_made_is_said_in_the_same_words(model, server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    misses(model, tmp_path / "file" / "models")
    assert server.asked == []


def test_other_bytes_in_the_folder_are_refused_with_both_digests_and_stay(model, server, tmp_path):
    path = tmp_path / model.source.file
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ModelFileRefused) as refused:
        find(model, tmp_path)
    there = hashlib.sha256(path.read_bytes()).hexdigest()
    for part in (str(path), there, model.source.sha256, model.source.url, "Move it away"):
        assert part in str(refused.value)
    assert server.asked == []


@pytest.mark.parametrize("error", [ModelFileMissing, ModelFileRefused])
def test_whoever_handles_failed_downloads_handles_these(error):
    assert issubclass(error, FetchFailed)


class AnswersTogether(dict):
    """Answers of a server that gives none before two have asked."""

    def __init__(self, answers):
        super().__init__(answers)
        self.both = threading.Barrier(2, timeout=60)

    def get(self, *key):
        self.both.wait()
        return super().get(*key)


@pytest.mark.parametrize("workers", ["threads", "processes"])
def test_two_that_download_at_once_both_get_the_whole_file(server, tmp_path, workers):
    server.answers = AnswersTogether(server.answers)
    model = published(MODEL_FILES[0], server.url)
    spawn = multiprocessing.get_context("spawn")
    pool = ThreadPoolExecutor(2) if workers == "threads" else ProcessPoolExecutor(2, spawn)
    with pool:
        paths = list(pool.map(find, [model, model], [tmp_path, tmp_path]))
    assert server.asked == [PATH, PATH]
    assert paths == [tmp_path / model.source.file] * 2
    assert list(tmp_path.iterdir()) == paths[:1]
    assert paths[0].read_bytes() == WEIGHTS


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
def test_a_killed_download_leaves_nothing_under_the_final_name(server, tmp_path):
    model = published(MODEL_FILES[0], server.url)
    arguments = ["0", model.source.url, model.source.sha256, str(tmp_path)]
    killed = subprocess.run([sys.executable, "-c", DIES_BEFORE_RENAMING, *arguments], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert server.asked == [PATH]
    assert not (tmp_path / model.source.file).exists()
    assert find(model, tmp_path).read_bytes() == WEIGHTS


def without_checksum(url):
    model = published(MODEL_FILES[0], url)
    return replace(model, source=replace(model.source, sha256=None))


def test_without_a_published_checksum_any_bytes_are_taken_and_their_digest_is_known(
    server, tmp_path
):
    model = without_checksum(server.url)
    assert digest(model, tmp_path) is None
    assert find(model, tmp_path).read_bytes() == WEIGHTS
    assert digest(model, tmp_path) == hashlib.sha256(WEIGHTS).hexdigest()
    (tmp_path / model.source.file).write_bytes(b"others")
    assert find(model, tmp_path).read_bytes() == b"others"
    assert digest(model, tmp_path) == hashlib.sha256(b"others").hexdigest()
    assert server.asked == [PATH]


def test_without_a_published_checksum_the_message_says_so(server, tmp_path):
    server.answers[PATH] = Answer(status=404)
    with pytest.raises(ModelFileMissing, match="no checksum named"):
        find(without_checksum(server.url), tmp_path)


def test_a_mirror_is_asked_where_the_first_address_fails_and_only_then(model, server, tmp_path):
    mirrored = replace(model, mirrors=(f"{server.url}/broken", f"{server.url}/mirror"))
    server.answers |= {PATH: Answer(WEIGHTS[:-9]), "/mirror": Answer(WEIGHTS)}
    assert find(mirrored, tmp_path / "one").read_bytes() == WEIGHTS
    assert server.asked == [PATH, "/broken", "/mirror"]
    server.answers[PATH] = Answer(WEIGHTS)
    assert find(mirrored, tmp_path / "other").read_bytes() == WEIGHTS
    assert server.asked == [PATH, "/broken", "/mirror", PATH]


def test_mirrors_are_held_to_the_same_checksum_and_each_failure_is_said(model, server, tmp_path):
    server.answers = {PATH: Answer(status=404), "/mirror": Answer(WEIGHTS[::-1])}
    mirrored = replace(model, mirrors=(f"{server.url}/mirror",))
    misses(mirrored, tmp_path, "answered 404", "differs from the one this version was written for")


def test_the_message_names_a_setting_that_exists(monkeypatch, tmp_path):
    monkeypatch.setenv(SETTING, str(tmp_path))
    assert Settings().model_files_root == tmp_path


@pytest.mark.parametrize("model", MODEL_FILES, ids=lambda model: model.source.file)
def test_addresses_are_encrypted_and_end_in_the_name_of_the_file(model):
    for url in (model.source.url, *model.mirrors):
        assert url.startswith("https://")
        assert url.endswith(f"/{model.source.file}")


def test_digests_are_whole_and_no_two_files_share_one_or_a_name():
    named = [model.source.sha256 for model in MODEL_FILES if model.source.sha256]
    assert all(re.fullmatch("[0-9a-f]{64}", sha256) for sha256 in named)
    assert len(set(named)) == len(named)
    assert len({model.source.file for model in MODEL_FILES}) == len(MODEL_FILES)


@pytest.mark.parametrize(("family", "variant"), IMAGENET)
def test_weights_of_imagenet_are_those_that_torchvision_names(family, variant):
    from torchvision.models import get_model_weights

    if family == "faster_rcnn":  # the weights are those of the network below its pyramid
        architecture = variant
    else:
        assert family in models.NAMES
        architecture = f"{family}_{variant}" if variant else family
    best = get_model_weights(architecture).DEFAULT
    source = IMAGENET[family, variant].source
    assert source.url == best.url
    assert source.file == f"{architecture}-{source.sha256[:8]}.pth"


@pytest.mark.model_files
@pytest.mark.parametrize("model", MODEL_FILES, ids=lambda model: model.source.file)
def test_the_pinned_files_are_those_that_results_were_measured_with(model):
    there = shared_file(f"models/{model.source.file}")
    assert find(model, there.parent) == there
