"""Class by class: what was found, what was said, and what was taken for what."""

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.classification import (
    confusion_counts,
    f1_scores,
    precision_scores,
    recall_scores,
)
from emotion_pipeline.metrics.intervals import bootstrap_interval, wilson_interval
from emotion_pipeline.reports.base import ModelResult

MIN_ROWS = 30  # below this a class is shown, and said to be uncertain

PER_CLASS = (
    *("recipe", "label_space", "emotion", "n", "n_predicted", "uncertain"),
    *("precision_score", "precision_score_low", "precision_score_high"),
    *("recall_score", "recall_score_low", "recall_score_high"),
    *("f1_score", "f1_score_low", "f1_score_high"),
)
CONFUSION = (
    *("recipe", "label_space", "emotion", "predicted", "n", "n_emotion"),
    *("rate", "rate_low", "rate_high"),
)


def counts_of(model: ModelResult) -> np.ndarray:
    """Confusion counts (c, c) int64 of the shown seed on the original test rows."""
    rows = model.rows()
    return confusion_counts(rows["emotion"].to_numpy(), model.predicted(rows), model.emotions)


def per_class_table(models: list[ModelResult]) -> pd.DataFrame:
    """One row per model and class, columns `PER_CLASS`; NaN where a score is undefined."""
    empty = pd.DataFrame(columns=list(PER_CLASS))
    return pd.concat([_per_class(model) for model in models]) if models else empty


def _per_class(model: ModelResult) -> pd.DataFrame:
    counts = counts_of(model)
    hits, n, n_predicted = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)
    columns: dict[str, object] = {
        "recipe": model.recipe,
        "label_space": model.label_space,
        "emotion": model.emotions,
        "n": n,
        "n_predicted": n_predicted,
        "uncertain": n < MIN_ROWS,
    }
    for name, scores, interval in (
        ("precision_score", precision_scores(counts), wilson_interval(hits, n_predicted)),
        ("recall_score", recall_scores(counts), wilson_interval(hits, n)),
        ("f1_score", f1_scores(counts), bootstrap_interval(counts, f1_scores)),
    ):
        columns |= {name: scores, f"{name}_low": interval[0], f"{name}_high": interval[1]}
    return pd.DataFrame(columns, columns=list(PER_CLASS))


def confusion_table(models: list[ModelResult]) -> pd.DataFrame:
    """One row per model, true class and predicted class; `rate` is the share of the true class."""
    empty = pd.DataFrame(columns=list(CONFUSION))
    return pd.concat([_confusion(model) for model in models]) if models else empty


def _confusion(model: ModelResult) -> pd.DataFrame:
    counts, classes = counts_of(model), len(model.emotions)
    n_emotion = np.repeat(counts.sum(axis=1), classes)
    low, high = wilson_interval(counts.ravel(), n_emotion)
    return pd.DataFrame(
        {
            "recipe": model.recipe,
            "label_space": model.label_space,
            "emotion": np.repeat(model.emotions, classes),
            "predicted": np.tile(model.emotions, classes),
            "n": counts.ravel(),
            "n_emotion": n_emotion,
            "rate": counts.ravel() / np.where(n_emotion > 0, n_emotion, np.nan),
            "rate_low": low,
            "rate_high": high,
        },
        columns=list(CONFUSION),
    )
