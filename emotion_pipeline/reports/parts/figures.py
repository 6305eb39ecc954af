"""Figures as PNG bytes. Drawn on a light ground; the page turns them over for dark screens.

matplotlib is imported when a figure is drawn, and through its objects only: no global state.
"""

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emotion_pipeline.reports.base import ModelResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_BYTES = 100_000

_WIDTH_IN = 5.2  # narrow, so that letters stay readable on a phone
_DPI = 200
# Okabe & Ito 2008: told apart by colour-blind eyes too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_QUIET = "#6b6b6b"
GRID = "#e4e4e4"


def canvas(height_in: float, *, synthetic: bool) -> "Figure":
    """An empty figure of the common width; `synthetic` says on it that the faces are drawn."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
    if synthetic:  # a figure may travel without its page
        figure.suptitle("drawn faces, not people", color="#b00020", fontsize=9, fontweight="bold")
    return figure


def as_png(figure: "Figure") -> bytes:
    """The figure in at most 64 colours: a third of the bytes, and no eye sees the difference."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    figure.set_dpi(_DPI)
    drawn = FigureCanvasAgg(figure)
    drawn.draw()
    picture = Image.fromarray(np.asarray(drawn.buffer_rgba())[..., :3].copy())
    file = BytesIO()
    picture.quantize(64, dither=Image.Dither.NONE).save(file, format="png", optimize=True)
    return file.getvalue()


def plain(text: str) -> str:
    """Text in which no dollar sign starts a formula."""
    return text.replace("$", r"\$")


def tidy(axes: "Axes", title: str, x: str, y: str) -> None:
    """Title, labels and quiet lines in the common style."""
    axes.set_title(plain(title), loc="left", fontsize=9)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def accuracy_at_a_glance(
    models: list[ModelResult], overview: pd.DataFrame, lines: dict[str, float]
) -> bytes:
    """Test accuracy of each model with its interval, filled, and its leak-free twin, hollow.

    `overview` has the models' rows of `overview_table` in the same order; `lines` are reference
    accuracies (0 to 1) by name.
    """
    names = [model.recipe for model in models] + list(lines)
    height = 1.1 + 0.42 * len(models) + 0.26 * len(lines)
    figure = canvas(height, synthetic=any(model.synthetic for model in models))
    axes = figure.add_subplot()
    for prefix, shift, fill, label in (
        ("", -0.18, COLOURS[0], "all test rows"),
        ("leak_free_", 0.18, "white", "without rows seen in training"),
    ):
        _dots(axes, overview, f"{prefix}accuracy_score", shift, fill, label)
    for row, score in enumerate(lines.values(), start=len(models)):
        axes.plot(100 * score, row, marker="|", markersize=9, markeredgewidth=2, color=_QUIET)
    axes.set_yticks(range(len(names)), [plain(name) for name in names], fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(min(60, np.floor(axes.get_xlim()[0] / 10) * 10), 100)  # never a zoom into noise
    axes.set_xlabel("test accuracy, % (bars: 95 % intervals)", fontsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower right", frameon=False, ncols=2, fontsize=8)
    return as_png(figure)


def _dots(
    axes: "Axes", overview: pd.DataFrame, metric: str, shift: float, fill: str, label: str
) -> None:
    score, low, high = (
        100 * overview[f"{metric}{part}"].to_numpy(float) for part in ("", "_low", "_high")
    )
    axes.errorbar(
        score,
        np.arange(len(overview)) + shift,
        xerr=np.clip([score - low, high - score], 0, None),
        fmt="o",
        color=COLOURS[0],
        markerfacecolor=fill,
        markersize=5,
        capsize=3,
        label=label,
    )
