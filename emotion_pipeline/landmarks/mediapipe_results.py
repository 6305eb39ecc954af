"""MediaPipe's results as arrays, read where its library left them.

MediaPipe's own `detect` makes Python objects of 1,434 numbers a face first, which takes 6 % of the
whole time. The C interface below it is not public: the version is pinned, and a test compares with
what `detect` returns.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def detected(landmarker: Any, image: Any) -> Iterator[Any]:
    """The result of a `FaceLandmarker` for an `Image`, as the C structure that it is.

    It is gone with the context; what is taken out of it has to be copied.
    """
    from mediapipe.tasks.python.vision.face_landmarker import MpFaceLandmarkerResultC

    result = MpFaceLandmarkerResultC()
    reference = ctypes.byref(result)
    landmarker._lib.MpFaceLandmarkerDetectImage(
        landmarker._handle, image._image_ptr, None, reference
    )
    try:
        yield result
    finally:
        landmarker._lib.MpFaceLandmarkerCloseResult(reference)


def points(result: Any) -> np.ndarray:
    """(n, 3) float32: x, y and z of the first face."""
    face = result.face_landmarks[0]
    return _floats(face.landmarks, face.landmarks_count, "x", 3)


def blendshapes(result: Any) -> np.ndarray:
    """(n,) float32: the scores of the first face."""
    face = result.face_blendshapes[0]
    return _floats(face.categories, face.categories_count, "score", 1)[:, 0]


def pose(result: Any) -> np.ndarray:
    """(4, 4) float32: the transformation matrix of the first face."""
    return result.facial_transformation_matrixes[0].to_numpy().astype(np.float32)


def _floats(items: Any, n_items: int, field: str, n_floats: int) -> np.ndarray:
    """Copy of (n_items, n_floats) that stand beside each other in structures, from a field on."""
    kind = items._type_
    step = ctypes.sizeof(kind)
    memory = (ctypes.c_char * (n_items * step)).from_address(ctypes.addressof(items.contents))
    offset = getattr(kind, field).offset
    return np.ndarray(
        (n_items, n_floats),
        np.float32,
        memoryview(memory).cast("B"),
        offset,
        (step, ctypes.sizeof(ctypes.c_float)),
    ).copy()
