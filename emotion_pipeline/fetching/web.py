"""One file over HTTPS with the standard library: of known content, size and time."""

import hashlib
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from emotion_pipeline.fetching.failure import FetchFailed
from emotion_pipeline.fetching.sources import WebFile

TIMEOUT_S = 20
CHUNK_BYTES = 2**18


def download(source: WebFile, folder: Path, progress: Callable[[int], None]) -> None:
    """Write the file into a folder; FetchFailed unless it is exactly the one expected."""
    host = urlsplit(source.url).netloc
    try:
        with (
            build_opener(_SameScheme).open(source.url, timeout=TIMEOUT_S) as answer,
            (folder / source.file).open("wb") as file,
        ):
            digest = _copy(answer, file, source, progress)
    except HTTPError as error:
        raise FetchFailed(f"{host} answered {error.code} {error.reason}.") from error
    except URLError as error:
        raise FetchFailed(f"no connection to {host}: {error.reason}.") from error
    except (OSError, HTTPException) as error:
        raise FetchFailed(f"the download from {host} broke off ({error}); try again.") from error
    if source.sha256 not in (None, digest):
        raise FetchFailed(
            "the publisher's file differs from the one this version was written for (SHA-256"
            f" {digest}, expected {source.sha256}), so it is kept out."
        )


def _copy(
    answer: HTTPResponse, file: IO[bytes], source: WebFile, progress: Callable[[int], None]
) -> str:
    """Copy the answer and return its SHA-256 (hexadecimal)."""
    announced = answer.length
    digest, n_bytes = hashlib.sha256(), 0
    while chunk := answer.read(CHUNK_BYTES):
        n_bytes += len(chunk)
        if n_bytes > source.limit_bytes:
            raise FetchFailed(f"{source.url} has more than {source.limit_bytes:,} bytes.")
        file.write(chunk)
        digest.update(chunk)
        progress(n_bytes)
    if announced is not None and n_bytes < announced:
        raise FetchFailed(
            f"the download broke off after {n_bytes:,} of {announced:,} bytes; try again."
        )
    return digest.hexdigest()


class _SameScheme(HTTPRedirectHandler):
    """Follows redirects, but never from HTTPS to something that anyone can listen to or forge."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if urlsplit(newurl).scheme != urlsplit(req.full_url).scheme:
            raise FetchFailed(f"{req.full_url} leads to {newurl}, which is not followed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
