"""Predictions for people: as a table of text, and as a CSV file."""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from emotion_pipeline.apps.picture_files import Predicted


def write_csv(path: Path, emotions: Sequence[str], predicted: Sequence[Predicted]) -> None:
    """A row per picture: its file, the most probable emotion, and `p_<emotion>` of each.

    Names of files that are no text keep their bytes.
    """
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["file", "emotion", *(f"p_{name}" for name in emotions)])
        for one in predicted:
            shares = [f"{share:.6f}" for share in one.probabilities]
            writer.writerow(
                [os.fspath(one.path), emotions[int(one.probabilities.argmax())], *shares]
            )


def printable(path: Path) -> str:
    """The name of a file for a terminal, with everything that is no text escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in os.fspath(path))


def lines(emotions: Sequence[str], predicted: Sequence[Predicted]) -> Iterator[str]:
    """The same as lines of text, rounded and in columns."""
    names = [printable(one.path) for one in predicted]
    wide, best = (max(map(len, texts), default=0) for texts in (["file", *names], emotions))
    yield "  ".join([f"{'file':<{wide}}", f"{'emotion':<{best}}", *emotions])
    for name, one in zip(names, predicted, strict=True):
        columns = zip(emotions, one.probabilities, strict=True)
        shares = (f"{share:>{len(emotion)}.2f}" for emotion, share in columns)
        emotion = emotions[int(one.probabilities.argmax())]
        yield "  ".join([f"{name:<{wide}}", f"{emotion:<{best}}", *shares])
