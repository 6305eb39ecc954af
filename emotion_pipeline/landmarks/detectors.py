"""The detectors of a process: made once per thread, since making them takes a third of a second."""

import threading
from pathlib import Path
from typing import NamedTuple

from emotion_pipeline.landmarks.face_mesh import MeshDetector
from emotion_pipeline.landmarks.yunet import YuNet


class ModelPaths(NamedTuple):
    """Where the model files of the detectors are."""

    landmarker: Path
    yunet: Path


class Detectors(NamedTuple):
    """Both detectors; for one thread at a time."""

    mesh: MeshDetector
    yunet: YuNet


_made = threading.local()


def detectors(paths: ModelPaths) -> Detectors:
    """The detectors of this thread."""
    if getattr(_made, "paths", None) != paths:
        _made.detectors = Detectors(MeshDetector(paths.landmarker), YuNet(paths.yunet))
        _made.paths = paths
    return _made.detectors
