"""A tiny FER2013 folder version in the published layout."""

from pathlib import Path

from emotion_pipeline_tests.raw_fakes.picture_folders import write_picture

FOLDERS = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "neutral": "neutral",
    "sad": "sadness",
    "surprise": "surprise",
}
PARTS = ("train", "test")
N_PER_FOLDER = {"train": 6, "test": 2}


def write(
    raw_root: Path, *, folder: str = "fer2013_folder", folders: dict[str, str] = FOLDERS
) -> Path:
    """Write pictures under folders named as the keys, and stray files; returns the top folder."""
    top = raw_root / folder
    seed = 0
    for part in PARTS:
        for name in folders:
            for _ in range(N_PER_FOLDER[part]):
                write_picture(top / part / name / f"{part}_{seed}.jpg", seed)
                seed += 1
    (top / "train" / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    (top / "readme.txt").write_text("FER2013\n")
    return top
