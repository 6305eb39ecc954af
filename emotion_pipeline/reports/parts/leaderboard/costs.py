"""What the models of a group cost to use, and which of them no other beats in both."""

import numpy as np
import pandas as pd

from emotion_pipeline.reports.base import ModelResult

COST_AXES = {
    "parameters": ("n_parameters", "parameters"),
    "size": ("size_mb", "size of the weights, MB"),
    "latency": ("latency_ms", "time for one face, ms"),
}
"""The column of each cost, and its name on an axis."""
COSTS = (
    *("recipe", "n_parameters", "size_mb"),
    *("latency_ms", "latency_ms_low", "latency_ms_high", "n_timed", "runtime", "processor"),
    "on_front",
)


def costs_table(models: list[ModelResult], accuracy: np.ndarray) -> pd.DataFrame:
    """One row per model, columns `COSTS`; NaN and no text where nothing was measured.

    `on_front` names the costs for which no other model is at least as accurate at no higher cost,
    and better in one of the two.
    """
    rows = [_row(model) for model in models]
    table = pd.DataFrame(rows, columns=list(COSTS))
    fronts = {
        name: on_front(table[column].to_numpy(np.float64), accuracy)
        for name, (column, _) in COST_AXES.items()
    }
    named = [
        ", ".join(name for name, front in fronts.items() if front[row]) for row in range(len(rows))
    ]
    return table.assign(on_front=pd.Series(named, dtype=object))


def _row(model: ModelResult) -> dict[str, float | str]:
    row: dict[str, float | str] = {
        "recipe": model.recipe,
        "n_parameters": model.n_parameters or np.nan,  # of a file from elsewhere nobody says
    }
    cost = model.cost
    if cost is None:
        return {**row, "runtime": "", "processor": ""}
    return {
        **row,
        "size_mb": cost.n_bytes / 1e6,
        "latency_ms": cost.latency_ms,
        "latency_ms_low": cost.latency_ms_low,
        "latency_ms_high": cost.latency_ms_high,
        "n_timed": cost.n_timed,
        "runtime": cost.runtime,
        "processor": cost.processor,
    }


def on_front(costs: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(n,) bool: no other point has a cost as low and a score as high, and one of them better.

    Both are (n,) float64; where one is NaN, the point is neither on the front nor beats another.
    """
    cheaper, better = costs[:, None] <= costs, scores[:, None] >= scores
    strictly = (costs[:, None] < costs) | (scores[:, None] > scores)
    beaten = (cheaper & better & strictly).any(axis=0)
    return ~beaten & ~np.isnan(costs) & ~np.isnan(scores)
