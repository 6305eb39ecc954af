"""A contact sheet: many pictures side by side in one PNG, to look at."""

from collections.abc import Sequence
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

TILE_PX = 72
GAP_PX = 4
PAPER = 245

MAX_BYTES = 100_000
"""Dagster's event log keeps a sheet of every materialisation, so that they have to be small."""
_COLORS = 128
_NEXT_SCALE = 0.85


def contact_sheet(
    pictures: Sequence[np.ndarray], n_columns: int = 8, tile_px: int = TILE_PX
) -> bytes:
    """PNG of gray (h, w) or RGB (h, w, 3) uint8 pictures, row by row, each fitted into a square.

    It has less than MAX_BYTES: where that takes it, in fewer colors, and smaller.
    """
    n_rows = max(1, -(-len(pictures) // n_columns))
    step = tile_px + GAP_PX
    sheet = np.full((n_rows * step + GAP_PX, n_columns * step + GAP_PX, 3), PAPER, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, n_columns)
        tile = _fitted(picture, tile_px)
        y, x = (GAP_PX + step * place for place in (row, column))
        sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    gray = all(picture.ndim == 2 for picture in pictures)
    png = cv2.imencode(".png", sheet[..., 0] if gray else sheet[..., ::-1])[1].tobytes()
    return png if len(png) < MAX_BYTES else _smaller(sheet)


def _smaller(sheet: np.ndarray) -> bytes:
    picture, scale = Image.fromarray(sheet), 1.0
    while True:
        size = (round(picture.width * scale), round(picture.height * scale))
        png = palette_png(np.asarray(picture.resize(size, Image.Resampling.BOX)))
        if len(png) < MAX_BYTES:
            return png
        scale *= _NEXT_SCALE


def palette_png(picture: np.ndarray) -> bytes:
    """PNG of a gray (h, w) or RGB (h, w, 3) uint8 picture in few colors, among them rare ones."""
    file = BytesIO()
    few = Image.fromarray(picture).quantize(
        _COLORS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    )
    few.save(file, format="png", optimize=True)
    return file.getvalue()


def _fitted(picture: np.ndarray, tile_px: int) -> np.ndarray:
    """RGB, with the longer side as long as a tile."""
    scale = tile_px / max(picture.shape[:2])
    size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
    resized = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    return resized if resized.ndim == 3 else np.repeat(resized[..., None], 3, axis=2)
