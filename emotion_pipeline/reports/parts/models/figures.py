"""Figures of one model: what it took for what, and how it learned."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.figures import COLOURS, as_png, canvas, plain, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

_N_COLUMNS = 4
_WIDTH_IN, _NAMES_IN, _BANNER_IN = 5.2, 0.75, 0.2


def confusion(model: ModelResult, counts: np.ndarray) -> bytes:
    """Confusion counts (c, c) int as a grid: share of the true class in %, count below it.

    Cells without a row stay empty.
    """
    rates = _rates(counts)
    names = [plain(name) for name in model.emotions]
    figure = canvas(4.8, synthetic=model.synthetic)
    axes = figure.add_subplot()
    axes.imshow(rates, cmap=_in_steps(), vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        colour = "white" if rates[row, column] > 0.55 else "black"
        look: dict[str, Any] = {"ha": "center", "va": "center", "color": colour}
        axes.text(column, row - 0.14, f"{100 * rates[row, column]:.0f}", fontsize=9, **look)
        axes.text(column, row + 0.27, f"{counts[row, column]:,}", fontsize=7, **look)
    axes.set_xticks(
        range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor", fontsize=8
    )
    labels = [f"{name}\nn = {n:,}" for name, n in zip(names, counts.sum(axis=1), strict=True)]
    axes.set_yticks(range(len(names)), labels, fontsize=8)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(plain(f"{model.recipe}: % of each true class, count below"), fontsize=9)
    return as_png(figure)


def confusions(model: ModelResult, counts: dict[str, np.ndarray]) -> bytes:
    """Small grids side by side, one for each title: the share of the true class as a colour.

    White is nothing of a class, dark blue all of it. Classes are named beside the outer grids.
    """
    n_classes, n_columns = len(model.emotions), min(_N_COLUMNS, len(counts))
    n_rows = -(-len(counts) // n_columns)
    step_y, step_x = n_classes + 2, n_classes + 1  # between grids, with a line for the title
    mosaic = np.full((n_rows * step_y, n_columns * step_x - 1), np.nan)
    grids_in = (_WIDTH_IN - _NAMES_IN) * mosaic.shape[0] / mosaic.shape[1]
    height_in = _NAMES_IN + grids_in + (_BANNER_IN if model.synthetic else 0)
    figure = canvas(height_in, synthetic=model.synthetic)
    figure.set_layout_engine("none")  # finding a layout takes longer than drawing
    left_of, below = _NAMES_IN / _WIDTH_IN, _NAMES_IN / height_in
    axes = figure.add_axes((left_of, below, 1 - left_of, grids_in / height_in))
    names = [plain(name) for name in model.emotions]
    for number, (title, some) in enumerate(counts.items()):
        row, column = divmod(number, n_columns)
        top, left = row * step_y + 2, column * step_x
        mosaic[top : top + n_classes, left : left + n_classes] = _rates(some)
        axes.text(left - 0.5, top - 0.8, plain(title), fontsize=7)
    for place, name in enumerate(names):
        for row in range(n_rows):
            axes.text(-0.8, row * step_y + 2 + place, name, ha="right", va="center", fontsize=6)
        for column in range(n_columns):
            end = -(-(len(counts) - column) // n_columns) * step_y - 0.2
            x = column * step_x + place
            axes.text(x, end, name, rotation=90, ha="center", va="top", fontsize=6)
    axes.imshow(mosaic, cmap=_in_steps(), vmin=0, vmax=1)
    axes.set_axis_off()
    return as_png(figure)


def _in_steps() -> "Colormap":
    """White to dark blue in steps of 5 %: few colours, which a palette keeps as they are."""
    from matplotlib import colormaps

    return colormaps["Blues"].resampled(21)


def _rates(counts: np.ndarray) -> np.ndarray:
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def learning_curves(model: ModelResult) -> bytes:
    """Losses and validation accuracy over epochs, one line per seed."""
    figure = canvas(2.6, synthetic=model.synthetic)
    losses, accuracy = figure.subplots(1, 2)
    for number, (_, seed) in enumerate(model.curves.sort_values("epoch").groupby("seed")):
        first = number == 0
        for column, colour, label in (
            ("train_loss", COLOURS[0], "training"),
            ("validation_loss", COLOURS[1], "validation"),
        ):
            _line(losses, seed["epoch"], seed[column], colour, label if first else None)
        _line(accuracy, seed["epoch"], 100 * seed["validation_accuracy_score"], COLOURS[1], None)
    tidy(losses, f"{model.recipe}: loss", "epoch", "loss")
    tidy(accuracy, "validation accuracy", "epoch", "%")
    losses.legend(frameon=False, fontsize=8)
    for axes in (losses, accuracy):
        axes.xaxis.get_major_locator().set_params(integer=True)
    return as_png(figure)


def _line(axes: "Axes", x: pd.Series, y: pd.Series, colour: str, label: str | None) -> None:
    # A single epoch has no line, so points mark short curves.
    marker = "o" if len(x) < 15 else None
    axes.plot(x, y, color=colour, label=label, linewidth=1.4, marker=marker, markersize=3)
