"""How trainings went: learning curves side by side, and what is read off them."""

from itertools import cycle, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.reports.base import DetectorResult, ModelResult
from emotion_pipeline.reports.parts import figures as drawing
from emotion_pipeline.reports.parts.recipe_values import runs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACCURACY, AP50 = "validation_accuracy_score", "validation_ap50_score"
"""The columns of curves that hold the score of an emotion model, and of a detector."""

MAX_RECIPES = 8
"""More colours than this nobody can tell apart."""

_SPREAD = ("best_epoch", "n_epochs", "loss_difference", "training_seconds", "n_images_a_second")

Trained = ModelResult | DetectorResult


def with_curves(models: list[Trained], score: str) -> list[Trained]:
    """The models of which there are learning curves with this score."""
    return [one for one in models if score in one.curves and len(one.curves)]


def run_table(models: list[Trained], score: str) -> pd.DataFrame:
    """One row per recipe and seed of models `with_curves`.

    `best_epoch` is the one whose weights were kept: as the description says, else the one with the
    lowest validation loss. `loss_difference` is validation minus training in the last epoch.
    """
    return pd.DataFrame(
        [
            _run(model, int(str(seed)), curves.sort_values("epoch"), score)
            for model in models
            for seed, curves in model.curves.groupby("seed")
        ]
    )


def _run(model: Trained, seed: int, curves: pd.DataFrame, score: str) -> dict[str, Any]:
    meta = runs(model).get(seed, {})
    epochs = curves.set_index("epoch")
    lowest = epochs["validation_loss"].idxmin()
    kept = meta["epoch"] if meta.get("epoch") in epochs.index else lowest
    reached = float(epochs.loc[kept, score])
    last = curves.iloc[-1]
    training_s = float(meta.get("training_s", np.nan))
    n_seen = float(meta.get("n_training_rows", np.nan)) * len(curves)
    return {
        "recipe": model.recipe,
        "seed": seed,
        "n_parameters": model.n_parameters,
        "n_validation_pictures": float(meta.get("n_validation_rows", np.nan)),
        score: reached,
        **_interval(score, reached, meta.get("n_validation_rows", 0)),
        "best_epoch": float(kept),
        "n_epochs": float(len(curves)),
        "train_loss": float(last["train_loss"]),
        "validation_loss": float(last["validation_loss"]),
        "loss_difference": float(last["validation_loss"] - last["train_loss"]),
        "training_seconds": training_s,
        "n_images_a_second": n_seen / training_s if training_s else np.nan,
    }


def _interval(score: str, reached: float, n: int) -> dict[str, float]:
    """Wilson's interval of an accuracy; an AP50 is no proportion of its pictures."""
    if score != ACCURACY:
        return {}
    low, high = wilson_interval(round(reached * n), n)
    return {f"{score}_low": min(float(low), reached), f"{score}_high": max(float(high), reached)}


def summary(found: pd.DataFrame, score: str) -> pd.DataFrame:
    """One row per recipe of a `run_table`: its lowest seed, and mean and spread over its seeds.

    Columns in which nothing is known are left out.
    """
    by_recipe = found.groupby("recipe", sort=False)
    kept = [name for name in found if name.startswith(score)]
    first = by_recipe[["n_parameters", "n_validation_pictures", *kept]].first()
    columns: dict[str, Any] = {}
    for name in (score, *_SPREAD):
        digits = 0 if name in ("training_seconds", "n_images_a_second") else 4
        columns[f"{name}_mean"] = by_recipe[name].mean().round(digits)
        columns[f"{name}_sd"] = by_recipe[name].std().round(digits)
    first.insert(0, "n_seeds", by_recipe["seed"].nunique())
    table = first.assign(**columns).reset_index()
    unknown = [name for name in table if table[name].isna().all() and not name.endswith("_sd")]
    without = {*unknown, *(f"{name.removesuffix('_mean')}_sd" for name in unknown)}
    return table.drop(columns=without & set(table))


def figure(models: list[Trained], score: str, *, synthetic: bool) -> bytes:
    """Validation score and losses over epochs as PNG, a colour per recipe, a thin line per seed."""
    canvas = drawing.canvas(4.2, synthetic=synthetic)
    ((top, legend), (left, right)) = canvas.subplots(2, 2)
    looks = cycle(product(("-", "--"), drawing.COLOURS))
    panels = {top: score, left: "train_loss", right: "validation_loss"}
    for model, look in zip(models, looks, strict=False):
        for axes, column in panels.items():
            _lines(axes, model, column, look)
    name = "validation accuracy" if score == ACCURACY else "validation AP50"
    drawing.tidy(top, name, "epoch", "%")
    drawing.tidy(left, "training loss", "epoch", "")
    drawing.tidy(right, "validation loss", "epoch", "")
    for axes in panels:
        axes.xaxis.get_major_locator().set_params(integer=True)
    legend.axis("off")
    lines, names = top.get_legend_handles_labels()
    box = legend.legend(lines, names, loc="upper left", frameon=False, fontsize=7, borderaxespad=0)
    for line in box.get_lines():
        line.set_linewidth(2.5)
    return drawing.as_png(canvas)


def _lines(axes: "Axes", model: Trained, column: str, look: tuple[str, str]) -> None:
    scale = 100 if column.endswith("_score") else 1
    for number, (_, curves) in enumerate(model.curves.sort_values("epoch").groupby("seed")):
        axes.plot(
            curves["epoch"],
            scale * curves[column],
            look[0],
            color=look[1],
            linewidth=0.8,
            marker="o" if len(curves) < 5 else None,  # a single epoch has no line
            markersize=3,
            label=_short(model.recipe) if number == 0 else None,
        )


def _short(name: str) -> str:
    """A name that fits beside the axes."""
    return drawing.plain(name if len(name) <= 34 else f"{name[:33]}…")
