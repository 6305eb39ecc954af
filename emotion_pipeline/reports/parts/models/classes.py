"""Class by class: what was found, what was said, and what was taken for what.

All numbers are of the shown seed and of test rows.
"""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.metrics.classification import (
    confusion_counts,
    f1_scores,
    precision_scores,
    recall_scores,
)
from emotion_pipeline.metrics.intervals import bootstrap_interval, wilson_interval
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts import page

MIN_ROWS = 30  # below this a class is shown, and said to be uncertain
FEW_ROWS = f"fewer than {MIN_ROWS} rows"

PER_CLASS = (
    *("emotion", "n", "n_predicted"),
    *("precision_score", "precision_score_low", "precision_score_high"),
    *("recall_score", "recall_score_low", "recall_score_high"),
    *("f1_score", "f1_score_low", "f1_score_high"),
    "uncertain",
)
CONFUSION = (
    *("recipe", "label_space", "domain", "emotion", "predicted", "n", "n_emotion"),
    *("rate", "rate_low", "rate_high"),
)


def counts_of(model: ModelResult, domain: str = ORIGINAL) -> np.ndarray:
    """Confusion counts (c, c) int64 of one domain."""
    rows = model.rows(domain=domain)
    return confusion_counts(rows["emotion"].to_numpy(), model.predicted(rows), model.emotions)


def per_class_table(model: ModelResult) -> pd.DataFrame:
    """One row per class, columns `PER_CLASS`, on original pictures; NaN where undefined.

    `uncertain` says why, and is empty where there are rows enough.
    """
    counts = counts_of(model)
    hits, n, n_predicted = np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)
    columns: dict[str, object] = {
        "emotion": model.emotions,
        "n": n,
        "n_predicted": n_predicted,
        "uncertain": np.where(n < MIN_ROWS, FEW_ROWS, ""),
    }
    for name, scores, interval in (
        ("precision_score", precision_scores(counts), wilson_interval(hits, n_predicted)),
        ("recall_score", recall_scores(counts), wilson_interval(hits, n)),
        ("f1_score", f1_scores(counts), bootstrap_interval(counts, f1_scores)),
    ):
        columns |= {name: scores, f"{name}_low": interval[0], f"{name}_high": interval[1]}
    return pd.DataFrame(columns, columns=list(PER_CLASS))


def confusion_table(model: ModelResult) -> pd.DataFrame:
    """One row per domain, true class and predicted class, columns `CONFUSION`.

    `rate` is the share of the `n_emotion` rows of the true class; NaN where there are none.
    """
    counts = np.stack([counts_of(model, domain) for domain in model.domains])
    n_classes = len(model.emotions)
    n_emotion = np.repeat(counts.sum(axis=2).ravel(), n_classes)
    low, high = wilson_interval(counts.ravel(), n_emotion)
    return pd.DataFrame(
        {
            "recipe": model.recipe,
            "label_space": model.label_space,
            "domain": np.repeat(model.domains, n_classes**2),
            "emotion": np.tile(np.repeat(model.emotions, n_classes), len(counts)),
            "predicted": np.tile(model.emotions, n_classes * len(counts)),
            "n": counts.ravel(),
            "n_emotion": n_emotion,
            "rate": counts.ravel() / np.where(n_emotion > 0, n_emotion, np.nan),
            "rate_low": low,
            "rate_high": high,
        },
        columns=list(CONFUSION),
    )


def largest_confusions(
    confusion: pd.DataFrame, n: int = 3, domain: str = ORIGINAL
) -> list[dict[str, Any]]:
    """The rows of `confusion_table` with the highest rates off the diagonal, of one domain.

    Classes with fewer than MIN_ROWS rows are left out.
    """
    cells = confusion[confusion["domain"] == domain]
    wrong = (cells["emotion"] != cells["predicted"]) & (cells["n"] > 0)
    candidates = cells[wrong & (cells["n_emotion"] >= MIN_ROWS)]
    return candidates.nlargest(n, "rate").to_dict("records")


def in_words(confusion: dict[str, Any]) -> str:
    """A row of `confusion_table`, such as `fear taken for surprise: 31.0 % of 84`."""
    return (
        f"{confusion['emotion']} taken for {confusion['predicted']}:"
        f" {page.percent(confusion['rate'])} % of {page.count(confusion['n_emotion'])}"
        f" (95 % interval {page.percent(confusion['rate_low'])}"
        f"–{page.percent(confusion['rate_high'])} %)"
    )
