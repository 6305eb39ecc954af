"""Models against one another on exactly the same test rows."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.classification import macro_f1_score, paired_counts
from emotion_pipeline.metrics.significance import (
    McNemar,
    PairedDifference,
    exact_mcnemar,
    holm_adjusted,
    paired_bootstrap,
)
from emotion_pipeline.metrics.votes import jensen_shannon_error
from emotion_pipeline.reports.base import ModelResult

TESTED = ("accuracy", "macro_f1", "jensen_shannon")
COMPARISONS = (
    *("recipe", "against", "n", "n_only_this_right", "n_only_other_right"),
    *(f"accuracy_score_difference{part}" for part in ("", "_low", "_high")),
    *("p_value_accuracy", "p_value_accuracy_holm"),
    *(f"macro_f1_score_difference{part}" for part in ("", "_low", "_high")),
    *("p_value_macro_f1", "p_value_macro_f1_holm"),
    "n_voted",
    *(f"jensen_shannon_error_difference{part}" for part in ("", "_low", "_high")),
    *("p_value_jensen_shannon", "p_value_jensen_shannon_holm"),
)


def baseline(models: list[ModelResult]) -> ModelResult | None:
    """The smallest model that was trained here, the first by name of equal ones; None for none."""
    own = [model for model in models if not model.foreign]
    return min(own, key=lambda one: (one.n_parameters, one.recipe)) if own else None


def comparison_table(models: list[ModelResult], reference: ModelResult) -> pd.DataFrame:
    """Every other model against the reference, columns `COMPARISONS`; differences this - other.

    Accuracy: exact McNemar. Macro-F1 and Jensen-Shannon divergence: paired bootstrap. Each column
    of p-values is adjusted by itself (Holm). Models that were not tested on exactly the same rows
    with the same truth are left out.
    """
    others = [one for one in models if one is not reference and _same_test(one, reference)]
    votes = _votes(others, reference)
    rows = [{**_row(one, reference), **votes[one.recipe]} for one in others]
    table = pd.DataFrame(rows, columns=list(COMPARISONS))
    for name in TESTED:
        p_values = table[f"p_value_{name}"].to_numpy(np.float64)
        table[f"p_value_{name}_holm"] = _holm(p_values)
    return table


def _holm(p_values: np.ndarray) -> np.ndarray:
    """Adjusted where there is a p-value."""
    there = ~np.isnan(p_values)
    adjusted = np.full(len(p_values), np.nan)
    adjusted[there] = holm_adjusted(p_values[there])
    return adjusted


def _truth(model: ModelResult) -> pd.Series:
    return model.rows().set_index("sample_id")["emotion"].sort_index()


def _same_test(one: ModelResult, other: ModelResult) -> bool:
    return _truth(one).equals(_truth(other))


def _row(model: ModelResult, reference: ModelResult) -> dict[str, Any]:
    this, other = (one.rows().sort_values("sample_id") for one in (model, reference))
    right, other_right = model.right(this), reference.right(other)
    test = exact_mcnemar(right, other_right)
    return {
        "recipe": model.recipe,
        "against": reference.recipe,
        "n": len(right),
        "n_only_this_right": test.n_only_first,
        "n_only_other_right": test.n_only_second,
        **_accuracy(test, len(right)),
        "p_value_accuracy": test.p_value,
        **_macro_f1(model, this, reference, other),
    }


def _accuracy(test: McNemar, n: int) -> dict[str, float]:
    """The rows are of three kinds: only the one right, only the other, and all else."""
    times = np.array([test.n_only_first, test.n_only_second, 0])
    times[2] = n - times.sum()
    found = paired_bootstrap(times, lambda drawn: (drawn[:, 0] - drawn[:, 1]) / n)
    return _named("accuracy_score", found)


def _named(metric: str, found: PairedDifference) -> dict[str, float]:
    return {
        f"{metric}_difference": float(found.difference),
        f"{metric}_difference_low": float(found.low),
        f"{metric}_difference_high": float(found.high),
    }


def _macro_f1(
    model: ModelResult, this: pd.DataFrame, reference: ModelResult, other: pd.DataFrame
) -> dict[str, float]:
    truth = this["emotion"].to_numpy(object)
    said = model.predicted(this), reference.predicted(other)
    found = paired_bootstrap(
        paired_counts(truth, *said, model.emotions),
        lambda drawn: macro_f1_score(drawn.sum(axis=-1)) - macro_f1_score(drawn.sum(axis=-2)),
    )
    return {**_named("macro_f1_score", found), "p_value_macro_f1": float(found.p_value)}


def _votes(models: list[ModelResult], reference: ModelResult) -> dict[str, dict[str, float]]:
    """By recipe; all models on the same draws, and no numbers where nobody voted."""
    errors = [_errors(one) for one in (reference, *models)]
    n = len(errors[0])
    if not models or not n:
        return {one.recipe: {"n_voted": 0} for one in models}
    differences = np.stack(errors[1:], axis=1) - errors[0][:, None]  # (n, models)
    ones = np.ones(n, dtype=np.int64)
    found = paired_bootstrap(ones, lambda drawn: drawn @ differences / n)
    each = zip(found.difference, found.low, found.high, found.p_value, strict=True)
    return {
        model.recipe: {
            "n_voted": n,
            **_named("jensen_shannon_error", PairedDifference(*one)),
            "p_value_jensen_shannon": float(one[3]),
        }
        for model, one in zip(models, each, strict=True)
    }


def _errors(model: ModelResult) -> np.ndarray:
    """Jensen-Shannon divergences (m,) of the test rows with votes, in the order of their names."""
    return jensen_shannon_error(*model.votes(model.rows().sort_values("sample_id")))
