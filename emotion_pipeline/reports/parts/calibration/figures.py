"""The figures of the report on calibration, as PNG bytes."""

from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.calibration import N_BINS
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.calibration.abstention import ranked
from emotion_pipeline.reports.parts.calibration.numbers import ECE
from emotion_pipeline.reports.parts.figures import COLOURS, GRID, as_png, canvas, plain, tidy
from emotion_pipeline.reports.parts.references import Human
from emotion_pipeline.reports.parts.resampled import with_intervals

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_MODELS = len(COLOURS)

_PEOPLE = "#6b6b6b"


def reliability(model: ModelResult, bins: pd.DataFrame) -> bytes:
    """Accuracy over confidence in bins of either kind, with their rows below.

    `bins` are the model's rows of `reliability_table`.
    """
    figure = canvas(3.9, synthetic=model.synthetic)
    grid = figure.add_gridspec(2, 2, height_ratios=[3, 1])
    for column, (binning, part) in enumerate(bins.groupby("binning", sort=False)):
        above, below = (figure.add_subplot(grid[row, column]) for row in (0, 1))
        _against_confidence(above, part, str(binning))
        _rows(below, part, str(binning))
        if column:
            above.set_ylabel("")
            below.set_ylabel("")
    figure.suptitle(_title(model), fontsize=9, color="#b00020" if model.synthetic else "black")
    return as_png(figure)


def _title(model: ModelResult) -> str:
    name = plain(model.recipe if len(model.recipe) <= 40 else f"{model.recipe[:39]}…")
    return f"{name} (drawn faces, not people)" if model.synthetic else name


def _against_confidence(axes: "Axes", part: pd.DataFrame, binning: str) -> None:
    names = ("confidence_score", *with_intervals("accuracy_score"))
    sure, right, low, high = (100 * part[name].to_numpy(float) for name in names)
    if binning == "equal width":
        left, width = 100 * (part["bin"] - 1) / N_BINS, 100 / N_BINS
        axes.bar(left, right, width, align="edge", color=COLOURS[5], edgecolor="white", linewidth=1)
    spread = np.clip([right - low, high - right], 0, None)
    axes.errorbar(
        sure, right, yerr=spread, fmt="o", color=COLOURS[0], markersize=3, linewidth=1, capsize=2
    )
    axes.plot([0, 100], [0, 100], color=COLOURS[1], linewidth=1.2, linestyle="--")
    tidy(axes, f"bins of {binning}", "", "right, %")
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 100)
    axes.tick_params(labelbottom=False)


def _rows(axes: "Axes", part: pd.DataFrame, binning: str) -> None:
    equal = binning == "equal width"
    places = 100 * (part["bin"] - 0.5) / N_BINS if equal else 100 * part["confidence_score"]
    width = 100 / N_BINS if equal else 1.5
    axes.bar(places, part["n"], width, color=COLOURS[0], edgecolor="white", linewidth=0.5)
    tidy(axes, "", "confidence, %", "pictures")
    axes.set_xlim(0, 100)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.locator_params(axis="y", nbins=3)


def risk_coverage(models: list[ModelResult]) -> bytes:
    """Wrong answers over the share of pictures that are answered, surest first."""
    figure = canvas(3.6, synthetic=any(model.synthetic for model in models))
    axes = figure.add_subplot()
    for model, colour in zip(models, COLOURS, strict=False):
        rows = ranked(model)
        answered, risk = rows.curve(np.ones(len(rows.order)))
        share = 100 * answered / answered[-1]
        shown = share >= 2  # a few pictures say nothing, and jump
        axes.plot(
            share[shown], 100 * risk[shown], color=colour, linewidth=1.4, label=plain(model.recipe)
        )
    tidy(axes, "Errors among the surest answers", "pictures answered, %", "wrong, %")
    axes.set_xlim(0, 100)
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside lower center", frameon=False, ncols=2, fontsize=8)
    return as_png(figure)


def by_domain(models: list[ModelResult], table: pd.DataFrame) -> bytes:
    """Expected calibration error per domain family; `table` is the `domain_table` of the models."""
    names = list(dict.fromkeys(table["domain"]))
    figure = canvas(1.3 + 0.3 * len(names), synthetic=any(model.synthetic for model in models))
    axes = figure.add_subplot()
    for number, (model, colour) in enumerate(zip(models, COLOURS, strict=False)):
        part = table[table["recipe"] == model.recipe]
        shift = 0.5 * (number + 0.5) / len(models) - 0.25
        places = np.array([names.index(name) for name in part["domain"]]) + shift
        _dots(axes, part, ECE, places, colour, model.recipe)
    axes.set_xlabel("expected calibration error (bars: 95 % intervals)", fontsize=8)
    axes.set_xlim(left=0)
    _named_rows(axes, [name.replace("_", " ") for name in names])
    figure.legend(loc="outside lower center", frameon=False, ncols=2, fontsize=8)
    return as_png(figure)


def against_people(
    models: list[ModelResult], table: pd.DataFrame, people: tuple[Human, ...]
) -> bytes:
    """Accuracy, and divergence from the votes, of models and of predictors that need no model.

    `table` has the models' rows of `vote_table` in the same order.
    """
    names = [model.recipe for model in models] + [one.who for one in people]
    height = 1.2 + 0.34 * len(names)
    figure = canvas(height, synthetic=any(model.synthetic for model in models))
    right, near = figure.subplots(1, 2, sharey=True)
    for axes, name, scale in ((right, "accuracy_score", 100), (near, "jensen_shannon_error", 1)):
        _dots(axes, table, name, np.arange(len(models)), COLOURS[0], None, scale)
        known = [(row, getattr(one, name)) for row, one in enumerate(people, len(models))]
        for row, value in known:
            if value is not None:
                axes.plot(scale * value, row, "|", color=_PEOPLE, markersize=10, markeredgewidth=2)
        axes.set_xlim(left=0)
        _named_rows(axes, [fill(name, 24, max_lines=2) for name in names])
    near.tick_params(labelleft=False)
    right.set_xlim(0, 100)
    right.set_xlabel("accuracy, %\nmore is better", fontsize=8)
    near.set_xlabel("divergence, bits\nless is better", fontsize=8)
    return as_png(figure)


def _dots(
    axes: "Axes",
    table: pd.DataFrame,
    name: str,
    places: np.ndarray,
    colour: str,
    label: str | None,
    scale: float = 1.0,
) -> None:
    value, low, high = (scale * table[one].to_numpy(float) for one in with_intervals(name))
    axes.errorbar(
        value,
        places,
        xerr=np.clip([value - low, high - value], 0, None),
        fmt="o",
        color=colour,
        markersize=4,
        capsize=2,
        linewidth=1,
        label=None if label is None else plain(label),
    )


def _named_rows(axes: "Axes", names: list[str]) -> None:
    axes.set_yticks(range(len(names)), [plain(name) for name in names], fontsize=8)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
