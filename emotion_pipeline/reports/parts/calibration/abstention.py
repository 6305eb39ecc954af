"""How right models are on the pictures that they are surest of."""

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.abstention import Ranked
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.calibration.numbers import Found, Judged
from emotion_pipeline.reports.parts.resampled import Measure, with_intervals

COVERAGES = (100, 90, 80, 70, 50)

AREA = "area_under_risk_error"
_NAMES = (*(f"at_{one}_score" for one in COVERAGES), AREA)
ABSTENTION = (
    "recipe",
    "n",
    *with_intervals(*_NAMES),
)


def ranked(model: ModelResult) -> Ranked:
    """The original test rows of the shown seed."""
    judged = Judged.of(model, model.rows())
    return Ranked.of(judged.confidences, judged.right)


def measures(model: ModelResult) -> list[Measure]:
    """Accuracy at each coverage, and the area under the risk-coverage curve."""
    rows = ranked(model)

    def statistic(weights: np.ndarray) -> np.ndarray:
        return np.roll(rows.area_and_accuracies(weights, COVERAGES), -1, axis=-1)

    return [Measure((model.recipe, "abstention"), _NAMES, len(rows.order), statistic)]


def abstention_table(models: list[ModelResult], found: Found) -> pd.DataFrame:
    """One row per model, columns `ABSTENTION`; `found` answers `measures` of all of them."""
    rows = [
        {"recipe": model.recipe, "n": len(model.rows()), **found[model.recipe, "abstention"]}
        for model in models
    ]
    return pd.DataFrame(rows, columns=list(ABSTENTION))
