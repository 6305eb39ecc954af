"""The emotions, their one canonical order, and the label spaces that models predict.

Every dataset numbers its emotions differently. Those numbers live only in the reader of that
dataset; everywhere else an emotion is one of these names. The order below is the order of the
FER+ columns and of every `p_<emotion>` and `votes_<emotion>` column in the lake.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


class Emotion(StrEnum):
    """The eight emotions of the field, in canonical order."""

    NEUTRAL = "neutral"
    HAPPINESS = "happiness"
    SURPRISE = "surprise"
    SADNESS = "sadness"
    ANGER = "anger"
    DISGUST = "disgust"
    FEAR = "fear"
    CONTEMPT = "contempt"


EMOTIONS: tuple[str, ...] = tuple(emotion.value for emotion in Emotion)


@dataclass(frozen=True)
class LabelSpace:
    """A named, ordered set of emotions; results of different label spaces are never compared."""

    name: str
    emotions: tuple[str, ...]

    @property
    def n_classes(self) -> int:
        return len(self.emotions)

    def index(self, emotion: str) -> int:
        """Position of an emotion in this space; ValueError if it is not in it."""
        return self.emotions.index(emotion)


def _without(*left_out: Emotion) -> tuple[str, ...]:
    return tuple(emotion for emotion in EMOTIONS if emotion not in left_out)


LABEL_SPACES: dict[str, LabelSpace] = {
    space.name: space
    for space in (
        LabelSpace("eight_emotions", EMOTIONS),
        LabelSpace("seven_emotions", _without(Emotion.CONTEMPT)),
        LabelSpace(
            "four_emotions",
            (
                Emotion.NEUTRAL.value,
                Emotion.HAPPINESS.value,
                Emotion.SADNESS.value,
                Emotion.ANGER.value,
            ),
        ),
        LabelSpace("six_emotions", _without(Emotion.CONTEMPT, Emotion.NEUTRAL)),
    )
}


MOST_NAMED = 12


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """Sentence that answers a wrong name with the nearest right ones."""
    close = get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)
    more = f" or one of {len(close) - MOST_NAMED} others" if len(close) > MOST_NAMED else ""
    return (
        f"unknown name {name!r}; did you mean {' or '.join(map(repr, close[:MOST_NAMED]))}{more}?"
    )
