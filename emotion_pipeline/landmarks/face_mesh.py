"""MediaPipe's FaceLandmarker: the mesh of one face, its blendshapes and its pose.

Kartynnik et al. 2019, "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs".
"""

import weakref
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from emotion_pipeline.landmarks import mediapipe_library, mediapipe_results
from emotion_pipeline.landmarks.mediapipe_library import LandmarkerUnusable

SMALL_PX = 128
"""Smaller pictures get a border: a face that fills its picture is found less often."""
BORDER = 0.25


class FaceMesh(NamedTuple):
    """What is known of one face; all arrays float32.

    `points` (478, 3): x and y in widths and heights of the picture, from its upper left corner, so
    mostly 0 to 1; z, smaller nearer to the camera, in widths of the picture.
    `blendshapes` (52,): 0 to 1, in the order of BLENDSHAPES. `pose` (4, 4): takes points of
    MediaPipe's canonical face, in centimetres, to the camera's space.
    """

    points: np.ndarray
    blendshapes: np.ndarray
    pose: np.ndarray


class MeshDetector:
    """The landmarker with its model file; for one thread at a time."""

    def __init__(self, model: Path) -> None:
        self._mediapipe = mediapipe_library.load()
        vision = self._mediapipe.tasks.vision
        options = vision.FaceLandmarkerOptions(
            base_options=self._mediapipe.tasks.BaseOptions(model_asset_path=str(model)),
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        try:
            with mediapipe_library.quiet():
                self._landmarker = vision.FaceLandmarker.create_from_options(options)
                # It goes on starting, and writing, in other threads until a picture is through.
                self.find(np.zeros((SMALL_PX, SMALL_PX, 3), np.uint8))
        except FileNotFoundError:  # the model
            raise
        except OSError as error:
            raise LandmarkerUnusable(mediapipe_library.without_libraries(error)) from error
        weakref.finalize(self, mediapipe_library.close, self._landmarker)

    def find(self, picture: np.ndarray) -> FaceMesh | None:
        """The mesh of the most visible face of a picture (h, w, 3) RGB uint8, if there is any."""
        height_px, width_px = picture.shape[:2]
        bordered, rim_px = with_border(picture)
        image = self._mediapipe.Image(
            image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(bordered)
        )
        with mediapipe_results.detected(self._landmarker, image) as found:
            if not found.face_landmarks_count:
                return None
            points = mediapipe_results.points(found)
            blendshapes, pose = mediapipe_results.blendshapes(found), mediapipe_results.pose(found)
        # From the picture with its border to the picture.
        points *= (width_px + 2 * rim_px, height_px + 2 * rim_px, width_px + 2 * rim_px)
        points -= (rim_px, rim_px, 0)
        points /= (width_px, height_px, width_px)
        return FaceMesh(points, blendshapes, pose)


def with_border(picture: np.ndarray) -> tuple[np.ndarray, int]:
    """A small picture with a border that repeats its edge, and the border's width in pixels."""
    side_px = min(picture.shape[:2])
    rim_px = round(BORDER * side_px) if side_px < SMALL_PX else 0
    if not rim_px:
        return picture, 0
    rims_px = (rim_px,) * 4
    return cv2.copyMakeBorder(picture, *rims_px, cv2.BORDER_REPLICATE), rim_px
