"""Figures as PNG bytes. Drawn on a light ground; the page turns them over for dark screens.

matplotlib is imported when a figure is drawn, and through its objects only: no global state.
"""

from io import BytesIO
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL, Degradation
from emotion_pipeline.metrics.robustness import severities
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


def confusion(model: ModelResult, counts: np.ndarray) -> bytes:
    """Confusion counts (c, c) int as a grid: share of the true class in %, count below it."""
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [plain(name) for name in model.emotions]
    figure = canvas(0.92 * _WIDTH_IN, synthetic=model.synthetic)
    axes = figure.add_subplot()
    axes.imshow(rates, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if rates[row, column] > 0.55 else "black" if count else "#a0a0a0"
        share = f"{100 * rates[row, column]:.0f}"
        axes.text(column, row - 0.12, share, ha="center", va="center", color=colour, fontsize=9)
        axes.text(
            column, row + 0.27, f"{count:,}", ha="center", va="center", color=colour, fontsize=6
        )
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


def robustness(model: ModelResult, domains: pd.DataFrame) -> bytes:
    """Accuracy over severity, one line per corruption with its interval.

    `domains` are the model's rows of `domain_table`.
    """
    figure = canvas(3.8, synthetic=model.synthetic)
    axes = figure.add_subplot()
    scores = 100 * domains.set_index("domain")[
        ["accuracy_score", "accuracy_score_low", "accuracy_score_high"]
    ].astype(float)
    found = severities(model.domains)
    looks = product(("-", "--", ":"), COLOURS)
    for (style, colour), (corruption, levels) in zip(looks, found.items(), strict=False):
        part = scores.loc[[Degradation(corruption, level).key for level in levels]].to_numpy()
        name = corruption.replace("_", " ")
        axes.plot(levels, part[:, 0], style, color=colour, marker="o", markersize=4, label=name)
        axes.fill_between(levels, part[:, 1], part[:, 2], color=colour, alpha=0.1, linewidth=0)
    for domain, style in ((ORIGINAL, "--"), (GRAYSCALE, ":")):
        if domain in scores.index:
            score = scores.loc[domain, "accuracy_score"]
            axes.axhline(score, color=_QUIET, linestyle=style, linewidth=1.4, label=domain)
    tidy(axes, f"{model.recipe}: accuracy under corruption", "severity", "test accuracy, %")
    axes.set_xticks(sorted({level for levels in found.values() for level in levels}))
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside lower center", frameon=False, ncols=3, fontsize=8)
    return as_png(figure)


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
