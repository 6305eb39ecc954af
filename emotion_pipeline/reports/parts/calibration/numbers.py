"""How sure each model is, and how right: the numbers, per model and per bin of confidence."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.metrics import calibration
from emotion_pipeline.metrics.calibration import Binned
from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.resampled import Measure, mean_of, over_seeds, with_intervals

OVER, UNDER, NEITHER = "too sure", "not sure enough", "as sure as right, within chance"

ECE = "expected_calibration_error"
GAP = "confidence_score_difference"
_MEANS = ("accuracy_score", "confidence_score", GAP, "brier_loss", "log_loss")
_ERRORS = (ECE, "equal_mass_calibration_error", "classwise_calibration_error")
_ALL = (*_MEANS, *_ERRORS, "maximum_calibration_error")

Found = dict[Hashable, dict[str, float]]


CALIBRATION = (
    *("recipe", "seed", "n", "reading"),
    *with_intervals(*_ALL),
    "by_chance_error",
    "n_seeds",
    *(f"{name}_{part}" for name in _ALL for part in ("mean", "sd")),
    *("leak_free_n", *with_intervals(f"leak_free_{ECE}")),
)
RELIABILITY = (
    *("recipe", "binning", "bin", "n", "confidence_score"),
    *with_intervals("accuracy_score"),
)
BINNINGS = {
    "equal width": calibration.equal_width_bins,
    "equal mass": calibration.equal_mass_bins,
}


@dataclass(frozen=True, eq=False)
class Judged:
    """Predictions as the measures take them: probabilities (n, c), the true classes (n,) int, and
    of the predicted class its probability and whether it is right, (n,)."""

    probabilities: np.ndarray
    truth: np.ndarray
    confidences: np.ndarray
    right: np.ndarray

    @classmethod
    def of(cls, model: ModelResult, rows: pd.DataFrame) -> "Judged":
        """Rows of a model's predictions."""
        truth = pd.Categorical(rows["emotion"], categories=list(model.emotions)).codes
        return cls.from_arrays(model.probabilities(rows), truth.astype(np.int64))

    @classmethod
    def from_arrays(cls, probabilities: np.ndarray, truth: np.ndarray) -> "Judged":
        right = probabilities.argmax(axis=1) == truth
        return cls(probabilities, truth, probabilities.max(axis=1), right)

    @property
    def n(self) -> int:
        return len(self.truth)


def _measure(key: Hashable, judged: Judged) -> Measure:
    """All of `_ALL`."""
    one = judged
    gap = one.confidences - one.right
    brier = calibration.brier_errors(one.probabilities, one.truth)
    loss = calibration.log_losses(one.probabilities, one.truth)
    means = mean_of(np.column_stack([one.right, one.confidences, gap, brier, loss]))
    width = Binned.of(one.confidences, one.right)
    mass = Binned.of(one.confidences, one.right, calibration.equal_mass_bins)
    classes = calibration.classwise(one.probabilities, one.truth)

    def statistic(weights: np.ndarray) -> np.ndarray:
        errors = [
            width.expected_error(weights),
            mass.expected_error(weights),
            calibration.classwise_error(weights, classes),
            width.maximum_error(weights),
        ]
        return np.concatenate([means(weights), np.stack(errors, axis=-1)], axis=-1)

    return Measure(key, _ALL, one.n, statistic)


def measures(model: ModelResult) -> list[Measure]:
    """Of the shown seed on the original test rows, and without those seen in training."""
    rows = model.rows()
    unseen = Judged.of(model, rows[~rows["seen_in_training"].to_numpy(bool)])
    leak_free = Binned.of(unseen.confidences, unseen.right).expected_error
    return [
        _measure((model.recipe, "calibration"), Judged.of(model, rows)),
        Measure((model.recipe, "leak-free"), (f"leak_free_{ECE}",), unseen.n, leak_free),
    ]


def calibration_table(models: list[ModelResult], found: Found) -> pd.DataFrame:
    """One row per model, columns `CALIBRATION`; `found` answers `measures` of all of them."""
    return pd.DataFrame([_row(model, found) for model in models], columns=list(CALIBRATION))


def _row(model: ModelResult, found: Found) -> dict[str, Any]:
    judged = Judged.of(model, model.rows())
    numbers = found[model.recipe, "calibration"]
    low, high = wilson_interval(int(judged.right.sum()), judged.n)
    return {
        "recipe": model.recipe,
        "seed": model.shown_seed,
        "n": judged.n,
        "reading": reading(numbers),
        **numbers,
        "accuracy_score_low": float(low),
        "accuracy_score_high": float(high),
        "by_chance_error": calibration.error_by_chance(judged.confidences),
        "n_seeds": len(model.seeds),
        **_seed_spread(model),
        "leak_free_n": int((~model.rows()["seen_in_training"].to_numpy(bool)).sum()),
        **found[model.recipe, "leak-free"],
    }


def _seed_spread(model: ModelResult) -> dict[str, float]:
    tests = [Judged.of(model, model.rows(seed=seed)) for seed in model.seeds]
    return over_seeds(_measure("", one) for one in tests if one.n)


def reading(numbers: dict[str, float]) -> str:
    """Whether a model is surer than it is right, in words, by the interval of the difference."""
    if numbers[f"{GAP}_low"] > 0:
        return OVER
    return UNDER if numbers[f"{GAP}_high"] < 0 else NEITHER


def reliability_table(models: list[ModelResult]) -> pd.DataFrame:
    """One row per model, binning and bin that has rows, columns `RELIABILITY`; bins from 1."""
    tables = [
        _bins(model.recipe, name, Judged.of(model, model.rows()))
        for model in models
        for name in BINNINGS
    ]
    return pd.concat(tables, ignore_index=True)


def _bins(recipe: str, binning: str, judged: Judged) -> pd.DataFrame:
    bins = BINNINGS[binning](judged.confidences)
    n, n_right, sure = (
        np.bincount(bins, weights, calibration.N_BINS)
        for weights in (np.ones(judged.n), judged.right, judged.confidences)
    )
    low, high = wilson_interval(n_right, n)
    columns = {
        "recipe": recipe,
        "binning": binning,
        "bin": np.arange(1, calibration.N_BINS + 1),
        "n": n.astype(np.int64),
        "confidence_score": sure / np.maximum(n, 1),
        "accuracy_score": n_right / np.maximum(n, 1),
        "accuracy_score_low": low,
        "accuracy_score_high": high,
    }
    return pd.DataFrame(columns, columns=list(RELIABILITY))[n > 0]
