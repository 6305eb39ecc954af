"""People for drawn faces: what stays the same when the expression changes, and where it stands."""

from typing import NamedTuple

import numpy as np

CANVAS_PX = 192
CENTRE_PX = CANVAS_PX / 2


class Person(NamedTuple):
    """One head, as it is held in one picture. Lengths are pixels of the square canvas."""

    half_width: float
    half_height: float
    jaw: float  # exponent of the outline's lower half: larger is squarer
    skin: float  # tones are gray levels
    hair: float
    hairline: float  # height of the forehead, in half heights above the middle
    long_hair: bool
    eye_size: float  # these are factors about 1
    eye_distance: float
    brow_weight: float
    nose_width: float
    lip_fullness: float
    glasses: bool
    side: int  # of lopsided expressions: -1 or 1
    yaw: float  # turn of the head, -1 to 1
    pitch: float

    def at(self, u: np.ndarray | float, v: np.ndarray | float) -> np.ndarray:
        """Points of the canvas, (n, 2), from points on the face: -1 to 1 across and down.

        `v` is one number or as many as `u`. The face bulges: its middle moves the most when the
        head turns.
        """
        u = np.atleast_1d(u)
        points = np.empty((u.size, 2))
        points[:, 0] = u + 0.16 * self.yaw * np.maximum(1 - u**2, 0)
        points[:, 1] = v + 0.08 * self.pitch * np.maximum(1 - np.square(v), 0)
        return points * (self.half_width, self.half_height) + CENTRE_PX


def draw_person(rng: np.random.Generator) -> Person:
    """A person drawn by lot."""
    skin = rng.uniform(105, 205)
    return Person(
        half_width=rng.uniform(56, 68),
        half_height=rng.uniform(80, 92),
        jaw=rng.uniform(1.9, 2.5),
        skin=skin,
        hair=rng.uniform(15, min(skin - 35, 120)),
        hairline=rng.uniform(0.58, 0.78),
        long_hair=rng.random() < 0.45,
        eye_size=rng.uniform(0.9, 1.15),
        eye_distance=rng.uniform(0.93, 1.07),
        brow_weight=rng.uniform(0.7, 1.4),
        nose_width=rng.uniform(0.85, 1.25),
        lip_fullness=rng.uniform(0.75, 1.4),
        glasses=rng.random() < 0.12,
        side=int(rng.choice((-1, 1))),
        yaw=rng.uniform(-1, 1),
        pitch=rng.uniform(-1, 1),
    )
