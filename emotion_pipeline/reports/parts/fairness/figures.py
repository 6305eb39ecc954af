"""The figures of the fairness report as PNG bytes."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emotion_pipeline.reports.parts import figures as drawing
from emotion_pipeline.reports.parts.fairness.gaps import RECALL, Compared

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = "osv^DP"


def recall_by_group(one: Compared) -> bytes:
    """Recall of every emotion with its 95 % interval, a dot per group with pictures enough."""
    numbers = [number for number, (measure, _) in enumerate(one.names) if measure == RECALL]
    values, (low, high) = one.values[:, numbers], (ends[:, numbers] for ends in one.ends)
    enough, n_groups = one.enough[:, numbers], len(one.rows.levels)
    height = 1.2 + len(numbers) * (0.22 + 0.12 * n_groups) + 0.18 * n_groups
    figure = drawing.canvas(height, synthetic=one.rows.model.synthetic)
    axes = figure.add_subplot()
    for group, name in enumerate(one.rows.levels):
        kept = np.flatnonzero(enough[group])
        score, ends = values[group, kept], (low[group, kept], high[group, kept])
        axes.errorbar(
            100 * score,
            kept + 0.7 * ((group + 0.5) / n_groups - 0.5),
            xerr=100 * np.clip([score - ends[0], ends[1] - score], 0, None),
            fmt=_MARKS[group % len(_MARKS)],
            color=drawing.COLOURS[group % len(drawing.COLOURS)],
            markerfacecolor=None if group < len(drawing.COLOURS) else "white",
            markersize=5,
            capsize=2,
            label=drawing.plain(name),
        )
    emotions = [
        f"{drawing.plain(emotion)}{'' if enough[:, number].all() else ' (too few)'}"
        for number, emotion in enumerate(one.rows.model.emotions)
    ]
    axes.set_yticks(range(len(emotions)), emotions, fontsize=8)
    axes.set_ylim(len(emotions) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    _quiet(axes, "recall, % (bars: 95 % intervals)")
    if enough.any():
        figure.legend(loc="outside lower center", frameon=False, ncols=3, fontsize=8)
    return drawing.as_png(figure)


def gap_by_family(families: pd.DataFrame, *, synthetic: bool) -> bytes:
    """The accuracy gap of one model by family of domains with its 95 % interval.

    `families` are its rows of `fairness_domains.BY_FAMILY`; filled are those that change the gap.
    """
    figure = drawing.canvas(1.1 + 0.26 * len(families), synthetic=synthetic)
    axes = figure.add_subplot()
    gap, low, high = (
        100 * families[f"gap_score_difference{end}"].to_numpy(float)
        for end in ("", "_low", "_high")
    )
    places = np.arange(len(families))
    axes.axvline(0, color="#6b6b6b", linewidth=1)
    axes.errorbar(
        gap,
        places,
        xerr=np.clip([gap - low, high - gap], 0, None),
        fmt="none",
        ecolor=drawing.COLOURS[0],
        capsize=2,
    )
    changed = (families["finding"] == "yes").to_numpy()
    for kept, fill in ((changed, drawing.COLOURS[0]), (~changed, "white")):
        axes.plot(
            gap[kept],
            places[kept],
            "o",
            color=drawing.COLOURS[0],
            markerfacecolor=fill,
            markersize=5,
        )
    names = [str(name).replace("_", " ") for name in families["family"]]
    axes.set_yticks(places, names, fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    _quiet(axes, "accuracy gap, points (bars: 95 % intervals)")
    return drawing.as_png(figure)


def _quiet(axes: "Axes", label: str) -> None:
    axes.set_xlabel(label, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color=drawing.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
