"""What a detector does to its process, and to the world: in processes of their own."""

import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion_pipeline.landmarks.mediapipe_library import LIBRARIES
from emotion_pipeline_tests.landmarks.shared_detectors import shared_detectors, usable_models
from emotion_pipeline_tests.shared_data import shared_photographs

pytestmark = pytest.mark.model_files

BEGIN = """
import gc, hashlib, os, sys, threading
from pathlib import Path
import cv2, mediapipe
import numpy as np
from emotion_pipeline.landmarks.face_mesh import MeshDetector
from emotion_pipeline.landmarks.mediapipe_library import LandmarkerUnusable
model, picture = Path(sys.argv[1]), cv2.imread(sys.argv[2])[..., ::-1]
"""
OURS = """
detector = MeshDetector(model)
mesh = detector.find(picture)
"""
CLOSED = OURS + "del detector\n"
BARE = """
vision = mediapipe.tasks.vision
base = mediapipe.tasks.BaseOptions(model_asset_path=str(model))
options = vision.FaceLandmarkerOptions(base_options=base)
with vision.FaceLandmarker.create_from_options(options) as landmarker:
    data = np.ascontiguousarray(picture)
    landmarker.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=data))
"""
DIGEST = OURS + "print(hashlib.sha256(b''.join(a.tobytes() for a in mesh)).hexdigest())"
FOUR_AT_ONCE = """
def whole_process():
    error_stream = os.fstat(2)
    return error_stream.st_dev, error_stream.st_ino, dict(os.environ)

def use_and_close(all_at_once):
    all_at_once.wait()
    detector = MeshDetector(model)
    detector.find(picture)
    all_at_once.wait()
    del detector

before = whole_process()
for _ in range(2):
    all_at_once = threading.Barrier(4)
    threads = [threading.Thread(target=use_and_close, args=(all_at_once,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
gc.collect()
print(before == whole_process())
"""
REFUSED = """
try:
    MeshDetector(model)
except LandmarkerUnusable as unusable:
    print(unusable)
"""


def run(script: str, **variables: str) -> subprocess.CompletedProcess:
    """The finished script, which has a model and a picture of a face."""
    command = [sys.executable, "-c", BEGIN + script, str(usable_models().landmarker)]
    root = str(Path(__file__).resolve().parents[2])
    return subprocess.run(
        [*command, str(shared_photographs()[0])],
        env={**os.environ, "PYTHONPATH": root, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def proxy() -> Iterator[tuple[dict[str, str], list[bytes]]]:
    """Variables that name a proxy on this machine, and what it is asked; it answers nothing."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(1000))

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        variables = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), url)
        try:
            yield {**variables, "NO_PROXY": "", "no_proxy": ""}, asked
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("script", [OURS, CLOSED], ids=["open at the end", "closed"])
def test_nothing_is_written_and_the_process_ends_well(script):
    ended = run(script)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_another_process_gives_the_same_bytes():
    picture = cv2.imread(str(shared_photographs()[0]))[..., ::-1]
    mesh = shared_detectors().mesh.find(np.ascontiguousarray(picture))
    here = hashlib.sha256(b"".join(array.tobytes() for array in mesh)).hexdigest()
    assert run(DIGEST).stdout.strip() == here


def test_closing_connects_to_nobody():
    with proxy() as (variables, asked):
        run(BARE, **variables)
        if not asked:
            pytest.skip("this MediaPipe reports its use to nobody, or not over a proxy")
        asked.clear()
        ended = run(CLOSED, **variables)
        assert (ended.returncode, asked) == (0, [])


def test_threads_that_use_detectors_at_once_leave_the_process_as_it_was():
    ended = run(FOUR_AT_ONCE)
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "True", "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="libEGL is found so on Linux")
def test_without_its_libraries_the_message_says_what_to_install(tmp_path):
    (tmp_path / "libEGL.so.1").write_text("no library")
    ended = run(REFUSED, LD_LIBRARY_PATH=str(tmp_path))
    assert ended.returncode == 0
    assert LIBRARIES in ended.stdout
    assert "libEGL.so.1" in ended.stdout


LACKS = """
from emotion_pipeline.landmarks.mediapipe_library import lacking
print(lacking())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="libEGL is found so on Linux")
def test_what_is_lacking_is_known_without_making_a_detector(tmp_path):
    assert run(LACKS).stdout.strip() == ""
    (tmp_path / "libGLESv2.so.2").write_text("no library")
    told = run(LACKS, LD_LIBRARY_PATH=str(tmp_path)).stdout
    assert LIBRARIES in told
    assert "libGLESv2.so.2" in told


HANDLERS_PUT_BACK = """
import signal
signal.signal(signal.SIGPROF, signal.SIG_DFL)  # whatever the starting process has set
from emotion_pipeline.landmarks.face_mesh import MeshDetector
import sys
from pathlib import Path
detector = MeshDetector(Path(sys.argv[1]))
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    if signal.getsignal(number) is not None:
        signal.signal(number, signal.getsignal(number))
for _ in range(1000):
    sum(range(100_000))
print("alive")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="so far only seen on Linux")
def test_a_process_survives_that_its_signal_handlers_are_put_back():
    """Lightning does that after a training; the library's own timers then used to end it."""
    command = [sys.executable, "-c", HANDLERS_PUT_BACK, str(usable_models().landmarker)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout.strip()) == (0, "alive")


DRAWS = """
import sys
from emotion_pipeline.landmarks import mediapipe_library
mediapipe_library.load()
print(sorted(name for name in sys.modules if name.startswith("matplotlib")))
import matplotlib.pyplot
print(matplotlib.pyplot.figure.__module__)
"""


@pytest.mark.model_files
def test_no_plotting_library_is_loaded_and_it_can_be_loaded_later():
    done = subprocess.run([sys.executable, "-c", DRAWS], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "matplotlib.pyplot"]
