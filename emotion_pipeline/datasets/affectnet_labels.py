"""What AffectNet's three layouts have in common: codes, ranges, splits and the raw row.

The three are read by `affectnet_csv`, `affectnet_npy` and `affectnet_folders`.
"""

import math
import re
from collections.abc import Container

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.picture_files import share_of
from emotion_pipeline.datasets.raw_files import RawFile
from emotion_pipeline.imaging.codec import Measured
from emotion_pipeline.labels import Emotion
from emotion_pipeline.schema import BOX

EXPECTS = (
    "`training.csv` and `validation.csv` beside folders of pictures, or `train_set` and `val_set`"
    " with `images` and `annotations`, or `Train` and `Test` with a folder per emotion"
)
CODES = {
    0: Emotion.NEUTRAL,
    1: Emotion.HAPPINESS,
    2: Emotion.SADNESS,
    3: Emotion.SURPRISE,
    4: Emotion.FEAR,
    5: Emotion.DISGUST,
    6: Emotion.ANGER,
    7: Emotion.CONTEMPT,
}
NO_EMOTION = {8: "none", 9: "uncertain", 10: "no face"}
NOT_AVAILABLE = -2.0  # instead of a valence or an arousal
VALIDATION_SHARE = 0.05
N_LANDMARKS = 68
MAX_COORDINATE_PX = 100_000  # more than any JPEG has

# A raw row besides its file. `landmarks` is the text of the CSV and `annotations` the paths of the
# .npy files: both are parsed in the workers. The digest covers the content of those files.
RAW_COLUMNS = {
    "sample_id": pa.string(),
    "split": pa.string(),
    "emotion": pa.string(),
    "valence": pa.float32(),
    "arousal": pa.float32(),
    "face_box": BOX,
    "landmarks": pa.string(),
    "annotation": pa.string(),
    "annotations": pa.struct([(kind, pa.binary()) for kind in ("exp", "val", "aro", "lnd")]),
    "annotations_digest": pa.string(),
    "synthetic": pa.bool_(),
}

# A text is a number in one way only, or else a wrong list of 136 would be tried in all ways.
_FORM = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(_FORM, re.ASCII)
_LANDMARKS = re.compile(rf" *{_FORM}(?: *; *{_FORM}){{{2 * N_LANDMARKS - 1}}} *", re.ASCII)


def number(given: str | float) -> float:
    """A number, or the number that a text says; NaN where it says none."""
    if isinstance(given, str):
        text = given.strip()
        return float(text) if _NUMBER.fullmatch(text) else math.nan
    return float(given)


def emotion_of(given: str | float) -> str:
    """The emotion of a code; Unusable for a code that names none."""
    code = number(given)
    if code in NO_EMOTION:
        raise Unusable("no_emotion", f"labelled {NO_EMOTION[int(code)]!r} (code {int(code)})")
    if code not in CODES:
        raise Unusable("unknown_emotion", f"expected a code 0 to 10, found {shown(given)}")
    return str(CODES[int(code)])


def affect_of(given: str | float) -> float | None:
    """A valence or an arousal, -1 to 1, None where it is not available; Unusable for others."""
    value = number(given)
    if value == NOT_AVAILABLE:
        return None
    if not -1 <= value <= 1:
        raise Unusable("value_out_of_range", f"expected -1 to 1, or -2, found {shown(given)}")
    return value


def landmarks_in_text(text: str | None) -> list[list[float]] | None:
    """68 points in pixels from 136 numbers joined by `;`; None where there is no text."""
    if text is None or not text.strip():
        return None
    if not _LANDMARKS.fullmatch(text):
        detail = f"expected {2 * N_LANDMARKS} numbers joined by `;`, found {shown(text)}"
        raise Unusable("bad_landmarks", detail)
    return as_landmarks(np.array([float(one) for one in text.split(";")]))


def as_landmarks(numbers: np.ndarray) -> list[list[float]]:
    """68 points in pixels from 136 numbers, x and y in turn; Unusable where one cannot be."""
    possible = np.abs(numbers) <= MAX_COORDINATE_PX
    if not possible.all():
        wrong = float(numbers[~possible][0])
        raise Unusable("bad_landmarks", f"expected coordinates in pixels, found {wrong}")
    return numbers.reshape(N_LANDMARKS, 2).tolist()


def clipped(box: dict[str, int] | None, picture: Measured) -> dict[str, int] | None:
    """The part of a box that lies in the picture; Unusable where none does."""
    if box is None:
        return None
    inside = {
        "left_px": max(box["left_px"], 0),
        "top_px": max(box["top_px"], 0),
        "right_px": min(box["right_px"], picture.width_px),
        "bottom_px": min(box["bottom_px"], picture.height_px),
    }
    if inside["left_px"] >= inside["right_px"] or inside["top_px"] >= inside["bottom_px"]:
        size = f"{picture.width_px} x {picture.height_px} px"
        raise Unusable("bad_box", f"expected a box in {size}, found {tuple(box.values())}")
    return inside


def split_of(published: str, file: RawFile) -> str:
    """The published split, of whose training part we keep a share for validation."""
    if published == "train" and share_of(file.digest.hex()) < VALIDATION_SHARE:
        return "validation"
    return published


def below(name: str, parts: Container[str]) -> list[str] | None:
    """The components of a path from the last folder on that is one of `parts`, which is put into
    lower case; None where no folder is."""
    components = name.split("/")
    for place in reversed(range(len(components) - 1)):
        part = components[place].lower()
        if part in parts:
            return [part, *components[place + 1 :]]
    return None


def sample_id(*components: str) -> str:
    """Name of the picture at a path below the folder of its layout, without its suffix."""
    return f"affectnet-{'/'.join(components).rpartition('.')[0]}"


def shown(given: str | float) -> str:
    """A value of a hostile file as short printable text."""
    return ascii(given if isinstance(given, float) else str(given)[:40])[:80]
