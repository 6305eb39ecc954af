"""Checks of servers that settings name. Passwords are never shown."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from emotion_pipeline.orchestration.doctor.finding import Finding, ok, problem
from emotion_pipeline.settings import Settings

ANSWERS_WITHIN_S = 5.0
_POSTGRES_PORT = 5432


def postgres(settings: Settings) -> Iterator[Finding]:
    """Something listens where Postgres is said to be."""
    if settings.postgres_url is None:
        return
    place = urlsplit(settings.postgres_url)
    host, port = place.hostname or "localhost", place.port or _POSTGRES_PORT
    yield _listens("postgres", "Postgres", host, port, "EMOTION_PIPELINE_POSTGRES_URL")


def engine(settings: Settings) -> Iterator[Finding]:
    """Something listens where the cluster is said to be."""
    place = urlsplit(settings.engine)
    if place.hostname is None or place.port is None:
        yield ok("engine", f"work is carried by {settings.engine} on this machine")
        return
    title = f"the {place.scheme} cluster"
    yield _listens("engine", title, place.hostname, place.port, "EMOTION_PIPELINE_ENGINE")


def _listens(check: str, title: str, host: str, port: int, setting: str) -> Finding:
    try:
        socket.create_connection((host, port), ANSWERS_WITHIN_S).close()
    except OSError as error:
        return problem(
            check,
            f"{title} does not answer at {host}:{port}: {error}",
            f"start it, or correct {setting}",
        )
    return ok(check, f"{title} answers at {host}:{port}")
