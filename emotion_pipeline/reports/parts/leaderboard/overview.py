"""How good the models of a group are: every metric on every domain, and one line per model.

All scores are fractions. Numbers that stand alone belong to the lowest seed and carry the interval
of its test sample; mean and standard deviation over the seeds stand beside them. What begins with
`leak_free_` is the same without the rows whose exact pixels training has seen.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.metrics import classification
from emotion_pipeline.metrics.intervals import (
    bootstrap_interval,
    bootstrap_mean_interval,
    wilson_interval,
)
from emotion_pipeline.metrics.votes import jensen_shannon_error
from emotion_pipeline.reports.base import ModelResult

METRICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "accuracy_score": classification.accuracy_score,
    "macro_f1_score": classification.macro_f1_score,
    "weighted_f1_score": classification.weighted_f1_score,
    "macro_precision_score": classification.macro_precision_score,
    "weighted_precision_score": classification.weighted_precision_score,
    "macro_recall_score": classification.macro_recall_score,
    "balanced_accuracy_score": classification.macro_recall_score,
    "weighted_recall_score": classification.weighted_recall_score,
}
"""Read off confusion counts; under two names where two names are in use."""
PROPORTIONS = ("accuracy_score", "weighted_recall_score")
MAIN_METRICS = ("accuracy_score", "macro_f1_score", "weighted_f1_score")


def _with_interval(*metrics: str) -> tuple[str, ...]:
    return tuple(f"{metric}{part}" for metric in metrics for part in ("", "_low", "_high"))


_ONE = ("n", *_with_interval("score"), "score_mean", "score_sd")
SCORES = ("recipe", "domain", "metric", "n_seeds", *_ONE, *(f"leak_free_{one}" for one in _ONE))
_JSD = _with_interval("jensen_shannon_error")
OVERVIEW = (
    *("recipe", "description", "foreign", "seed", "n_seeds", "n"),
    *_with_interval("accuracy_score"),
    "leak_free_n",
    *_with_interval("leak_free_accuracy_score"),
    *("accuracy_score_mean", "accuracy_score_sd"),
    *("leak_free_accuracy_score_mean", "leak_free_accuracy_score_sd"),
    *_with_interval(*MAIN_METRICS[1:], *(f"leak_free_{one}" for one in MAIN_METRICS[1:])),
    *("n_voted", *_JSD, "leak_free_n_voted", *(f"leak_free_{one}" for one in _JSD)),
    *("validation_n", *_with_interval("validation_accuracy_score")),
)


def scores_table(models: list[ModelResult]) -> pd.DataFrame:
    """One row per model, domain and metric, columns `SCORES`; NaN without rows or other seeds."""
    rows = [row for one in models for domain in one.domains for row in _scores(one, domain)]
    return pd.DataFrame(rows, columns=list(SCORES))


def _scores(model: ModelResult, domain: str) -> Iterable[dict[str, Any]]:
    official, leak_free = ([], [])
    for seed in model.seeds:
        rows = model.rows(domain=domain, seed=seed)
        unseen = ~rows["seen_in_training"].to_numpy(bool)
        truth, predicted = rows["emotion"].to_numpy(object), model.predicted(rows)
        official.append(_counts(model, truth, predicted))
        leak_free.append(_counts(model, truth[unseen], predicted[unseen]))
    measured = _measured(official)
    without = measured if np.array_equal(official, leak_free) else _measured(leak_free)
    for metric in METRICS:
        yield {
            "recipe": model.recipe,
            "domain": domain,
            "metric": metric.removesuffix("_score"),
            "n_seeds": len(model.seeds),
            **measured[metric],
            **{f"leak_free_{name}": value for name, value in without[metric].items()},
        }


def _counts(model: ModelResult, truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    return classification.confusion_counts(truth, predicted, model.emotions)


def _measured(counts_by_seed: list[np.ndarray]) -> dict[str, dict[str, float]]:
    """Every metric of the first seed with its interval, and its mean and sd over all seeds."""
    counts = np.stack(counts_by_seed)
    shown, n = counts[0], int(counts[0].sum())
    low, high = bootstrap_interval(
        shown, lambda drawn: np.stack([metric(drawn) for metric in METRICS.values()], axis=1)
    )
    wilson = wilson_interval(int(np.trace(shown)), n)
    found = {}
    for number, (name, metric) in enumerate(METRICS.items()):
        scores = metric(counts)
        ends = wilson if name in PROPORTIONS else (low[number], high[number])
        found[name] = {
            "n": n,
            "score": float(scores[0]),
            "score_low": float(ends[0]),
            "score_high": float(ends[1]),
            "score_mean": float(scores.mean()),
            "score_sd": float(scores.std(ddof=1)) if len(scores) > 1 else np.nan,
        }
    return found


def overview_table(models: list[ModelResult], scores: pd.DataFrame) -> pd.DataFrame:
    """One row per model on original pictures, columns `OVERVIEW`; `scores` are `scores_table`'s."""
    original = scores[scores["domain"] == ORIGINAL].set_index(["recipe", "metric"])
    rows = [_overview_row(model, original) for model in models]
    return pd.DataFrame(rows, columns=list(OVERVIEW))


def _overview_row(model: ModelResult, scores: pd.DataFrame) -> dict[str, Any]:
    row: dict[str, Any] = {
        "recipe": model.recipe,
        "description": model.description,
        "foreign": model.foreign,
        "seed": model.shown_seed,
        "n_seeds": len(model.seeds),
    }
    for metric in MAIN_METRICS:
        of_metric = scores.loc[(model.recipe, metric.removesuffix("_score"))].to_dict()
        row |= {name: int(of_metric[name]) for name in ("n", "leak_free_n")}
        row |= {
            name.replace("score", metric): value
            for name, value in of_metric.items()
            if "score" in name
        }
    test = model.rows()
    unseen = test[~test["seen_in_training"].to_numpy(bool)]
    without = {f"leak_free_{name}": value for name, value in _against_votes(model, unseen).items()}
    return {**row, **_against_votes(model, test), **without, **_validation(model)}


def _against_votes(model: ModelResult, rows: pd.DataFrame) -> dict[str, float]:
    errors = jensen_shannon_error(*model.votes(rows))
    low, high = bootstrap_mean_interval(errors)
    return {
        "n_voted": len(errors),
        "jensen_shannon_error": float(errors.mean()) if len(errors) else np.nan,
        "jensen_shannon_error_low": float(low),
        "jensen_shannon_error_high": float(high),
    }


def _validation(model: ModelResult) -> dict[str, float]:
    right = model.right(model.rows("validation"))
    low, high = wilson_interval(int(right.sum()), len(right))
    return {
        "validation_n": len(right),
        "validation_accuracy_score": float(right.mean()) if len(right) else np.nan,
        "validation_accuracy_score_low": float(low),
        "validation_accuracy_score_high": float(high),
    }
