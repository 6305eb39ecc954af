"""The figures of the exploration as PNG bytes, drawn like those of the other reports."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emotion_pipeline.reports.parts import figures as drawing
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.sections import SHARE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = drawing.COLOURS


def classes(table: pd.DataFrame, noun: str, *, synthetic: bool) -> bytes:
    """Stacked bars of a table of `counting.by_split`: a bar per class, a colour per split."""
    name, *columns = (column for column in table if not column.endswith(SHARE))
    splits = columns[:-1]
    canvas = drawing.canvas(1.2 + 0.3 * len(table), synthetic=synthetic)
    axes = canvas.add_subplot()
    place, start = np.arange(len(table)), np.zeros(len(table))
    for number, split in enumerate(splits):
        counts = table[split].to_numpy(float)
        colour = COLOURS[number % len(COLOURS)]
        axes.barh(place, counts, left=start, color=colour, label=drawing.plain(split), height=0.7)
        start += counts
    for row, (total, part) in enumerate(zip(start, table["all_share"], strict=True)):
        axes.text(total, row, f" {page.percent(part)} %", va="center", fontsize=8)
    _rows(axes, table[name].tolist())
    axes.set_xlim(0, 1.14 * max(start.max(), 1))
    axes.set_xlabel(noun, fontsize=8)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    canvas.legend(loc="outside lower center", frameon=False, ncols=3, fontsize=8)
    return drawing.as_png(canvas)


def contrast(samples: pd.DataFrame, *, synthetic: bool) -> bytes:
    """Histograms of the columns pixel_sd, and pixel_min and pixel_max."""
    canvas = drawing.canvas(2.5, synthetic=synthetic)
    spread, ends = canvas.subplots(1, 2)
    shape = {"histtype": "stepfilled"}  # one per histogram: a bar per bin takes twice as long
    spread.hist(samples["pixel_sd"].dropna(), bins=64, range=(0, 128), color=COLOURS[0], **shape)
    for column, colour, label in (
        ("pixel_min", COLOURS[0], "darkest"),
        ("pixel_max", COLOURS[4], "brightest"),
    ):
        values = samples[column].dropna()
        ends.hist(values, bins=32, range=(0, 256), color=colour, label=label, **shape)
    drawing.tidy(spread, "standard deviation", "gray values", "pictures")
    drawing.tidy(ends, "darkest and brightest value", "gray value", "")
    for axes in (spread, ends):
        axes.yaxis.set_major_formatter("{x:,.0f}")
    canvas.legend(loc="outside lower right", frameon=False, ncols=2, fontsize=8)
    return drawing.as_png(canvas)


def valence_arousal(rated: pd.DataFrame, centres: pd.DataFrame, *, synthetic: bool) -> bytes:
    """A map of the columns valence and arousal, with the mean of each emotion on it."""
    from matplotlib.colors import LogNorm

    canvas = drawing.canvas(4.4, synthetic=synthetic)
    axes = canvas.add_subplot()
    counts, x, y = np.histogram2d(
        rated["valence"], rated["arousal"], bins=40, range=[(-1, 1), (-1, 1)]
    )
    norm = LogNorm(1, max(2, counts.max()))
    shown = axes.pcolormesh(x, y, np.where(counts > 0, counts, np.nan).T, cmap="Blues", norm=norm)
    canvas.colorbar(shown, ax=axes, label="pictures")
    for row in centres.itertuples():
        axes.plot(row.valence_mean, row.arousal_mean, "o", color=COLOURS[1], markersize=5)
        axes.annotate(
            drawing.plain(row.emotion),
            (row.valence_mean, row.arousal_mean),
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=8,
            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1},
        )
    drawing.tidy(axes, "valence and arousal", "valence", "arousal")
    axes.set_aspect("equal")
    return drawing.as_png(canvas)


def faces(per_picture: pd.DataFrame, by_size: pd.DataFrame, *, synthetic: bool) -> bytes:
    """Bars of two tables whose first column names the bar and whose column n is its length."""
    canvas = drawing.canvas(2.6, synthetic=synthetic)
    for axes, table, title, unit in zip(
        canvas.subplots(1, 2),
        (per_picture, by_size),
        ("faces in a picture", "larger side of a face, px"),
        ("pictures", "faces"),
        strict=True,
    ):
        axes.barh(np.arange(len(table)), table["n"], color=COLOURS[0], height=0.7)
        _rows(axes, table.iloc[:, 0].tolist())
        axes.set_title(title, loc="left", fontsize=9)
        axes.set_xlabel(unit, fontsize=8)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.xaxis.get_major_locator().set_params(nbins=4)
    return drawing.as_png(canvas)


def _rows(axes: "Axes", names: list[str]) -> None:
    """Horizontal bars with these names, the first one on top."""
    axes.set_yticks(range(len(names)), [drawing.plain(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(labelsize=8)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color=drawing.GRID, linewidth=0.8)
    axes.set_axisbelow(True)
