"""A web server on a free port of this machine that gives prepared answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What the server sends; `announced` is a Content-Length other than that of the body."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    stalls: bool = False
    """Send nothing more, and keep the connection open until the server is stopped."""


class WebServer:
    """Answers by path, whatever the host in the request's line; `asked` are the paths asked for."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.stopped = threading.Event()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                server.asked.append(path)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = server.answers.get(path, Answer(b"no such page", 404))
                self.send_response(answer.status)
                n_bytes = len(answer.body) if answer.announced is None else answer.announced
                for name, value in {"Content-Length": str(n_bytes), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
                if answer.stalls:
                    self.wfile.flush()
                    server.stopped.wait()

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                """Keep the test's output quiet."""

        return Handler


@contextmanager
def serving(answers: dict[str, Answer]) -> Iterator[WebServer]:
    """A server that runs until the end of the block."""
    server = WebServer(answers)
    thread = threading.Thread(target=server.http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.stopped.set()
        server.http.shutdown()
        thread.join()
        server.http.server_close()
