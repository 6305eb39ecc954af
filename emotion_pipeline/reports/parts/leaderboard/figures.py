"""Accuracy against what a model costs, every model by its name."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emotion_pipeline.reports.parts.figures import COLOURS, as_png, canvas, plain, tidy
from emotion_pipeline.reports.parts.leaderboard.costs import COST_AXES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEAST_HEIGHT_IN = 2.8
_FRAME_IN = 1.1  # what is above and below the axes
_NAME_IN = 0.2
_MAX_LETTERS = 26
_QUIET = "#b0b0b0"


def accuracy_against_cost(overview: pd.DataFrame, axis: str, *, synthetic: bool) -> bytes:
    """Test accuracy with its interval over one of `COST_AXES`, logarithmic; the front is a line.

    `overview` has the columns of `OVERVIEW` and `COSTS`; rows without the cost are left out.
    """
    column, label = COST_AXES[axis]
    rows = overview[overview[column].notna()].sort_values("accuracy_score", kind="stable")
    height_in = max(_LEAST_HEIGHT_IN, _FRAME_IN + _NAME_IN * len(rows))
    figure = canvas(height_in, synthetic=synthetic)
    axes = figure.add_subplot()
    cost, score, low, high = (
        rows[name].to_numpy(float) * unit
        for name, unit in (
            (column, 1),
            *((f"accuracy_score{end}", 100) for end in ("", "_low", "_high")),
        )
    )
    front = np.array([axis in names.split(", ") for names in rows["on_front"]], dtype=bool)
    axes.set_xscale("log")
    axes.vlines(cost, low, high, color=_QUIET, linewidth=1, zorder=1)
    _front(axes, cost[front], score[front])
    axes.plot(cost[~front], score[~front], "o", color=_QUIET, markersize=5, label="beaten in both")
    axes.set_xlim(cost.min() / 1.5, cost.max() * 1.5)
    _few_ticks(axes)
    axes.set_ylim(low.min() - 1, high.max() + 1)
    tidy(axes, f"Test accuracy against {label}", f"{label}, logarithmic", "test accuracy, %")
    _names(axes, rows["recipe"].tolist(), np.column_stack([cost, score]), front, height_in)
    figure.legend(loc="outside lower center", frameon=False, ncols=2, fontsize=8)
    return as_png(figure)


def _front(axes: "Axes", cost: np.ndarray, score: np.ndarray) -> None:
    """Steps: what accuracy may be had for so much."""
    order = np.argsort(cost, kind="stable")
    axes.step(cost[order], score[order], where="post", color=COLOURS[0], linewidth=1, alpha=0.5)
    axes.plot(cost, score, "o", color=COLOURS[0], markersize=6, label="no other is better in both")


def _few_ticks(axes: "Axes") -> None:
    """Costs written out, at every ten times; at its double and half too, where that is few."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = axes.get_xlim()
    steps = (1.0,) if high / low > 100 else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _names(
    axes: "Axes", names: list[str], points: np.ndarray, front: np.ndarray, height_in: float
) -> None:
    """Names in a column to the right, in the order of the points' heights, tied to them."""
    bottom, top = axes.get_ylim()
    wanted = (points[:, 1] - bottom) / (top - bottom)
    heights = _spread(wanted, _NAME_IN / (height_in - _FRAME_IN))
    for name, point, height, is_front in zip(names, points, heights, front, strict=True):
        short = name if len(name) <= _MAX_LETTERS else f"{name[: _MAX_LETTERS - 1]}…"
        axes.annotate(
            plain(short),
            tuple(point),
            (1.03, height),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            color=COLOURS[0] if is_front else "black",
            arrowprops={"arrowstyle": "-", "color": _QUIET, "linewidth": 0.5},
        )


def _spread(heights: np.ndarray, gap: float) -> np.ndarray:
    """Ascending heights (0 to 1) moved apart to at least `gap`, or less where it does not fit."""
    gap = min(gap, 1 / max(len(heights) - 1, 1))
    steps = gap * np.arange(len(heights))
    from_below = np.maximum.accumulate(np.maximum(heights, 0) - steps) + steps
    room = 1 - steps[::-1]
    return np.minimum(from_below, room)
