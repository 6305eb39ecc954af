"""Drawn streets at night: soft patches of hardly any light, noise, and a few small faces."""

import cv2
import numpy as np

from emotion_pipeline.datasets.drawn_pictures import colour_face, set_into
from emotion_pipeline.labels import EMOTIONS

FACE_PX = (20, 110)
_NOISE_LEVELS = 8
_GAMMA = 2.2

Edges = tuple[int, int, int, int]
"""Left, top, right and bottom of a face; the last two are not part of it."""


def draw_street(
    rng: np.random.Generator, size_px: tuple[int, int], n_faces: int
) -> tuple[np.ndarray, list[Edges]]:
    """A street of (width, height) pixels as uint8 RGB, and where its faces are.

    Faces do not overlap; where one finds no room, there are fewer than asked for.
    """
    width_px, height_px = size_px
    patches = rng.uniform(20, 160, (9, 13, 3)).astype(np.float32)
    street = cv2.resize(patches, size_px).astype(np.uint8)
    faces: list[Edges] = []
    for _ in range(n_faces):
        side = int(rng.integers(*FACE_PX))
        left = int(rng.integers(0, width_px - side))
        top = int(rng.integers(0, height_px - side))
        edges = (left, top, left + side, top + side)
        face = colour_face(str(rng.choice(EMOTIONS)), rng, side)
        if not any(_overlap(edges, other) for other in faces):
            set_into(street, face, left, top)
            faces.append(edges)
    return _at_night(street, rng), faces


def _overlap(one: Edges, other: Edges) -> bool:
    across = one[0] < other[2] and other[0] < one[2]
    return across and one[1] < other[3] and other[1] < one[3]


def _at_night(street: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    levels = 255 * (np.arange(256) / 255) ** _GAMMA * rng.uniform(0.15, 0.4)
    noise = rng.integers(0, _NOISE_LEVELS, street.shape, dtype=np.uint8)
    return cv2.add(levels.astype(np.uint8)[street], noise)
