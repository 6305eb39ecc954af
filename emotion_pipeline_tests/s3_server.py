"""An S3 server on this machine with one bucket, and addresses of empty lakes in it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from uuid import uuid4

import pytest

BUCKET = "some-bucket"


@contextmanager
def running() -> Iterator[str]:
    """The server's `host:port`, with credentials for it in the environment of this process."""
    moto = pytest.importorskip("moto.server", reason="moto and flask are not installed")
    server = moto.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        with closing(HTTPConnection(host, port)) as connection:
            connection.request("PUT", f"/{BUCKET}")
            assert connection.getresponse().status == 200
        yield f"{host}:{port}"
    server.stop()


def empty_lake(server: str, bucket: str = BUCKET) -> str:
    """The URL of a lake that nobody else has."""
    return f"s3://{bucket}/{uuid4().hex}/lake?endpoint_override={server}&scheme=http"
