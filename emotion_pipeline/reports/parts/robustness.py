"""Domain by domain: what gray, noisy, blurred and aged pictures cost."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.metrics.intervals import (
    bootstrap_interval,
    bootstrap_mean_interval,
    wilson_interval,
)
from emotion_pipeline.metrics.robustness import (
    corruption_scores,
    mean_corrupted_score,
    relative_corrupted_score,
    severities,
)
from emotion_pipeline.metrics.significance import exact_mcnemar
from emotion_pipeline.reports.base import ModelResult

MEAN_CORRUPTED, RELATIVE_CORRUPTED = "mPC", "rPC"

DOMAIN_SCORES = (
    *("recipe", "label_space", "domain", "n"),
    *("accuracy_score", "accuracy_score_low", "accuracy_score_high"),
)
ROBUSTNESS = (
    *("recipe", "label_space", "measure", "severities", "n"),
    *("score", "score_low", "score_high"),
)


def domain_table(models: list[ModelResult]) -> pd.DataFrame:
    """Test accuracy with its Wilson interval, one row per model and domain."""
    rows = [_domain_row(model, domain) for model in models for domain in model.domains]
    return pd.DataFrame(rows, columns=list(DOMAIN_SCORES))


def _domain_row(model: ModelResult, domain: str) -> dict[str, Any]:
    right = model.right(model.rows(domain=domain))
    low, high = wilson_interval(int(right.sum()), len(right))
    return {
        "recipe": model.recipe,
        "label_space": model.label_space,
        "domain": domain,
        "n": len(right),
        "accuracy_score": float(right.mean()) if len(right) else np.nan,
        "accuracy_score_low": float(low),
        "accuracy_score_high": float(high),
    }


def robustness_table(models: list[ModelResult]) -> pd.DataFrame:
    """Accuracy per corruption (mean over severities), mPC and rPC with bootstrap intervals.

    `measure` is a corruption, `mPC` or `rPC`. Pictures that are missing in a domain are left out of
    all, so that every number of a model is over the same n pictures. Models that were tested on no
    corruption have no rows here.
    """
    rows = [row for model in models for row in _robustness_rows(model)]
    return pd.DataFrame(rows, columns=list(ROBUSTNESS))


def _right_by_domain(model: ModelResult, domains: tuple[str, ...]) -> pd.DataFrame:
    """One row per picture that is in all domains, 1.0 where the prediction is right."""
    columns = {}
    for domain in domains:
        rows = model.rows(domain=domain)
        columns[domain] = pd.Series(model.right(rows).astype(float), index=rows["sample_id"])
    return pd.DataFrame(columns).dropna()


def _robustness_rows(model: ModelResult) -> list[dict[str, Any]]:
    found = severities(model.domains)
    right = _right_by_domain(model, model.domains)
    if not found or right.empty:
        return []

    def measures(drawn: np.ndarray) -> np.ndarray:
        accuracies = drawn @ right.to_numpy() / len(right)
        scores = dict(zip(right.columns, accuracies.T, strict=True))
        means = corruption_scores(scores)
        return np.column_stack(
            [*means.values(), mean_corrupted_score(scores), relative_corrupted_score(scores)]
        )

    ones = np.ones(len(right), dtype=np.int64)
    low, high = bootstrap_interval(ones, measures)
    everything = tuple(sorted({severity for some in found.values() for severity in some}))
    used = {**found, MEAN_CORRUPTED: everything, RELATIVE_CORRUPTED: everything}
    return [
        {
            "recipe": model.recipe,
            "label_space": model.label_space,
            "measure": name,
            "severities": " ".join(map(str, used[name])),
            "n": len(right),
            "score": score,
            "score_low": score_low,
            "score_high": score_high,
        }
        for name, score, score_low, score_high in zip(
            used, measures(ones[None])[0], low, high, strict=True
        )
    ]


def gray_against_original(model: ModelResult) -> dict[str, float] | None:
    """Accuracy on gray minus accuracy on original pictures, paired; None without gray pictures."""
    if GRAYSCALE not in model.domains:
        return None
    right = _right_by_domain(model, (ORIGINAL, GRAYSCALE)).to_numpy()
    low, high = bootstrap_mean_interval(right[:, 1] - right[:, 0])
    return {
        "n": len(right),
        "original": float(right[:, 0].mean()),
        "gray": float(right[:, 1].mean()),
        "difference": float((right[:, 1] - right[:, 0]).mean()),
        "difference_low": float(low),
        "difference_high": float(high),
        "p_value": exact_mcnemar(right[:, 1] == 1, right[:, 0] == 1).p_value,
    }
