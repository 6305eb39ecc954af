"""Folders that are named after an emotion: what people call them, and what that means.

Every name that is read belongs here, so that no reader has aliases of its own. Numbered folders do
not: each dataset numbers the emotions differently.
"""

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from emotion_pipeline.datasets.raw_files import SourceRefused
from emotion_pipeline.labels import EMOTIONS, Emotion

# The first name of each is the one under which folders are written.
NAMES: dict[Emotion, tuple[str, ...]] = {
    Emotion.NEUTRAL: ("neutral",),
    Emotion.HAPPINESS: ("happy", "happiness"),
    Emotion.SURPRISE: ("surprise", "surprised"),
    Emotion.SADNESS: ("sad", "sadness"),
    Emotion.ANGER: ("angry", "anger"),
    Emotion.DISGUST: ("disgust", "disgusted"),
    Emotion.FEAR: ("fear", "fearful", "afraid"),
    Emotion.CONTEMPT: ("contempt", "contemptuous"),
}
FOLDERS = {str(emotion): names[0] for emotion, names in NAMES.items()}
_EMOTION_OF = {name: str(emotion) for emotion, names in NAMES.items() for name in names}


def emotion_of(folder: str) -> str | None:
    """The emotion that a folder's name stands for, whatever its case; None for any other name."""
    return _EMOTION_OF.get(folder.strip().lower())


def unknown_folder(folder: str, path: Path, emotions: Sequence[str] = EMOTIONS) -> SourceRefused:
    """The error for a folder of pictures whose name is none of the dataset's emotions.

    A typo must not become a class, and its pictures must not get lost.
    """
    known = [name for emotion in emotions for name in NAMES[Emotion(emotion)]]
    close = get_close_matches(folder.strip().lower(), known, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else "."
    return SourceRefused(
        f"{path}: expected folders named after emotions, but pictures are in {folder!r}{meant}"
        f" Rename the folder, or move it elsewhere. Known names: {', '.join(known)}."
    )
