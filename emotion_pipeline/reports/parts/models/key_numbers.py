"""The few numbers that a model is known by, each with its n and its interval."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.classification import accuracy_score, confusion_counts, macro_f1_score
from emotion_pipeline.metrics.intervals import bootstrap_interval, wilson_interval
from emotion_pipeline.reports.base import ModelResult

OFFICIAL, LEAK_FREE, VALIDATION = "all test rows", "test rows not seen in training", "validation"

KEY_NUMBERS = (
    *("rows", "n"),
    *("accuracy_score", "accuracy_score_low", "accuracy_score_high"),
    *("macro_f1_score", "macro_f1_score_low", "macro_f1_score_high"),
    *("accuracy_score_mean", "accuracy_score_sd", "n_seeds"),
)


def key_numbers(model: ModelResult) -> pd.DataFrame:
    """Three rows, `OFFICIAL`, `LEAK_FREE` and `VALIDATION`, of columns `KEY_NUMBERS`.

    Scores are of the shown seed on original pictures, mean and sd over all seeds. NaN where there
    are no rows, or no second seed.
    """
    return pd.DataFrame(
        [
            _row(model, OFFICIAL, "test"),
            _row(model, LEAK_FREE, "test", leak_free=True),
            _row(model, VALIDATION, "validation"),
        ],
        columns=list(KEY_NUMBERS),
    )


def _row(model: ModelResult, name: str, split: str, *, leak_free: bool = False) -> dict[str, Any]:
    counts = [_counts(model, split, seed, leak_free=leak_free) for seed in model.seeds]
    shown, scores = counts[0], np.array([accuracy_score(one) for one in counts])
    return {
        "rows": name,
        "n": int(shown.sum()),
        **_measured("accuracy_score", scores[0], wilson_interval(np.trace(shown), shown.sum())),
        **_measured(
            "macro_f1_score", macro_f1_score(shown), bootstrap_interval(shown, macro_f1_score)
        ),
        "accuracy_score_mean": float(scores.mean()),
        "accuracy_score_sd": float(scores.std(ddof=1)) if len(scores) > 1 else np.nan,
        "n_seeds": len(model.seeds),
    }


def _counts(model: ModelResult, split: str, seed: int, *, leak_free: bool) -> np.ndarray:
    rows = model.rows(split, seed=seed)
    if leak_free:
        rows = rows[~rows["seen_in_training"].to_numpy(bool)]
    return confusion_counts(rows["emotion"].to_numpy(), model.predicted(rows), model.emotions)


def _measured(name: str, value: Any, interval: tuple[Any, Any]) -> dict[str, float]:
    low, high = interval
    return {name: float(value), f"{name}_low": float(low), f"{name}_high": float(high)}
