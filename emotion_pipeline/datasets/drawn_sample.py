"""The drawn people of the sample sources: who shows what, in which split, and how taggers vote.

FER2013 and FER+ describe the same pictures, so both of their sample files are written from here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.labels import EMOTIONS, Emotion
from emotion_pipeline.votes import VOTE_CLASSES

# Shares of the eight emotions: those of FER2013, with a little contempt taken from neutral.
SHARES = np.array([0.145, 0.25, 0.112, 0.168, 0.139, 0.02, 0.141, 0.025])
LABEL_NOISE = 0.1
COPIES = 0.01
AGREEMENT = 0.8  # chance that a tagger sees the emotion that was drawn


@dataclass(frozen=True)
class DrawnFace:
    """A picture with FER2013's kind of label and FER+'s ten votes."""

    pixels: np.ndarray
    label: str
    usage: str
    votes: np.ndarray


def faces(n: int, seed: int) -> Iterator[DrawnFace]:
    """n drawn faces in published order: 80 % Training, 10 % PublicTest, 10 % PrivateTest.

    About one in a hundred is an exact copy of an earlier one, as in the real file.
    """
    rng = np.random.default_rng(seed)
    emotions = rng.choice(len(EMOTIONS), size=n, p=SHARES)
    seen: list[tuple[np.ndarray, int]] = []
    for number, drawn in enumerate(emotions):
        if seen and rng.random() < COPIES:
            pixels, drawn = seen[rng.integers(len(seen))]
        else:
            pixels = draw_face(EMOTIONS[drawn], rng)
        seen.append((pixels, drawn))
        yield DrawnFace(pixels, _label(drawn, rng), _usage(number, n), _votes(drawn, rng))


def _usage(number: int, n: int) -> str:
    return "Training" if number < 0.8 * n else "PublicTest" if number < 0.9 * n else "PrivateTest"


def _label(drawn: int, rng: np.random.Generator) -> str:
    """FER2013 knows no contempt, and its labels are noisy."""
    seen = rng.choice(len(EMOTIONS), p=SHARES) if rng.random() < LABEL_NOISE else drawn
    return str(Emotion.NEUTRAL) if EMOTIONS[seen] == Emotion.CONTEMPT else EMOTIONS[seen]


def _votes(drawn: int, rng: np.random.Generator) -> np.ndarray:
    """Ten votes (10,) over `VOTE_CLASSES`."""
    chances = np.full(len(VOTE_CLASSES), (1 - AGREEMENT) / (len(VOTE_CLASSES) - 1))
    chances[drawn] = AGREEMENT
    return rng.multinomial(10, chances)
