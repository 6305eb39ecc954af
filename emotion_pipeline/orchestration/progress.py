"""How far a running stage is: lines in Dagster's log, and word to whoever started the run.

A refresh runs Dagster in its own process and thread, so a context variable reaches from one to the
other through Dagster.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from emotion_pipeline.stages.base import Progress

MAX_LINES = 64
"""Of one table in Dagster's log, which keeps every line."""


def nobody(done: int, of: int) -> None:
    """The listener where nobody listens."""


_listener: ContextVar[Progress] = ContextVar("listener", default=nobody)


@contextmanager
def heard_by(listener: Progress) -> Iterator[None]:
    """The listener is told of every bucket that runs of this thread finish."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def reporter(log: Callable[[str], None], name: str) -> Progress:
    """What a stage tells its progress; it comes to the listener, and line by line into the log."""
    began = time.monotonic()

    def report(done: int, of: int) -> None:
        _listener.get()(done, of)
        if done * MAX_LINES // of > (done - 1) * MAX_LINES // of:
            log(f"{name}: {done} of {of} buckets, {time.monotonic() - began:.1f} s")

    return report
