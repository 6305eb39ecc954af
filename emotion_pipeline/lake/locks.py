"""Files that one process of a machine holds at a time, while others wait and say so."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def held(path: Path, tell: Callable[[], object]) -> Iterator[None]:
    """Hold the file, made with its folders where it is not there; `tell` before having to wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        tell()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
