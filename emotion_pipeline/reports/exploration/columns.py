"""Every column of the table: what it is called, what it holds, what is missing."""

import numpy as np
import pandas as pd

from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.sections import Section, Shown


def section(explored: Explored) -> Section:
    """One table."""
    caption = f"Columns of samples/{explored.name}, without the picture itself and its digests."
    shown = Shown("columns", caption, column_table(explored.samples))
    return Section.of("Columns", tables=[shown])


def column_table(samples: pd.DataFrame) -> pd.DataFrame:
    """One row per column: column, type, missing, missing_share, distinct, lowest, highest."""
    rows = [_column(samples[name]) for name in samples]
    names = ["column", "type", "missing", "missing_share", "distinct", "lowest", "highest"]
    return pd.DataFrame(rows, columns=names)


def _column(values: pd.Series) -> dict[str, object]:
    known = values.dropna()
    plain = len(known) > 0 and pd.api.types.is_scalar(known.iloc[0])
    return {
        "column": str(values.name),
        "type": str(values.dtype),
        "missing": len(values) - len(known),
        "missing_share": (len(values) - len(known)) / (len(values) or float("nan")),
        "distinct": float(known.nunique()) if plain else float("nan"),
        "lowest": _text(known.min()) if plain else page.NOTHING,
        "highest": _text(known.max()) if plain else page.NOTHING,
    }


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
