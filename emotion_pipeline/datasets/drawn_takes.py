"""Drawn recordings: a few people before a camera, who show one emotion per take."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from emotion_pipeline.datasets.drawn_pictures import colour_face, set_into
from emotion_pipeline.labels import EMOTIONS

PEOPLE = ("anna", "ben", "chi-2")
FRAMES_PER_TAKE = 3
SIZE_PX = 240
_FACE_PX = 200


class Take(NamedTuple):
    """Frames are (SIZE_PX, SIZE_PX, 3) uint8 RGB."""

    person: str
    number: int
    emotion: str
    frames: list[np.ndarray]


def takes(rng: np.random.Generator) -> Iterator[Take]:
    """Takes without end: the people take turns, and each shows every emotion before one again."""
    looks = rng.integers(0, 2**32, len(PEOPLE))
    number = 0
    while True:
        number += 1
        for position, (person, look) in enumerate(zip(PEOPLE, looks, strict=True)):
            emotion = EMOTIONS[(number + 3 * position) % len(EMOTIONS)]
            yield Take(person, number, emotion, _frames(emotion, int(look), rng))


def _frames(emotion: str, look: int, rng: np.random.Generator) -> list[np.ndarray]:
    """The head moves by a few pixels from frame to frame; place and light belong to the take."""
    # The same lot draws the same person, whatever the emotion.
    face = colour_face(emotion, np.random.default_rng(look), _FACE_PX)
    face = (face * rng.uniform(0.6, 1.0)).astype(np.uint8)
    wall = np.full((SIZE_PX, SIZE_PX, 3), rng.integers(60, 180, 3), np.uint8)
    places = rng.integers(0, SIZE_PX - _FACE_PX - 4, 2) + rng.integers(0, 5, (FRAMES_PER_TAKE, 2))
    frames = []
    for left, top in places.tolist():
        frame = wall + rng.integers(0, 6, wall.shape, dtype=np.uint8)
        set_into(frame, face, left, top)
        frames.append(frame)
    return frames
