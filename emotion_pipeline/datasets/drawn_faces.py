"""Drawn faces: a seeded stand-in for photographs that nobody may pass on.

A face is a person, an expression and a photograph, each drawn by lot. The pipeline can be tried,
tested and shown with such faces, but what a model scores on them says nothing about people.
"""

import cv2
import numpy as np

from emotion_pipeline.datasets.drawn_expressions import ActionUnits, draw_expression
from emotion_pipeline.datasets.drawn_people import CANVAS_PX, CENTRE_PX, Person, draw_person

_PIXELS = np.arange(CANVAS_PX, dtype=np.float32)
_ALONG = np.linspace(-1, 1, 17)  # from one end of a feature to the other
_BULGE = 1 - _ALONG**2  # 0 at the ends of a feature, 1 in its middle
_ROUND = np.linspace(0, 2 * np.pi, 25)
_SUBPIXEL_BITS = 4  # cv2 takes points as fixed-point numbers
_BLACK, _WHITE = 12.0, 240.0


def draw_face(emotion: str, rng: np.random.Generator, size_px: int = 48) -> np.ndarray:
    """Draw one face that shows the emotion; everything else is drawn by lot from `rng`.

    Returns (size_px, size_px) uint8 gray; the same state of `rng` gives the same face (on another
    kind of processor, single pixels may differ by one gray level).
    Raises ValueError for an unknown emotion.
    """
    person, units = draw_person(rng), draw_expression(emotion, rng)
    canvas = _background(rng)
    skin = _draw_head(canvas, person)
    canvas = _shade(canvas, skin, person, units)
    _draw_wrinkles(canvas, person, units)
    _draw_nose(canvas, person, units)
    _draw_mouth(canvas, person, units)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 1.5)
    for side in (-1, 1):
        canvas = _draw_eye(canvas, person, units, side)
        _draw_brow(canvas, person, units, side)
    _draw_fringe(canvas, person, rng)
    if person.glasses:
        _draw_glasses(canvas, person)
    return _photograph(canvas, rng, size_px)


def _background(rng: np.random.Generator) -> np.ndarray:
    """(CANVAS_PX, CANVAS_PX) uint8 of large soft patches."""
    patches = rng.normal(rng.uniform(20, 225), 25, (4, 4)).clip(0, 255).astype(np.float32)
    return cv2.resize(patches, (CANVAS_PX, CANVAS_PX)).astype(np.uint8)


def _fill(canvas: np.ndarray, points: np.ndarray, tone: float) -> None:
    fixed = np.rint(points * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.fillPoly(canvas, [fixed], tone, cv2.LINE_AA, _SUBPIXEL_BITS)


def _line(canvas: np.ndarray, points: np.ndarray, tone: float, width_px: int) -> None:
    fixed = np.rint(points * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.polylines(canvas, [fixed], False, tone, width_px, cv2.LINE_AA, _SUBPIXEL_BITS)


def _between(person: Person, u: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Polygon between two curves over the same `u`."""
    return np.concatenate([person.at(u, top), person.at(u, bottom)[::-1]])


def _ellipse(person: Person, u: float, v: float, wide_u: float, wide_v: float) -> np.ndarray:
    return person.at(u + wide_u * np.cos(_ROUND), v + wide_v * np.sin(_ROUND))


def _outline(person: Person, scale: float = 1.0) -> np.ndarray:
    """The head's outline: an ellipse whose lower half is squarer or more pointed."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    u, v = np.cos(angle), np.sin(angle)
    lower = v > 0
    u[lower] = np.sign(u[lower]) * (1 - v[lower] ** person.jaw) ** 0.6
    size = (person.half_width * scale, person.half_height * scale)
    return np.stack([u, v], axis=1) * size + CENTRE_PX


def _draw_head(canvas: np.ndarray, person: Person) -> np.ndarray:
    """Draw hair, ears, neck and skin; returns the skin's mask, uint8 0 to 255."""
    hair = _outline(person, 1.13) - (0, 6)
    _fill(canvas, hair, person.hair)
    if person.long_hair:
        fall = person.at(np.array([-1.15, 1.15, 1.3, -1.3]), np.array([0, 0, 1.3, 1.3]))
        _fill(canvas, fall, person.hair)
    else:
        for side in (-1, 1):
            _fill(canvas, _ellipse(person, side, -0.02, 0.09, 0.2), 0.8 * person.skin)
    neck = person.at(np.array([-0.55, 0.55, 0.6, -0.6]), np.array([0.5, 0.5, 1.3, 1.3]))
    _fill(canvas, neck, 0.62 * person.skin)
    skin = np.zeros_like(canvas)
    _fill(skin, _outline(person), 255)
    _fill(canvas, _outline(person), person.skin)
    return skin


def _shade(canvas: np.ndarray, skin: np.ndarray, person: Person, units: ActionUnits) -> np.ndarray:
    """Add the soft light and shadow that make a flat outline a face."""
    u, v, wide_u, wide_v, tone = np.array(_shadows(person, units), dtype=np.float32).T
    x, y = person.at(u, v).astype(np.float32).T
    across = np.exp(-(((_PIXELS - x[:, None]) / (person.half_width * wide_u[:, None])) ** 2))
    down = np.exp(-(((_PIXELS - y[:, None]) / (person.half_height * wide_v[:, None])) ** 2))
    light = (down.T * (tone * person.skin)) @ across
    return np.clip(canvas + light * (skin / np.float32(255)), 0, 255).astype(np.uint8)


def _shadows(person: Person, units: ActionUnits) -> list[tuple[float, float, float, float, float]]:
    """Soft spots: u, v, half width, half height, and the tone added as a share of the skin's."""
    cheek = 0.5 + 0.5 * units.cheek_raiser
    fold = 0.25 + 0.5 * max(units.lip_corner_puller, units.nose_wrinkler, units.upper_lip_raiser)
    nose = 0.12 * person.nose_width
    spots = [
        (0.0, -0.55, 0.5, 0.22, 0.12),  # forehead
        (0.0, 0.12, 0.07, 0.28, 0.16),  # ridge of the nose
        (0.0, 0.28, 0.1, 0.07, 0.12),  # its tip
        (0.0, 0.39, 0.2, 0.045, -0.22),  # under it
        (0.0, 0.47, 0.05, 0.05, -0.05),  # groove above the lip
        (0.0, 0.76, 0.24, 0.05, -0.2),  # under the lower lip
        (0.0, 0.88, 0.2, 0.08, 0.1),  # chin
    ]
    for side in (-1, 1):
        eye = side * 0.4 * person.eye_distance
        spots += [
            (eye, -0.16, 0.24, 0.11, -0.22),  # eye socket
            (side * 0.17, -0.14, 0.09, 0.12, -0.2),  # inner corner of the eye
            (eye, -0.01, 0.2, 0.03, -0.14 * cheek),  # bag under the eye
            (side * (nose + 0.05), 0.15, 0.08, 0.2, -0.12),  # flank of the nose
            (side * (nose + 0.12), 0.3, 0.07, 0.07, -0.14),  # beside its wing
            (side * 0.52, 0.16, 0.2, 0.12, 0.16 * cheek),  # cheek
            (side * 0.42, 0.42, 0.07, 0.14, -0.2 * fold),  # fold from nose to mouth
            (side * 0.98, 0.1, 0.22, 0.7, -0.3),  # side of the face
            (side * 0.7, 0.85, 0.3, 0.3, -0.25),  # jaw
        ]
    return spots


def _draw_wrinkles(canvas: np.ndarray, person: Person, units: ActionUnits) -> None:
    """Furrows of the forehead, between the brows, and on the nose."""
    raised = min(units.inner_brow_raiser, 0.3 + units.outer_brow_raiser)
    for v in (-0.62, -0.53):
        furrow = person.at(0.4 * _ALONG, v - 0.02 * _BULGE)
        _line(canvas, furrow, person.skin * (1.05 - 0.3 * raised), 2)
    for side in (-1, 1):
        frown = person.at(side * np.array([0.07, 0.06]), np.array([-0.36, -0.22]))
        _line(canvas, frown, person.skin * (0.95 - 0.4 * units.brow_lowerer), 3)
        for v in (-0.06, 0.02):
            wrinkle = person.at(side * np.array([0.03, 0.17]), np.array([v, v + 0.05]))
            _line(canvas, wrinkle, person.skin * (1 - 0.4 * units.nose_wrinkler), 3)


def _draw_nose(canvas: np.ndarray, person: Person, units: ActionUnits) -> None:
    v = 0.345 - 0.03 * units.nose_wrinkler
    for side in (-1, 1):
        u = side * (0.11 + 0.02 * units.nose_wrinkler) * person.nose_width
        _fill(canvas, _ellipse(person, u, v, 0.055, 0.022), 0.35 * person.skin)
        across = side * np.array([0.19, 0.22, 0.17]) * person.nose_width
        wing = person.at(across, v + np.array([-0.09, -0.03, 0.02]))
        _line(canvas, wing, 0.66 * person.skin, 2)


def _draw_mouth(canvas: np.ndarray, person: Person, units: ActionUnits) -> None:
    """Lips between two curves, with teeth and darkness where they part."""
    smile = units.lip_corner_puller + units.one_sided_puller * (_ALONG * person.side > 0)
    half_width = 0.36 + 0.11 * units.lip_corner_puller + 0.12 * units.lip_stretcher
    half_width -= 0.08 * units.jaw_drop + 0.05 * units.lip_tightener
    u = half_width * _ALONG * (1 + 0.12 * (smile - units.lip_corner_puller))
    middle = 0.57 + 0.06 * units.jaw_drop - 0.02 * units.upper_lip_raiser
    line = middle + (0.13 * (units.lip_corner_depressor - smile) + 0.02) * (_ALONG**2 - 0.3)
    bow = _BULGE**0.7
    gape = 0.05 * units.lips_part + 0.13 * units.jaw_drop
    upper = line - (gape + 0.07 * units.upper_lip_raiser) * bow
    lower = line + (gape + 0.05 * units.lips_part * units.lip_corner_puller) * bow
    full = person.lip_fullness * (1 - 0.6 * min(units.lip_tightener, 1))
    cupid = 1 - 0.25 * np.exp(-((_ALONG / 0.15) ** 2))
    lips = _between(person, u, upper - 0.055 * full * bow * cupid, lower + 0.075 * full * bow)
    _fill(canvas, lips, 0.68 * person.skin)
    _fill(canvas, _between(person, u, upper, lower), 0.2 * person.skin)
    teeth = np.minimum(lower, upper + 0.075 * bow)
    if gape + 0.07 * units.upper_lip_raiser > 0.02:
        _fill(canvas, _between(person, 0.9 * u, upper, teeth), 0.3 * person.skin + 0.65 * _WHITE)
    _line(canvas, person.at(u, line if gape < 0.02 else upper), 0.38 * person.skin, 3)


def _draw_eye(canvas: np.ndarray, person: Person, units: ActionUnits, side: int) -> np.ndarray:
    """The canvas with an eye: eyeball and iris seen through the opening between the lids."""
    u = side * 0.4 * person.eye_distance + 0.21 * person.eye_size * _ALONG
    closed = 0.35 * (units.cheek_raiser + units.lid_tightener)
    above = 0.075 * person.eye_size * (1 + 0.55 * units.upper_lid_raiser - 0.8 * closed)
    below = 0.045 * person.eye_size * (1 + 0.2 * units.upper_lid_raiser - closed)
    top, bottom = -0.13 - above * _BULGE**0.7, -0.13 + below * _BULGE
    eyeball = np.full_like(canvas, 0.4 * person.skin + 0.5 * _WHITE)
    x, y = np.rint(person.at(side * 0.4 * person.eye_distance, -0.145)[0]).astype(int).tolist()
    radius_px = round(0.125 * person.half_width * person.eye_size)
    cv2.circle(eyeball, (x, y), radius_px, 55.0, -1, cv2.LINE_AA)
    cv2.circle(eyeball, (x, y), radius_px // 2, _BLACK, -1, cv2.LINE_AA)
    cv2.circle(eyeball, (x - 2, y - 3), 2, _WHITE, -1, cv2.LINE_AA)
    opening = np.zeros_like(canvas)
    _fill(opening, _between(person, u, top, bottom), 255)
    canvas = np.where(opening > 127, eyeball, canvas)
    _line(canvas, person.at(u, top), 0.25 * person.skin, 4)
    _line(canvas, person.at(u, bottom), 0.6 * person.skin, 2)
    _line(canvas, person.at(u, top - 0.045), 0.7 * person.skin, 2)
    return canvas


def _draw_brow(canvas: np.ndarray, person: Person, units: ActionUnits, side: int) -> None:
    outward = (_ALONG + 1) / 2
    u = side * (0.17 - 0.06 * units.brow_lowerer + 0.5 * outward)
    lift = 0.11 * units.inner_brow_raiser * (1 - outward) + 0.1 * units.outer_brow_raiser * outward
    lift -= 0.11 * units.brow_lowerer * (1 - outward) ** 1.5 + 0.02 * units.brow_lowerer
    v = -0.33 - 0.05 * np.sin(outward * np.pi * 0.8) - lift
    thick = 0.04 * person.brow_weight * (1 - 0.7 * outward**2)
    _fill(canvas, _between(person, u, v - thick, v + thick), 0.25 * person.skin + 0.6 * person.hair)


def _draw_fringe(canvas: np.ndarray, person: Person, rng: np.random.Generator) -> None:
    """Hair that falls from the crown to the hairline, with some strands."""
    u = np.sin(_ALONG * np.pi / 2)
    crown = -1.2 * np.sqrt(1 - u**2)
    edge = 0.12 * u**2 * rng.uniform(0, 3) - person.hairline + rng.normal(0, 0.02, u.size)
    _fill(canvas, _between(person, 1.12 * u, crown, np.maximum(edge, crown)), person.hair)
    for start, end in rng.uniform(-1, 1, (6, 2)).tolist():
        strand = np.array([0.6 * start, 0.8 * start + 0.2 * end])
        ends = person.at(strand, np.array([-1.05, -person.hairline]))
        _line(canvas, ends, 1.15 * person.hair + 6, 3)


def _draw_glasses(canvas: np.ndarray, person: Person) -> None:
    for side in (-1, 1):
        _line(canvas, _ellipse(person, side * 0.4, -0.12, 0.29, 0.17), 40, 3)
        _line(canvas, person.at(side * np.array([0.69, 1.0]), np.array([-0.14, -0.12])), 40, 3)
    _line(canvas, person.at(np.array([-0.11, 0.11]), -0.15), 40, 3)


def _photograph(canvas: np.ndarray, rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Hold the camera not quite straight, light the scene from one side, expose, add noise."""
    turn = cv2.getRotationMatrix2D(
        (CENTRE_PX, CENTRE_PX), rng.uniform(-6, 6), rng.uniform(1.0, 1.15)
    )
    shift = rng.uniform(-4, 4, (2, 1))
    view = cv2.warpAffine(
        canvas,
        turn + np.hstack([np.zeros((2, 2)), shift]),
        (CANVAS_PX, CANVAS_PX),
        borderMode=cv2.BORDER_REPLICATE,
    )
    view = cv2.GaussianBlur(view, (0, 0), rng.uniform(1.0, 2.0))
    shrink_or_grow = cv2.INTER_AREA if size_px < CANVAS_PX else cv2.INTER_CUBIC
    view = cv2.resize(view, (size_px, size_px), interpolation=shrink_or_grow)
    slope = np.linspace(-1, 1, size_px, dtype=np.float32)
    across, down = rng.uniform(-0.25, 0.25), rng.uniform(-0.1, 0.15)
    light = rng.uniform(0.85, 1.1) + across * slope[None, :] - down * slope[:, None]
    noise = rng.standard_normal((size_px, size_px), dtype=np.float32) * rng.uniform(1, 4)
    return np.clip(view * light + noise, 0, 255).astype(np.uint8)
