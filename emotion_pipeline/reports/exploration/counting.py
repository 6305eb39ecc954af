"""Counting rows by what their columns hold. A missing value is a value of its own here."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.parts.sections import SHARE
from emotion_pipeline.schema import SPLITS

MISSING = "none given"


def named(values: pd.Series) -> pd.Series:
    """The values as text, `MISSING` where there is none."""
    return values.astype("str").where(values.notna(), MISSING)


def levels(values: pd.Series, known: Sequence[str] = ()) -> list[str]:
    """The known values in their order, then what else occurs, sorted; `MISSING` last."""
    found = {str(value) for value in values.dropna().unique()} - set(known)
    return [*known, *sorted(found), *([MISSING] if values.isna().any() else [])]


def occurring(values: pd.Series, known: Sequence[str] = ()) -> list[str]:
    """The same without known values that do not occur."""
    found = {str(value) for value in values.unique()} | {MISSING}
    return [level for level in levels(values, known) if level in found]


def splits_of(samples: pd.DataFrame) -> list[str]:
    """The splits of the rows: train, validation and test first; those without rows left out."""
    return occurring(samples["split"], SPLITS)


def emotions_of(explored: Explored) -> list[str]:
    """The emotions that may occur, then what occurs nevertheless."""
    return levels(explored.samples["emotion"], explored.emotions)


def by_split(samples: pd.DataFrame, column: str, rows: Sequence[str]) -> pd.DataFrame:
    """One row per value of a column: `<column>`, a count per split and `all`; beside each of them
    its `_share` of the column's sum.
    """
    counts = pd.crosstab(named(samples[column]), named(samples["split"]))
    counts = counts.reindex(index=list(rows), columns=splits_of(samples), fill_value=0)
    counts["all"] = counts.sum(axis=1)
    columns: dict[str, object] = {column: counts.index.astype(str)}
    for split in counts:
        n = counts[split].to_numpy(np.int64)
        columns |= {split: n, f"{split}{SHARE}": n / (n.sum() or np.nan)}
    return pd.DataFrame(columns)


def distribution(counts: pd.Series, name: str) -> pd.DataFrame:
    """Counts with their index as a first column: `<name>`, `n`, `share`."""
    n = counts.to_numpy(np.int64)
    shares = n / (n.sum() or np.nan)
    return pd.DataFrame({name: counts.index.astype(str), "n": n, "share": shares})


def frequencies(values: pd.Series, name: str) -> pd.DataFrame:
    """One row per value, most frequent first: `<name>`, `n`, `share`."""
    counts = named(values).value_counts().sort_index()
    return distribution(counts.sort_values(ascending=False, kind="stable"), name)


def share(n: int, of: int) -> float:
    """NaN where there is nothing to have a share of."""
    return n / of if of else float("nan")
