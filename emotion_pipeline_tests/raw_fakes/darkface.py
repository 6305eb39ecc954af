"""A tiny DarkFace folder in the published layout, with pictures that are smaller."""

from pathlib import Path

from emotion_pipeline_tests.raw_fakes.picture_folders import write_picture

SIZE_PX = (54, 36)
# Number to faces: none, one, several; ten is there because it sorts before two as text.
BOXES = {
    1: [(3, 4, 20, 21)],
    2: [],
    10: [(0, 0, 5, 6), (30, 10, 54, 36)],
    11: [(40, 20, 60, 50), (-4, 3, 9, 9)],
    300: [(60, 1, 70, 9), (9, 9, 9, 12), (8, 8, 4, 12), (1, 1, 2, 2)],
}
STRAY_FILES = ("image/Thumbs.db", "readme.txt", "label/.DS_Store")


def text(boxes: list[tuple[int, ...]]) -> str:
    """A label file as published."""
    return "\n".join([str(len(boxes)), *(" ".join(map(str, box)) for box in boxes)]) + "\n"


def write(
    raw_root: Path,
    labels: dict[int, str] | None = None,
    *,
    folder: str = "DarkFace",
    names: tuple[str, str] = ("image", "label"),
) -> Path:
    """Write a picture for each label, and stray files; returns the dataset's folder."""
    if labels is None:
        labels = {number: text(boxes) for number, boxes in BOXES.items()}
    target = raw_root / folder
    for number, label in labels.items():
        write_picture(target / names[0] / f"{number}.png", number, SIZE_PX)
        path = target / names[1] / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(label, newline="")
    for stray in STRAY_FILES:
        (target / stray).parent.mkdir(parents=True, exist_ok=True)
        (target / stray).write_bytes(b"\xd0\xcf\x11\xe0")
    return target
