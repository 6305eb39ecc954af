"""Whether models stay calibrated on gray, noisy, blurred and aged pictures."""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.domains import DEGRADED, Degradation
from emotion_pipeline.metrics.calibration import Binned
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.calibration.numbers import ECE, GAP, Found, Judged, reading
from emotion_pipeline.reports.parts.resampled import Measure, with_intervals

_NAMES = (ECE, GAP)
DOMAINS = (
    *("recipe", "domain", "severities", "n"),
    *with_intervals(*_NAMES),
    "reading",
)


def families(model: ModelResult) -> dict[str, list[str]]:
    """The domains of a model by family: a corruption with its severities, or a domain alone."""
    found: dict[str, list[str]] = {}
    for domain in model.domains:
        family = Degradation.parse(domain).corruption if domain in DEGRADED else domain
        found.setdefault(family, []).append(domain)
    return {family: sorted(domains) for family, domains in found.items()}


def measures(model: ModelResult) -> list[Measure]:
    """Of the shown seed, per family: means over the severities that are there."""
    return [_measure(model, family, domains) for family, domains in families(model).items()]


def _measure(model: ModelResult, family: str, domains: list[str]) -> Measure:
    tables = _aligned(model, domains)
    judged = [Judged.of(model, table) for table in tables]
    binned = [Binned.of(one.confidences, one.right) for one in judged]
    gap = np.mean([one.confidences - one.right for one in judged], axis=0)

    def statistic(weights: np.ndarray) -> np.ndarray:
        error = np.mean([one.expected_error(weights) for one in binned], axis=0)
        difference = weights @ gap.astype(weights.dtype) / weights.sum(axis=-1)
        return np.stack([error, difference], axis=-1)

    return Measure((model.recipe, "domain", family), _NAMES, len(tables[0]), statistic)


def _aligned(model: ModelResult, domains: list[str]) -> list[pd.DataFrame]:
    """The rows of each domain in one order; pictures that one of them lacks are left out of all."""
    if len(domains) == 1:
        return [model.rows(domain=domains[0])]
    tables = [model.rows(domain=one).set_index("sample_id") for one in domains]
    common = tables[0].index
    for table in tables[1:]:
        common = common.intersection(table.index, sort=False)
    return [table.loc[common] for table in tables]


def domain_table(models: list[ModelResult], found: Found) -> pd.DataFrame:
    """One row per model and family, columns `DOMAINS`; `found` answers `measures` of all."""
    rows = [
        _row(model, family, domains, found)
        for model in models
        for family, domains in families(model).items()
    ]
    return pd.DataFrame(rows, columns=list(DOMAINS))


def _row(model: ModelResult, family: str, domains: list[str], found: Found) -> dict[str, Any]:
    numbers = found[model.recipe, "domain", family]
    levels = [str(Degradation.parse(one).severity) for one in domains if one in DEGRADED]
    return {
        "recipe": model.recipe,
        "domain": family,
        "severities": " ".join(levels),
        "n": len(_aligned(model, domains)[0]),
        **numbers,
        "reading": reading(numbers),
    }
