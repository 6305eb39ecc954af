"""The detectors made from the shared model files, and pictures to look for faces in."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion_pipeline.landmarks.detectors import Detectors, ModelPaths, detectors
from emotion_pipeline.landmarks.mediapipe_library import LandmarkerUnusable
from emotion_pipeline_tests.shared_data import (
    FACE_LANDMARKER,
    YUNET,
    shared_file,
    shared_photographs,
)


def usable_models() -> ModelPaths:
    """Where the model files are; skips the test where they, MediaPipe or its libraries lack."""
    paths = ModelPaths(shared_file(FACE_LANDMARKER), shared_file(YUNET))
    try:
        detectors(paths)
    except LandmarkerUnusable as unusable:
        pytest.skip(str(unusable))
    return paths


def shared_detectors() -> Detectors:
    return detectors(usable_models())


@cache
def photograph(path: Path) -> np.ndarray:
    """(h, w, 3) RGB uint8."""
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def photographs() -> dict[str, np.ndarray]:
    """Photographs of one person each, by name."""
    return {path.name: photograph(path) for path in shared_photographs()}


def without_faces() -> dict[str, np.ndarray]:
    """Pictures that nobody is in."""
    rng = np.random.default_rng(0)
    y, x = np.indices((300, 400), dtype=np.float32)
    coarse = rng.integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return {
        "noise": rng.integers(0, 256, (300, 400, 3), dtype=np.uint8),
        "gradient": np.dstack([x * 0.6, y * 0.8, 255 - x * 0.6]).astype(np.uint8),
        "texture": cv2.resize(coarse, (400, 300), interpolation=cv2.INTER_CUBIC),
        "stripes": np.dstack([127 + 120 * np.sin(x / 5 + y / 9)] * 3).astype(np.uint8),
        "black": np.zeros((300, 400, 3), np.uint8),
        "white": np.full((300, 400, 3), 255, np.uint8),
    }
