"""One line per model, and models against one another.

All tables are fractions. Numbers that stand alone belong to the lowest seed and carry the interval
of its test sample; mean and standard deviation over the seeds stand beside them.
"""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.classification import confusion_counts, macro_f1_score
from emotion_pipeline.metrics.intervals import (
    bootstrap_interval,
    bootstrap_mean_interval,
    wilson_interval,
)
from emotion_pipeline.metrics.significance import exact_mcnemar, holm_adjusted
from emotion_pipeline.metrics.votes import jensen_shannon_error, soft_accuracy_score
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.groups import best_on_validation


def _with_interval(*metrics: str) -> tuple[str, ...]:
    return tuple(f"{metric}{part}" for metric in metrics for part in ("", "_low", "_high"))


SCORES = (
    "n",
    *_with_interval("accuracy_score", "macro_f1_score"),
    "n_voted",
    *_with_interval("jensen_shannon_error", "soft_accuracy_score"),
)
SEED_SPREAD = ("accuracy_score_mean", "accuracy_score_sd")
OVERVIEW = (
    *("recipe", "description", "labels_from", "pictures_from", "label_space", "n_classes"),
    *("n_parameters", "synthetic", "seed", "n_seeds"),
    *SCORES,
    *SEED_SPREAD,
    "n_seen_in_training",
    *(f"leak_free_{column}" for column in (*SCORES, *SEED_SPREAD)),
    *("validation_n", *_with_interval("validation_accuracy_score")),
)
COMPARISONS = (
    *("recipe", "against", "n", "accuracy_difference", "n_only_this_right"),
    *("n_only_other_right", "p_value", "p_value_holm"),
)


def overview_table(models: list[ModelResult]) -> pd.DataFrame:
    """One row per model, columns `OVERVIEW`; NaN where there are no rows, votes or other seeds."""
    return pd.DataFrame([_overview_row(model) for model in models], columns=list(OVERVIEW))


def _overview_row(model: ModelResult) -> dict[str, Any]:
    test = model.rows()
    return {
        "recipe": model.recipe,
        "description": model.description,
        "labels_from": model.labels_from,
        "pictures_from": model.pictures_from,
        "label_space": model.label_space,
        "n_classes": len(model.emotions),
        "n_parameters": model.n_parameters,
        "synthetic": model.synthetic,
        "seed": model.shown_seed,
        "n_seeds": len(model.seeds),
        **_scores(model, test),
        **_seed_spread(model, leak_free=False),
        "n_seen_in_training": int(test["seen_in_training"].sum()),
        **_prefixed("leak_free", _scores(model, _leak_free(test))),
        **_prefixed("leak_free", _seed_spread(model, leak_free=True)),
        **_prefixed("validation", _accuracy(model, model.rows("validation"))),
    }


def _leak_free(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[~rows["seen_in_training"].to_numpy(bool)]


def _prefixed(prefix: str, numbers: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": number for name, number in numbers.items()}


def _measured(name: str, value: Any, interval: tuple[Any, Any]) -> dict[str, float]:
    low, high = interval
    return {name: float(value), f"{name}_low": float(low), f"{name}_high": float(high)}


def _accuracy(model: ModelResult, rows: pd.DataFrame) -> dict[str, float]:
    n_right, n = int(model.right(rows).sum()), len(rows)
    accuracy = n_right / n if n else np.nan
    return {"n": n, **_measured("accuracy_score", accuracy, wilson_interval(n_right, n))}


def _scores(model: ModelResult, rows: pd.DataFrame) -> dict[str, float]:
    counts = confusion_counts(rows["emotion"].to_numpy(), model.predicted(rows), model.emotions)
    macro_f1 = _measured(
        "macro_f1_score", macro_f1_score(counts), bootstrap_interval(counts, macro_f1_score)
    )
    return {**_accuracy(model, rows), **macro_f1, **_vote_scores(model, rows)}


def _vote_scores(model: ModelResult, rows: pd.DataFrame) -> dict[str, float]:
    votes = model.votes(rows)
    values = np.column_stack([jensen_shannon_error(*votes), soft_accuracy_score(*votes)])
    means = values.mean(axis=0) if len(values) else np.full(2, np.nan)
    low, high = bootstrap_mean_interval(values)
    return {
        "n_voted": len(values),
        **_measured("jensen_shannon_error", means[0], (low[0], high[0])),
        **_measured("soft_accuracy_score", means[1], (low[1], high[1])),
    }


def _seed_spread(model: ModelResult, *, leak_free: bool) -> dict[str, float]:
    tests = [model.rows(seed=seed) for seed in model.seeds]
    kept = [_leak_free(rows) if leak_free else rows for rows in tests]
    scores = [model.right(rows).mean() for rows in kept if len(rows)]
    return {
        "accuracy_score_mean": float(np.mean(scores)) if scores else np.nan,
        "accuracy_score_sd": float(np.std(scores, ddof=1)) if len(scores) > 1 else np.nan,
    }


def comparison_table(models: list[ModelResult]) -> pd.DataFrame:
    """Exact McNemar of each model against the best on validation, columns `COMPARISONS`.

    Models that were not tested on exactly the same rows as the best are left out.
    """
    first, *others = best_on_validation(models)
    rows = [_comparison_row(model, first) for model in others if _same_test(model, first)]
    table = pd.DataFrame(rows, columns=list(COMPARISONS[:-1]))
    return table.assign(p_value_holm=holm_adjusted(table["p_value"].to_numpy(np.float64)))


def _truth(model: ModelResult) -> pd.Series:
    return model.rows().set_index("sample_id")["emotion"].sort_index()


def _same_test(one: ModelResult, other: ModelResult) -> bool:
    return _truth(one).equals(_truth(other))


def _comparison_row(model: ModelResult, best: ModelResult) -> dict[str, Any]:
    right, best_right = (one.right(one.rows().sort_values("sample_id")) for one in (model, best))
    result = exact_mcnemar(right, best_right)
    return {
        "recipe": model.recipe,
        "against": best.recipe,
        "n": len(right),
        "accuracy_difference": float(right.mean() - best_right.mean()),
        "n_only_this_right": result.n_only_first,
        "n_only_other_right": result.n_only_second,
        "p_value": result.p_value,
    }
