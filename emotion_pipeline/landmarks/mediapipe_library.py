"""MediaPipe's library, kept small, quiet and harmless.

It writes notes to the standard error stream when it starts, and reports its use to
play.googleapis.com when a landmarker is closed. Neither changes a result, and neither happens here.
"""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

NOT_INSTALLED = "face landmarks need MediaPipe: pip install 'emotion-pipeline[landmarks]'"
LIBRARIES = "apt-get install libegl1 libgles2"
_LINKED = ("libEGL.so.1", "libGLESv2.so.2")

# The discard port, where nobody listens, for every address.
_NOWHERE = {"https_proxy": "http://127.0.0.1:9", "no_proxy": "nobody.invalid"}
# Modules, error stream and variables are the whole process's: one thread at a time. A thread that
# collects garbage while it holds this may close a landmarker.
_process_wide = threading.RLock()

# Timers of the library send SIGPROF, which it ignores, though Python does not know of that. Who
# puts all handlers back as Python knows them, as Lightning does after a training, would let the
# next SIGPROF end the process. Only the main thread may tell Python.
if (
    hasattr(signal, "SIGPROF")
    and threading.current_thread() is threading.main_thread()
    and signal.getsignal(signal.SIGPROF) is signal.SIG_DFL
):
    signal.signal(signal.SIGPROF, signal.SIG_IGN)


class LandmarkerUnusable(RuntimeError):
    """MediaPipe, or a library that it needs, is not installed; the message says what to do."""


def lacking() -> str:
    """What MediaPipe lacks on this machine, and what to do; or nothing. It is not imported."""
    if find_spec("mediapipe") is None:
        return NOT_INSTALLED
    try:
        for name in _LINKED if sys.platform == "linux" else ():
            ctypes.CDLL(name)
    except OSError as error:
        return without_libraries(error)
    return ""


def without_libraries(error: OSError) -> str:
    """What to say where MediaPipe's own library could not be loaded."""
    return (
        "MediaPipe cannot load the libraries that it needs even without a screen or a GPU"
        f" ({error}); on Debian: {LIBRARIES}"
    )


def load() -> ModuleType:
    """The package; LandmarkerUnusable where it is not installed."""
    try:
        with _without_plotting():
            import mediapipe
    except ModuleNotFoundError as error:
        raise LandmarkerUnusable(NOT_INSTALLED) from error
    return mediapipe


def close(landmarker: Any) -> None:
    """Close a landmarker; where the interpreter is ending, only forget that it is open."""
    try:
        with _unconnected():
            landmarker.close()
    except RuntimeError:  # the thread that would close it is gone already
        landmarker._handle = None


@contextmanager
def quiet() -> Iterator[None]:
    """What native code writes to the standard error stream is thrown away."""
    with _process_wide, Path(os.devnull).open("wb") as nothing:
        kept = os.dup(2)
        os.dup2(nothing.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def _without_plotting() -> Iterator[None]:
    """MediaPipe plots with matplotlib, which nobody here asks it to: 35 MB less in every worker."""
    with _process_wide:
        absent = {"matplotlib", "matplotlib.pyplot"} - sys.modules.keys()
        sys.modules.update({name: ModuleType(name) for name in absent})
        try:
            yield
        finally:
            for name in absent:
                del sys.modules[name]


@contextmanager
def _unconnected() -> Iterator[None]:
    """Native code that asks for a proxy is sent where nobody answers."""
    with _process_wide:
        before = {name: os.environ.get(name) for name in _NOWHERE}
        os.environ.update(_NOWHERE)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
