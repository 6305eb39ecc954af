"""A tiny KDEF folder in the published layout: pictures of full size, few persons."""

from itertools import product
from pathlib import Path

import cv2
import numpy as np

EMOTIONS = ("AF", "AN", "DI", "HA", "NE", "SA", "SU")
ANGLES = ("FL", "HL", "S", "HR", "FR")
WIDTH_PX, HEIGHT_PX = 562, 762
STRAY_FILES = ("ReadThis.txt", "Thumbs.db", "AF01/._AF01ANFL.JPG", "__MACOSX/AF01/._AF01ANFL.JPG")
# Published pictures that were found to be black.
DAMAGED = (
    *("AF01SUFR", "AF10AFFR", "AF11NEHL", "AF20DIHL", "AM25DIFL"),
    *("AM34DIFR", "BF13NEHR", "BM21DIFL", "BM22DIHL", "BM24DIFL"),
)


def names_of(person_folder: str) -> list[str]:
    """The 35 names of a person in one session, without extension."""
    return [f"{person_folder}{emotion}{angle}" for emotion, angle in product(EMOTIONS, ANGLES)]


def picture(seed: int = 0) -> bytes:
    """A JPEG of full size in colour, with something on it."""
    shades = np.random.default_rng(seed).integers(0, 256, (4, 3, 3), dtype=np.uint8)
    return _jpeg(cv2.resize(shades, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_NEAREST))


def black_picture(noise_sd: float = 1.0) -> bytes:
    """A JPEG as from a camera behind a closed lens."""
    noise = np.random.default_rng(0).normal(3, noise_sd, (HEIGHT_PX, WIDTH_PX, 3))
    return _jpeg(noise.clip(0, 255).astype(np.uint8))


def write(
    raw_root: Path, *paths: str, root: str = "KDEF", content: bytes | None = None
) -> list[Path]:
    """Write pictures, by default all of `AF01`, and stray files; paths are below `root`."""
    folder = raw_root / root
    for stray in STRAY_FILES:
        _put(folder / stray, b"\xd0\xcf\x11\xe0")
    wanted = paths or [f"AF01/{name}.JPG" for name in names_of("AF01")]
    return [
        _put(folder / path, picture(seed) if content is None else content)
        for seed, path in enumerate(wanted)
    ]


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def _jpeg(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", pixels)[1].tobytes()
