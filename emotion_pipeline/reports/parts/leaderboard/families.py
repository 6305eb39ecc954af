"""Accuracy by family of domains: original, gray, and every corruption over its severities."""

import numpy as np
import pandas as pd

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL, Degradation
from emotion_pipeline.metrics.intervals import bootstrap_mean_interval
from emotion_pipeline.metrics.robustness import severities
from emotion_pipeline.reports.base import ModelResult


def families_table(models: list[ModelResult]) -> pd.DataFrame:
    """One row per model: n, and `<family>_score` with its interval, NaN where it was not tested.

    A corruption's score is the mean over its severities. All scores of a model are over the same n
    pictures, those that it was given in every domain. Models that know the original domain alone
    are left out.
    """
    rows = [_row(model) for model in models if len(model.domains) > 1]
    return pd.DataFrame(rows, columns=_columns(rows))


def _columns(rows: list[dict[str, float | str]]) -> list[str]:
    """All columns that any row has, in the order of the richest row."""
    ordered = sorted(rows, key=len, reverse=True)
    return list(dict.fromkeys(name for row in ordered for name in row)) or ["recipe", "n"]


def _row(model: ModelResult) -> dict[str, float | str]:
    right = _right_by_domain(model)
    members = _members(model.domains)
    values = np.column_stack([right[list(domains)].mean(axis=1) for domains in members.values()])
    low, high = bootstrap_mean_interval(values)
    row: dict[str, float | str] = {"recipe": model.recipe, "n": len(values)}
    for number, family in enumerate(members):
        row[f"{family}_score"] = float(values[:, number].mean()) if len(values) else np.nan
        row[f"{family}_score_low"] = float(low[number])
        row[f"{family}_score_high"] = float(high[number])
    return row


def _right_by_domain(model: ModelResult) -> pd.DataFrame:
    """One row per picture that is in all domains, 1.0 where the shown seed is right."""
    columns = {}
    for domain in model.domains:
        rows = model.rows(domain=domain)
        columns[domain] = pd.Series(model.right(rows).astype(float), index=rows["sample_id"])
    return pd.DataFrame(columns).dropna()


def _members(domains: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The domains of each family."""
    corrupted = {
        corruption: tuple(Degradation(corruption, level).key for level in levels)
        for corruption, levels in severities(domains).items()
    }
    plain = {one: (one,) for one in (ORIGINAL, GRAYSCALE) if one in domains}
    return plain | corrupted
