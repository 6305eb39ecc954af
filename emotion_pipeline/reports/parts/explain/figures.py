"""Maps over the pictures that they are of, from dark violet (speaks little) to yellow (most)."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from emotion_pipeline.imaging.contact_sheet import PAPER
from emotion_pipeline.reports.base import MeanMap
from emotion_pipeline.reports.parts import figures

TILE_PX, GAP_PX = 72, 4
N_COLUMNS = 4

_OPACITY = 0.5
_GAP, _TITLE = 0.05, 0.32  # between mean maps and above them, in their sides
_COLOURS = "viridis"  # told apart by colour-blind eyes, and in gray


def overlay(picture: np.ndarray, saliency: np.ndarray, side_px: int = TILE_PX) -> np.ndarray:
    """A gray (h, w) or RGB (h, w, 3) picture under a map (h, w), all uint8; (side, side, 3)."""
    colours = cv2.applyColorMap(_sized(saliency, side_px), cv2.COLORMAP_VIRIDIS)[..., ::-1]
    below = plain(picture, side_px)
    return np.asarray(
        cv2.addWeighted(below, 1 - _OPACITY, np.ascontiguousarray(colours), _OPACITY, 0)
    )


def plain(picture: np.ndarray, side_px: int = TILE_PX) -> np.ndarray:
    """The picture alone, (side, side, 3) uint8."""
    sized = _sized(picture, side_px)
    return sized if sized.ndim == 3 else np.repeat(sized[..., None], 3, axis=2)


def side_by_side(tiles: Sequence[np.ndarray]) -> np.ndarray:
    """Tiles (side, side, 3) uint8 in one row, with gaps."""
    gap = np.full((tiles[0].shape[0], GAP_PX, 3), PAPER, np.uint8)
    parts = [part for tile in tiles for part in (tile, gap)]
    return np.concatenate(parts[:-1], axis=1)


def mean_maps(means: Mapping[str, MeanMap], *, synthetic: bool) -> bytes:
    """The mean map of each emotion, scaled for itself, over the mean face, as PNG.

    At least one has to be there.
    """
    from matplotlib.cm import ScalarMappable

    n_rows = -(-len(means) // N_COLUMNS)
    figure = figures.canvas(0.6 + 1.6 * n_rows, synthetic=synthetic)
    axes = figure.add_subplot()  # one for all of them: laying out eight takes a second
    for number, (emotion, one) in enumerate(means.items()):
        row, column = divmod(number, N_COLUMNS)
        scaled = (255 * (one.map / max(one.map.max(), 1))).astype(np.uint8)
        place = (column, column + 1 - _GAP, (1 + _TITLE) * row + 1, (1 + _TITLE) * row + _GAP)
        axes.imshow(overlay(one.face, scaled, 2 * TILE_PX), extent=place)
        title = f"{figures.plain(emotion)}\nn = {one.n_pictures:,}"
        middle = column + (1 - _GAP) / 2
        axes.text(middle, place[3] - _GAP, title, ha="center", va="bottom", fontsize=9)
    axes.set_xlim(0, N_COLUMNS)
    axes.set_ylim((1 + _TITLE) * n_rows - _TITLE, -_TITLE)
    axes.axis("off")
    bar = figure.colorbar(
        ScalarMappable(cmap=_COLOURS), ax=axes, orientation="horizontal", aspect=40, pad=0.02
    )
    bar.set_ticks([0, 1], labels=["speaks little for the emotion", "speaks most"])
    least, most = bar.ax.get_xticklabels()
    least.set_horizontalalignment("left")
    most.set_horizontalalignment("right")
    bar.ax.tick_params(labelsize=8, length=0)
    return figures.as_png(figure)


def most_salient_third(means: Mapping[str, MeanMap]) -> dict[str, str]:
    """In which third of the face the mean map of each emotion is highest, in words."""
    names = ("the upper third", "the middle third", "the lower third")
    thirds = {
        emotion: [part.mean() for part in np.array_split(one.map, 3)]
        for emotion, one in means.items()
    }
    return {emotion: names[int(np.argmax(found))] for emotion, found in thirds.items()}


def _sized(picture: np.ndarray, side_px: int) -> np.ndarray:
    shrinks = min(picture.shape[:2]) > side_px
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (side_px, side_px), interpolation=method))
