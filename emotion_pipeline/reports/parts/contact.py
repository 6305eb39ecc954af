"""Photographs for a page, each with two lines below it, and the same as one contact sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from emotion_pipeline.imaging.codec import encode_png
from emotion_pipeline.imaging.contact_sheet import contact_sheet, palette_png
from emotion_pipeline.reports.parts.sections import Strip, Thumbnail

THUMBNAIL_PX = 96
N_COLUMNS = 6


@dataclass(frozen=True, eq=False)
class Captioned:
    """A gray (h, w) or RGB (h, w, 3) uint8 picture, what it shows, and the two lines below it."""

    picture: np.ndarray
    alt: str
    name: str
    note: str


def strip(label: str, pictures: Sequence[Captioned]) -> Strip:
    """The pictures side by side, none with a side longer than THUMBNAIL_PX."""
    return Strip(
        label, [Thumbnail(_png(one.picture), one.alt, one.name, one.note) for one in pictures]
    )


def _png(picture: np.ndarray) -> bytes:
    """Small; gray pictures need no palette for it, and finding one takes time."""
    small = shrunk(picture, THUMBNAIL_PX)
    return encode_png(small) if small.ndim == 2 else palette_png(small)


def sheet(pictures: Sequence[Captioned], n_columns: int = N_COLUMNS) -> bytes:
    """The pictures in the same order, without their lines, as a PNG of less than 100 kB."""
    return contact_sheet([one.picture for one in pictures], n_columns=n_columns)


def shrunk(picture: np.ndarray, side_px: int) -> np.ndarray:
    """The picture with its longer side at most `side_px` long; a smaller one is left as it is."""
    scale = min(1.0, side_px / max(picture.shape[:2]))
    size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
