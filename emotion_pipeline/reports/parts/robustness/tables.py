"""The tables of the robustness report, all of the models of one group, in its order."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.metrics.significance import exact_mcnemar, holm_adjusted
from emotion_pipeline.reports.parts.robustness import numbers as robustness
from emotion_pipeline.reports.parts.robustness.numbers import (
    ACCURACY,
    CHANGE,
    DEGRADED,
    FLIPS,
    RIGHT_TO_WRONG,
    UNSEEN,
    Robustness,
    over_seeds,
)
from emotion_pipeline.reports.parts.robustness.trained_on import (
    trained_corruptions,
    training_domains,
)

OLD_PHOTO = "old_photo"
ALPHA = 0.05


def by_domain(models: list[Robustness]) -> pd.DataFrame:
    """One row per model and domain: accuracy, its change, and flips, against the original pictures.

    `n_lost` were right on the original picture only, `n_gained` on the other one only: exact
    McNemar, adjusted after Holm over the domains of a model.
    """
    return pd.concat([_domains(one) for one in models], ignore_index=True)


def _domains(one: Robustness) -> pd.DataFrame:
    rows = pd.DataFrame([_domain(one, domain) for domain in one.outcomes.domains])
    compared = rows["p_value"].notna().to_numpy()
    holm = np.full(len(rows), np.nan)
    holm[compared] = holm_adjusted(rows.loc[compared, "p_value"].to_numpy(np.float64))
    return rows.assign(p_value_holm=holm)


def _domain(one: Robustness, domain: str) -> dict[str, Any]:
    before, after = (one.outcomes.right[:, one.outcomes.on(name)] for name in (ORIGINAL, domain))
    result = exact_mcnemar(before, after)
    return {
        "recipe": one.model.recipe,
        "domain": domain,
        "trained_on": domain in training_domains(one.model),
        "n": one.n,
        **one.get(ACCURACY, domain).columns("accuracy_score"),
        **one.get(CHANGE, domain).columns("accuracy_score_difference"),
        "n_lost": result.n_only_first,
        "n_gained": result.n_only_second,
        **one.get(FLIPS, domain).columns("flip_rate"),
        **one.get(RIGHT_TO_WRONG, domain).columns("right_to_wrong_rate"),
        "p_value": np.nan if domain == ORIGINAL else result.p_value,
    }


def side_by_side(models: list[Robustness], domains: pd.DataFrame) -> pd.DataFrame:
    """One row per model: original, grayscale, degraded and aged pictures, and what they cost.

    `domains` are the rows of `by_domain`; `n_domains_worse` are those that cost significantly.
    """
    rows = [_beside(one, domains[domains["recipe"] == one.model.recipe]) for one in models]
    return _without_empty(rows)


def _beside(one: Robustness, domains: pd.DataFrame) -> dict[str, Any]:
    gray = domains.loc[domains["domain"] == GRAYSCALE, "p_value_holm"].tolist()
    worse = (domains["p_value_holm"] < ALPHA) & (domains["accuracy_score_difference"] < 0)
    row: dict[str, Any] = {
        "recipe": one.model.recipe,
        "n": one.n,
        **one.get(ACCURACY, ORIGINAL).columns("original_score"),
    }
    for name, short in ((GRAYSCALE, "gray"), (DEGRADED, DEGRADED), (OLD_PHOTO, OLD_PHOTO)):
        row |= one.get(ACCURACY, name).columns(f"{short}_score")
        row |= one.get(CHANGE, name).columns(f"{short}_score_difference")
    return {
        **row,
        "p_value_gray": gray[0] if gray else np.nan,
        "domains_worse": f"{int(worse.sum())} of {len(domains) - 1}",
    }


def losses(models: list[Robustness]) -> pd.DataFrame:
    """One row per model that was tested on corruptions: mPC, rPC, mCE and flips."""
    return _without_empty([_loss(one) for one in models if one.severities])


def _loss(one: Robustness) -> dict[str, Any]:
    scores = [seed[DEGRADED] for seed in over_seeds(one)]
    return {
        "recipe": one.model.recipe,
        "n": one.n,
        "n_corruptions": len(one.severities),
        **one.get(ACCURACY, DEGRADED).columns("mPC_score"),
        **spread("mPC_score", scores),
        **one.get(ACCURACY, UNSEEN).columns("unseen_mPC_score"),
        **one.get(robustness.RELATIVE).columns("rPC_score"),
        **one.get(robustness.ERROR).columns("mCE_rate"),
        **one.get(robustness.RELATIVE_ERROR).columns("relative_mCE_rate"),
        **one.get(FLIPS, DEGRADED).columns("flip_rate"),
        **one.get(RIGHT_TO_WRONG, DEGRADED).columns("right_to_wrong_rate"),
    }


def spread(name: str, scores: list[float]) -> dict[str, float]:
    """Mean over the seeds and, of two and more, their standard deviation, as columns."""
    return {
        f"{name}_mean": float(np.mean(scores)) if scores else np.nan,
        f"{name}_sd": float(np.std(scores, ddof=1)) if len(scores) > 1 else np.nan,
    }


def by_corruption(
    models: list[Robustness], measure: str, end: str, *, trained: bool
) -> pd.DataFrame:
    """One row per model, one column per corruption: a measure's mean over severities.

    Of the corruptions that a model was trained on, or of the others; `end` ends the columns' names.
    Models and corruptions without a number are left out.
    """
    rows = []
    for one in models:
        seen = trained_corruptions(one.model)
        chosen = [name for name in one.severities if (name in seen) == trained]
        numbers = {
            column: value
            for name in chosen
            for column, value in one.get(measure, name).columns(f"{name}{end}").items()
        }
        if numbers:
            rows.append({"recipe": one.model.recipe, "n": one.n, **numbers})
    return pd.DataFrame(rows)


def _without_empty(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A table without the columns in which no model has a number."""
    return pd.DataFrame(rows).dropna(axis="columns", how="all")
