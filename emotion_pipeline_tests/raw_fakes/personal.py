"""A tiny folder of recordings, as a recorder and as people name them."""

from pathlib import Path

from emotion_pipeline_tests.raw_fakes.picture_folders import write_picture

N_FRAMES = 3
# Folder, person and take; the recorder names pictures <person>_<take>_<frame>.jpg.
TAKES = [
    ("happy", "anna", "001"),
    ("happy", "anna", "002"),
    ("sad", "anna", "003"),
    ("sad", "jean-luc", "001"),
    ("Angry", "jean-luc", "002"),
    ("contempt", "p7", "12"),
]
LOOSE = [("happy", "holiday (3).png"), ("neutral", "IMG_0001.JPG")]


def write(raw_root: Path, *, folder: str = "personal") -> Path:
    """Write takes, pictures with names of their own, and stray files; returns the top folder."""
    top = raw_root / folder
    names = [
        f"{emotion}/{person}_{take}_{frame:04d}.jpg"
        for emotion, person, take in TAKES
        for frame in range(N_FRAMES)
    ]
    names += [f"{emotion}/{name}" for emotion, name in LOOSE]
    for seed, name in enumerate(names):
        write_picture(top / name, seed, (64, 64))
    (top / "happy" / "desktop.ini").write_text("[.ShellClassInfo]\n")
    (top / "notes.txt").write_text("lamp on the left\n")
    return top
