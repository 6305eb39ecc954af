"""Who is shown and how: persons, takes, genders, angles, sessions, and the holes between them."""

from collections.abc import Iterable

import pandas as pd

from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.exploration.counting import (
    by_split,
    emotions_of,
    named,
    occurring,
    splits_of,
)
from emotion_pipeline.reports.parts.sections import Section, Shown

# Rows that share one of these belong together: they may not stand in two splits.
GROUPS = {"person_id": "persons", "take_id": "takes"}
CONDITIONS = ("gender", "angle", "session", "annotation")
POSED = ("gender", "angle")
ANGLES = ("full_left", "half_left", "straight", "half_right", "full_right")


def section(explored: Explored) -> Section | None:
    """None for a dataset that says nothing about its persons and conditions."""
    samples = explored.samples
    groups = _given(samples, GROUPS)
    conditions = _given(samples, CONDITIONS)
    if not groups and not conditions:
        return None
    tables = [
        Shown(
            f"coverage_{column}",
            f"{explored.noun.capitalize()} by {column} and split; below a count its share.",
            by_split(samples, column, _levels(samples, column)),
            mark_zeros=True,
        )
        for column in conditions
    ]
    if groups:
        caption = "How many there are, and how many pictures there are of each."
        tables.insert(0, Shown("coverage_groups", caption, group_table(samples)))
    posed = [column for column in conditions if column in POSED]
    if posed and explored.emotions:
        by = ", ".join(posed)
        caption = f"{explored.noun.capitalize()} by {by} and emotion; zeros are holes."
        table = combinations(explored, posed)
        tables.append(Shown("coverage_emotion", caption, table, mark_zeros=True))
    lines = [_kept_apart(samples, column) for column in groups]
    return Section.of("People and conditions", *lines, tables=tables)


def in_two_splits(samples: pd.DataFrame, column: str) -> int:
    """How many values of a column (missing ones aside) occur in more than one split."""
    known = samples[samples[column].notna()]
    return int((known.groupby(column)["split"].nunique() > 1).sum())


def group_table(samples: pd.DataFrame) -> pd.DataFrame:
    """One row per kind of group and split, and one for all: n, pictures of each, smallest first."""
    rows = []
    for column, name in GROUPS.items():
        if column not in samples:
            continue
        splits = named(samples["split"])
        parts = {split: samples.loc[splits == split, column] for split in splits_of(samples)}
        for split, values in (parts | {"all": samples[column]}).items():
            sizes = values.value_counts()
            rows.append(
                {
                    "groups": name,
                    "split": split,
                    "n": len(sizes),
                    "pictures_min": int(sizes.min()) if len(sizes) else 0,
                    "pictures_median": float(sizes.median()),
                    "pictures_max": int(sizes.max()) if len(sizes) else 0,
                    "pictures_without": int(values.isna().sum()),
                }
            )
    return pd.DataFrame(rows)


def combinations(explored: Explored, columns: list[str]) -> pd.DataFrame:
    """One row per combination of the columns' values, one column of counts per emotion."""
    samples, emotions = explored.samples, emotions_of(explored)
    counts = pd.crosstab([named(samples[column]) for column in columns], named(samples["emotion"]))
    rows = pd.MultiIndex.from_product(
        [_levels(samples, column) for column in columns], names=columns
    )
    index = rows if len(columns) > 1 else rows.get_level_values(0)
    return counts.reindex(index=index, columns=emotions, fill_value=0).reset_index()


def _levels(samples: pd.DataFrame, column: str) -> list[str]:
    return occurring(samples[column], ANGLES if column == "angle" else ())


def _given(samples: pd.DataFrame, columns: Iterable[str]) -> list[str]:
    """Those of the columns that the dataset has; a published layout may leave one wholly null."""
    there = [column for column in columns if column in samples]
    return [column for column in there if samples.empty or samples[column].notna().any()]


def _kept_apart(samples: pd.DataFrame, column: str) -> str:
    name, n = GROUPS[column], in_two_splits(samples, column)
    if n:
        return f"{n:,} {name} stand in more than one split: a model is tested on {name} it knows."
    return f"No {name} stand in more than one split, as it must be."
