"""How near each model comes to the votes of people, on clear and on disputed pictures."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.metrics import votes
from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.calibration.numbers import Found
from emotion_pipeline.reports.parts.resampled import Measure, mean_of, over_seeds, with_intervals

JSD = "jensen_shannon_error"
_MEANS = (JSD, "soft_accuracy_score", "top_two_score", "vote_brier_loss")
_NAMES = (*_MEANS, "entropy_correlation")
_DISPUTED = ("accuracy_score", JSD)
LEVELS = ("clear", "between", "disputed")


VOTES = (
    *("recipe", "seed", "n", *with_intervals("accuracy_score", *_MEANS), "n_clear_pairs"),
    *with_intervals("entropy_correlation"),
    "n_seeds",
    *(f"{name}_{part}" for name in _NAMES for part in ("mean", "sd")),
)
DISPUTED = (
    *("recipe", "votes", "n", "lowest_entropy_bits", "highest_entropy_bits"),
    *with_intervals(*_DISPUTED),
)


def voted(models: list[ModelResult]) -> list[ModelResult]:
    """The models with votes on some test rows."""
    return [model for model in models if _voted_rows(model).any()]


def _voted_rows(model: ModelResult) -> np.ndarray:
    """Which original test rows have votes, as `ModelResult.votes` takes them."""
    shares = model.rows()[[f"share_{emotion}" for emotion in EMOTIONS]]
    return shares.notna().all(axis=1).to_numpy()


def _measure(key: tuple[str, ...], shares: np.ndarray, p: np.ndarray) -> Measure:
    """All of `_NAMES`, of vote shares and probabilities (n, 8)."""
    means = mean_of(
        np.column_stack(
            [
                votes.jensen_shannon_error(shares, p),
                votes.soft_accuracy_score(shares, p),
                votes.top_two_agreement(shares, p),
                votes.squared_errors(shares, p),
            ]
        )
    )
    doubts = votes.entropies(p), votes.entropies(shares)

    def statistic(weights: np.ndarray) -> np.ndarray:
        correlation = votes.rank_correlation(weights, *doubts)
        return np.concatenate([means(weights), correlation[..., None]], axis=-1)

    return Measure(key, _NAMES, len(p), statistic)


def measures(model: ModelResult) -> list[Measure]:
    """Of the shown seed on all voted test rows, and on each third of them by how disputed it is."""
    rows = model.rows()
    shares, p = model.votes(rows)
    values = np.column_stack(
        [model.right(rows)[_voted_rows(model)], votes.jensen_shannon_error(shares, p)]
    )
    found = [_measure((model.recipe, "votes"), shares, p)]
    for level, members in _thirds(shares).items():
        key = (model.recipe, "disputed", level)
        found.append(Measure(key, _DISPUTED, int(members.sum()), mean_of(values[members])))
    return found


def _thirds(shares: np.ndarray) -> dict[str, np.ndarray]:
    """Rows (n,) bool of each level; equal entropies stay together, so that thirds are not exact."""
    doubt = votes.entropies(shares)
    third = np.searchsorted(np.quantile(doubt, [1 / 3, 2 / 3]), doubt)
    return {
        level: third == number for number, level in enumerate(LEVELS) if (third == number).any()
    }


def vote_table(models: list[ModelResult], found: Found) -> pd.DataFrame:
    """One row per model of `voted`, columns `VOTES`; `found` answers `measures` of all of them."""
    return pd.DataFrame([_row(model, found) for model in models], columns=list(VOTES))


def _row(model: ModelResult, found: Found) -> dict[str, Any]:
    rows = model.rows()
    right = model.right(rows)[_voted_rows(model)]
    n_clear = int((~np.isnan(votes.top_two_agreement(*model.votes(rows)))).sum())
    return {
        "recipe": model.recipe,
        "seed": model.shown_seed,
        "n": len(right),
        **_accuracy(right),
        **found[model.recipe, "votes"],
        "n_clear_pairs": n_clear,
        "n_seeds": len(model.seeds),
        **_seed_spread(model),
    }


def _accuracy(right: np.ndarray) -> dict[str, float]:
    low, high = wilson_interval(int(right.sum()), len(right))
    return {
        "accuracy_score": float(right.mean()),
        "accuracy_score_low": float(low),
        "accuracy_score_high": float(high),
    }


def _seed_spread(model: ModelResult) -> dict[str, float]:
    pairs = [model.votes(model.rows(seed=seed)) for seed in model.seeds]
    return over_seeds(_measure((), *pair) for pair in pairs if len(pair[0]))


def disputed_table(models: list[ModelResult], found: Found) -> pd.DataFrame:
    """One row per model of `voted` and level, columns `DISPUTED`."""
    rows = [row for model in models for row in _levels(model, found)]
    return pd.DataFrame(rows, columns=list(DISPUTED))


def _levels(model: ModelResult, found: Found) -> list[dict[str, Any]]:
    rows = model.rows()
    right, (shares, _) = model.right(rows)[_voted_rows(model)], model.votes(rows)
    doubt = votes.entropies(shares)
    return [
        {
            "recipe": model.recipe,
            "votes": level,
            "n": int(members.sum()),
            "lowest_entropy_bits": float(doubt[members].min()),
            "highest_entropy_bits": float(doubt[members].max()),
            **found[model.recipe, "disputed", level],
            **_accuracy(right[members]),
        }
        for level, members in _thirds(shares).items()
    ]
