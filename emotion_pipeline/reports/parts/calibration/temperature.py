"""What one temperature, fitted on the validation rows alone, would change on the test rows."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.calibration import (
    Binned,
    fit_temperature,
    log_losses,
    with_temperature,
)
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.calibration.numbers import ECE, Found, Judged
from emotion_pipeline.reports.parts.resampled import Measure, mean_of, with_intervals

HELPS, HARMS, NEITHER = "it would help", "it would harm", "no difference that matters"
LEAST_CHANGE = 0.001  # of log loss, in nats: pairs of rows make smaller ones certain

_NAMES = (
    *("log_loss", "after_log_loss", "log_loss_difference"),
    *(ECE, f"after_{ECE}", f"{ECE}_difference"),
)
TEMPERATURE = (
    *("recipe", "reading", "validation_n", "temperature", "n"),
    *with_intervals(*_NAMES),
)


def fitted(model: ModelResult) -> float | None:
    """The temperature of the shown seed; None without validation rows."""
    judged = Judged.of(model, model.rows("validation"))
    return fit_temperature(judged.probabilities, judged.truth) if judged.n else None


def measures(model: ModelResult, temperature: float | None) -> list[Measure]:
    """Before, after, and the difference on the same resampled rows; none without temperature."""
    if temperature is None:
        return []
    before = Judged.of(model, model.rows())
    after = Judged.from_arrays(with_temperature(before.probabilities, temperature), before.truth)
    losses = [log_losses(one.probabilities, one.truth) for one in (before, after)]
    means = mean_of(np.column_stack([*losses, losses[1] - losses[0]]))
    binned = [Binned.of(one.confidences, one.right) for one in (before, after)]

    def statistic(weights: np.ndarray) -> np.ndarray:
        cold, warm = (one.expected_error(weights) for one in binned)
        errors = np.stack([cold, warm, warm - cold], axis=-1)
        return np.concatenate([means(weights), errors], axis=-1)

    return [Measure((model.recipe, "temperature"), _NAMES, before.n, statistic)]


def temperature_table(
    models: list[ModelResult], temperatures: dict[str, float | None], found: Found
) -> pd.DataFrame:
    """One row per model with validation rows, columns `TEMPERATURE`."""
    rows = [
        _row(model, temperature, found[model.recipe, "temperature"])
        for model in models
        if (temperature := temperatures[model.recipe]) is not None
    ]
    return pd.DataFrame(rows, columns=list(TEMPERATURE))


def _row(model: ModelResult, temperature: float, numbers: dict[str, float]) -> dict[str, Any]:
    return {
        "recipe": model.recipe,
        "validation_n": len(model.rows("validation")),
        "temperature": temperature,
        "n": len(model.rows()),
        **numbers,
        "reading": _reading(numbers),
    }


def _reading(numbers: dict[str, float]) -> str:
    if numbers["log_loss_difference_high"] < -LEAST_CHANGE:
        return HELPS
    return HARMS if numbers["log_loss_difference_low"] > LEAST_CHANGE else NEITHER
