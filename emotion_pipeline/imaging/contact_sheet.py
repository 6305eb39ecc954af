"""A contact sheet: many pictures side by side in one PNG, to look at."""

from collections.abc import Sequence

import cv2
import numpy as np

TILE_PX = 72
GAP_PX = 4
PAPER = 245


def contact_sheet(pictures: Sequence[np.ndarray], n_columns: int = 8) -> bytes:
    """PNG of gray (h, w) or RGB (h, w, 3) uint8 pictures, row by row, each fitted into a square."""
    n_rows = max(1, -(-len(pictures) // n_columns))
    step = TILE_PX + GAP_PX
    sheet = np.full((n_rows * step + GAP_PX, n_columns * step + GAP_PX, 3), PAPER, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, n_columns)
        tile = _fitted(picture)
        y, x = (GAP_PX + step * place for place in (row, column))
        sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
    gray = all(picture.ndim == 2 for picture in pictures)
    return cv2.imencode(".png", sheet[..., 0] if gray else sheet[..., ::-1])[1].tobytes()


def _fitted(picture: np.ndarray) -> np.ndarray:
    """RGB, with the longer side as long as a tile."""
    scale = TILE_PX / max(picture.shape[:2])
    size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
    resized = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    return resized if resized.ndim == 3 else np.repeat(resized[..., None], 3, axis=2)
