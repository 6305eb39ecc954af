"""How KDEF names its pictures: every character says something, by position.

`AF01ANFL` is session A, female, actor 01, angry, full left profile. Straight views end in the one
letter S, and `AF` is a session and a gender at the start but an emotion in the middle.
"""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.labels import Emotion

SESSIONS = ("A", "B")
GENDERS = {"F": "female", "M": "male"}
NUMBERS = tuple(f"{number:02d}" for number in range(1, 36))
EMOTION_CODES = {
    "AF": Emotion.FEAR,
    "AN": Emotion.ANGER,
    "DI": Emotion.DISGUST,
    "HA": Emotion.HAPPINESS,
    "NE": Emotion.NEUTRAL,
    "SA": Emotion.SADNESS,
    "SU": Emotion.SURPRISE,
}
ANGLES = {
    "FL": "full_left",
    "HL": "half_left",
    "S": "straight",
    "HR": "half_right",
    "FR": "full_right",
}
# Two pictures were published under names that had been cut off.
MISNAMED = {"AF31V": "AF31SAHL", "AM31H": "AM31SUHR"}

_SHOWN_CHARACTERS = 40


def _one_of(*codes: str) -> str:
    return f"({'|'.join(codes)})"


_PERSON = re.compile(_one_of(*SESSIONS) + _one_of(*GENDERS) + _one_of(*NUMBERS))
_SHOWN = _one_of(*EMOTION_CODES) + _one_of(*ANGLES)
_PICTURE = re.compile(_PERSON.pattern + _SHOWN)
_AVERAGED = re.compile(_one_of(*GENDERS) + _SHOWN)


class Shot(NamedTuple):
    """What the name of a picture says, in the codes of the name."""

    session: str
    gender: str
    number: str
    emotion: str
    angle: str

    @property
    def name(self) -> str:
        return "".join(self)

    @property
    def person_id(self) -> str:
        """Without the session: both sessions show the same person."""
        return self.gender + self.number

    @property
    def folder(self) -> str:
        return self.session + self.person_id


def shot_of(path: str) -> Shot:
    """What the name of a picture file says; its case and its extension do not matter.

    Raises Unusable for any other name, for the name of an averaged face, and for a picture that
    lies in the folder of another person or session.
    """
    file = PurePosixPath(path)
    stem, folder = _upper(file.stem), _upper(file.parent.name)
    found = _PICTURE.fullmatch(MISNAMED.get(stem, stem))
    if found is None:
        raise _unusable(file.stem)
    shot = Shot(*found.groups())
    if _PERSON.fullmatch(folder) and folder != shot.folder:
        detail = f"expected {shot.name} in the folder {shot.folder}, found it in {folder}"
        raise Unusable("wrong_folder", detail)
    return shot


def _unusable(stem: str) -> Unusable:
    if _AVERAGED.fullmatch(_upper(stem)):
        return Unusable("averaged_face", "an average of all actors (AKDEF), not a person")
    return Unusable(
        "unknown_name",
        f"found {stem[:_SHOWN_CHARACTERS]!r}, expected a name like AF01ANFL: session"
        f" {' or '.join(SESSIONS)}, gender {' or '.join(GENDERS)}, number {NUMBERS[0]} to"
        f" {NUMBERS[-1]}, emotion {' '.join(EMOTION_CODES)}, angle {' '.join(ANGLES)}",
    )


def _upper(name: str) -> str:
    """In upper case; empty if not ASCII, since letters such as ſ would become ASCII letters."""
    return name.upper() if name.isascii() else ""
