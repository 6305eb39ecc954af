"""Competitions and datasets of Kaggle, with the user's own credentials, through kagglehub.

kagglehub waits for ever for a silent server and unpacks archives of any size. So it runs in a
process of its own, and what it writes is watched.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from emotion_pipeline.fetching.failure import FetchFailed
from emotion_pipeline.fetching.sources import KaggleSource

PROCESS = f"{__package__}.kaggle_process"
HOST = "api.kaggle.com"
LOOK_EVERY_S = 1.0
SILENCE_S = 30.0
MAX_FILES = 200_000
MAX_BYTES = 16 * 2**30
TOKENS = "https://www.kaggle.com/settings/api"
CREDENTIALS = (
    f"Kaggle wants to know who asks. Create a token at {TOKENS}, put it into the variable"
    " KAGGLE_API_TOKEN or the file ~/.kaggle/access_token (or a kaggle.json into ~/.kaggle), and"
    " try again."
)


class Size(NamedTuple):
    """How much there is below a folder."""

    n_files: int
    n_bytes: int


def download(source: KaggleSource, folder: Path, progress: Callable[[int], None]) -> None:
    """Write the source's files, unpacked, into an empty folder; FetchFailed if they do not come."""
    if find_spec("kagglehub") is None:
        raise FetchFailed(
            "it needs kagglehub: run `pip install 'emotion-pipeline[fetch]'` and try again."
        )
    answer = folder.with_name("answer.json")
    arguments = [source.kind, source.handle, source.file or "", str(folder), str(answer)]
    child = subprocess.Popen(  # noqa: S603 - a fixed program, and arguments from the table
        [sys.executable, "-m", PROCESS, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _watch(child, folder, progress)
    finally:
        child.kill()
        child.wait()
    if not answer.exists():
        raise FetchFailed(f"kagglehub stopped without an answer (exit code {child.returncode}).")
    error = json.loads(answer.read_text())
    if error is not None:
        raise FetchFailed(_in_words(error, source))
    shutil.rmtree(folder / ".complete", ignore_errors=True)
    size = _size(folder)
    _refuse_too_much(size)
    _refuse_odd_files(folder)
    progress(size.n_bytes)


def _watch(child: "subprocess.Popen[bytes]", folder: Path, progress: Callable[[int], None]) -> None:
    """Wait for the process; FetchFailed if its folder grows too large or not at all."""
    before, changed_at = Size(0, 0), time.monotonic()
    while True:
        try:
            child.wait(LOOK_EVERY_S)
            return
        except subprocess.TimeoutExpired:
            size = _size(folder)
        _refuse_too_much(size)
        if size != before:
            before, changed_at = size, time.monotonic()
            progress(size.n_bytes)
        elif time.monotonic() - changed_at > SILENCE_S:
            raise FetchFailed(f"nothing has come from {HOST} for {SILENCE_S:g} seconds.")


def _in_words(error: dict[str, Any], source: KaggleSource) -> str:
    """What went wrong, from the answer of the process, and what to do."""
    if "UnauthenticatedError" in error["kinds"] or error["status"] == 401:
        return CREDENTIALS
    if error["status"] == 403:
        page = f"{source.page}/rules" if source.kind == "competition" else source.page
        return (
            f"Kaggle refuses it to you. Sign in, open {page}, accept the terms, and try again with"
            f" a token of the same account ({TOKENS})."
        )
    if error["status"] == 404:
        return f"Kaggle no longer has {source.file or 'files'} at {source.page}."
    if {"ConnectionError", "Timeout"} & set(error["kinds"]):
        return f"no connection to {HOST}: {error['cause']}."
    if "ChunkedEncodingError" in error["kinds"]:
        return f"the download from {HOST} broke off ({error['cause']}); try again."
    return f"kagglehub says {error['kinds'][0]}: {error['text']}."


def _refuse_too_much(size: Size) -> None:
    if size.n_files > MAX_FILES or size.n_bytes > MAX_BYTES:
        raise FetchFailed(
            f"it has more than {MAX_FILES:,} files or {MAX_BYTES:,} bytes, which this version does"
            " not expect of it."
        )


def _refuse_odd_files(folder: Path) -> None:
    """FetchFailed if there is anything but folders and plain files."""
    for path in _below(folder):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise FetchFailed(f"its archive holds {path.name}, a link or a device, not a file.")


def _size(folder: Path) -> Size:
    n_files = n_bytes = 0
    for path in _below(folder):
        with suppress(FileNotFoundError):  # a finished archive is deleted
            if path.is_file():
                n_files += 1
                n_bytes += path.lstat().st_size
    return Size(n_files, n_bytes)


def _below(folder: Path) -> Iterator[Path]:
    for above, folders, files in os.walk(folder):
        yield from (Path(above, name) for name in folders + files)
