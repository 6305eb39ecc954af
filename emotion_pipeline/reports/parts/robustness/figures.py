"""The figures of the robustness report as PNG bytes."""

from itertools import cycle, product
from typing import TYPE_CHECKING

import numpy as np

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL, Degradation
from emotion_pipeline.reports.parts import figures as drawing
from emotion_pipeline.reports.parts.robustness.numbers import ACCURACY, DEGRADED, Robustness

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_MODELS = 8
"""More lines than this nobody can tell apart."""

_N_COLUMNS = 3
_MARKS = ((ORIGINAL, "o"), (GRAYSCALE, "s"), (DEGRADED, "v"))


def severity_curves(models: list[Robustness], *, synthetic: bool) -> bytes:
    """Accuracy over severity with 95 % intervals: small axes per corruption, a line per model.

    Severity 0 is the original picture. At most `MAX_MODELS` models, of which one and more were
    tested on corruptions.
    """
    corruptions = list(dict.fromkeys(name for one in models for name in one.severities))
    n_columns = min(_N_COLUMNS, len(corruptions))
    n_rows = -(-len(corruptions) // n_columns)
    height = (2.4 if n_columns == 1 else 1.5 * n_rows + 0.4) + 0.2 * -(-len(models) // 2)
    figure = drawing.canvas(height, synthetic=synthetic)
    grid = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, corruption in zip(grid, corruptions, strict=False):
        _curves(axes, models, corruption)
    for axes in grid[len(corruptions) :]:
        axes.set_visible(False)
    for axes in grid[: len(corruptions)][-n_columns:]:  # the lowest of each column
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("severity", fontsize=8)
    levels = {level for one in models for some in one.severities.values() for level in some}
    grid[0].set_xticks([0, *sorted(levels)])
    grid[0].set_ylim(bottom=0)
    figure.supylabel("test accuracy, %", fontsize=8)
    lines, names = grid[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", frameon=False, ncols=2, fontsize=8)
    return drawing.as_png(figure)


def _curves(axes: "Axes", models: list[Robustness], corruption: str) -> None:
    looks = cycle(product(("-", "--"), drawing.COLOURS))
    for one, (style, colour) in zip(models, looks, strict=False):
        levels = one.severities.get(corruption, ())
        keys = [ORIGINAL, *(Degradation(corruption, level).key for level in levels)]
        score, low, high = 100 * np.array([one.get(ACCURACY, key) for key in keys]).T
        x = [0, *levels]
        name = drawing.plain(one.model.recipe)
        axes.plot(
            x, score, style, color=colour, linewidth=1.2, marker="o", markersize=2, label=name
        )
        axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)
    drawing.tidy(axes, corruption.replace("_", " "), "", "")
    axes.set_title(axes.get_title(loc="left"), loc="left", fontsize=8)
    axes.tick_params(labelsize=7)


def side_by_side(models: list[Robustness], *, synthetic: bool) -> bytes:
    """Accuracy on original, gray and degraded pictures with 95 % intervals, a row per model."""
    figure = drawing.canvas(1.1 + 0.4 * len(models), synthetic=synthetic)
    axes = figure.add_subplot()
    for number, (kind, mark) in enumerate(_MARKS):
        numbers = 100 * np.array([one.get(ACCURACY, kind) for one in models])
        score, low, high = numbers.T
        if np.isnan(score).all():
            continue
        axes.errorbar(
            score,
            np.arange(len(models)) + 0.22 * (number - 1),
            xerr=np.clip([score - low, high - score], 0, None),
            fmt=mark,
            color=drawing.COLOURS[number],
            markersize=5,
            capsize=2,
            label=kind,
        )
    names = [drawing.plain(one.model.recipe) for one in models]
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xlabel("test accuracy, % (bars: 95 % intervals)", fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color=drawing.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower center", frameon=False, ncols=3, fontsize=8)
    return drawing.as_png(figure)
