"""Expressions for drawn faces: what each emotion does to brows, eyes, nose and mouth.

An expression is an amount for each of some facial action units. The prototypes follow the Facial
Action Coding System (Ekman, Friesen and Hager 2002); what is drawn by lot around them makes
neighbouring emotions overlap a little, as they do in photographs.
"""

from typing import NamedTuple

import numpy as np

from emotion_pipeline.labels import EMOTIONS, nearest


class ActionUnits(NamedTuple):
    """Amounts of muscle movement, 0 (none) to about 1 (full); the number is that of FACS."""

    inner_brow_raiser: float = 0  # 1
    outer_brow_raiser: float = 0  # 2
    brow_lowerer: float = 0  # 4
    upper_lid_raiser: float = 0  # 5
    cheek_raiser: float = 0  # 6
    lid_tightener: float = 0  # 7
    nose_wrinkler: float = 0  # 9
    upper_lip_raiser: float = 0  # 10
    lip_corner_puller: float = 0  # 12
    one_sided_puller: float = 0  # 12 and 14 on one side
    lip_corner_depressor: float = 0  # 15
    lip_stretcher: float = 0  # 20
    lip_tightener: float = 0  # 23
    lips_part: float = 0  # 25
    jaw_drop: float = 0  # 26


PROTOTYPES: dict[str, ActionUnits] = {
    "neutral": ActionUnits(),
    "happiness": ActionUnits(cheek_raiser=0.9, lip_corner_puller=1, lips_part=0.7),
    "surprise": ActionUnits(
        inner_brow_raiser=1, outer_brow_raiser=1, upper_lid_raiser=0.8, lips_part=0.4, jaw_drop=1
    ),
    "sadness": ActionUnits(
        inner_brow_raiser=1, brow_lowerer=0.4, lid_tightener=0.4, lip_corner_depressor=1
    ),
    "anger": ActionUnits(
        brow_lowerer=1, upper_lid_raiser=0.4, lid_tightener=0.6, lip_tightener=1, lips_part=0.1
    ),
    "disgust": ActionUnits(
        brow_lowerer=0.5,
        lid_tightener=0.7,
        nose_wrinkler=1,
        upper_lip_raiser=1,
        lip_corner_depressor=0.4,
        lips_part=0.3,
    ),
    "fear": ActionUnits(
        inner_brow_raiser=0.9,
        outer_brow_raiser=0.4,
        brow_lowerer=0.4,
        upper_lid_raiser=1,
        lip_stretcher=1,
        lips_part=0.8,
    ),
    "contempt": ActionUnits(one_sided_puller=1, lid_tightener=0.3, lip_tightener=0.2),
}


def draw_expression(emotion: str, rng: np.random.Generator) -> ActionUnits:
    """The emotion's action units, more or less strong, with a trace of another emotion.

    Raises ValueError for an unknown emotion.
    """
    if emotion not in EMOTIONS:
        raise ValueError(f"emotion: {nearest(emotion, EMOTIONS)}")
    other = rng.choice(EMOTIONS)
    amounts = rng.uniform(0.45, 1.05) * np.array(PROTOTYPES[emotion])
    amounts += rng.uniform(0, 0.25) * np.array(PROTOTYPES[other])
    amounts += rng.normal(0, 0.1, len(amounts))
    return ActionUnits(*np.clip(amounts, 0, 1.2).tolist())
