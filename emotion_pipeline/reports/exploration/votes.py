"""What taggers voted, and why some rows have no majority."""

import numpy as np
import pandas as pd

from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.exploration.counting import by_split, distribution, levels
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.sections import Section, Shown

PREFIX = "votes_"


def section(explored: Explored) -> Section | None:
    """None for a dataset without votes."""
    samples = explored.samples
    votes = [column for column in samples if column.startswith(PREFIX)]
    if not votes:
        return None
    tables = [
        Shown("votes_per_row", "Rows by the number of their votes.", per_row(samples[votes])),
        Shown("votes_by_class", "All votes by what they were for.", by_class(samples[votes])),
    ]
    lines = []
    if "undecided" in samples:
        open_rows = samples[samples["undecided"].notna()]
        table = by_split(open_rows, "undecided", levels(open_rows["undecided"]))
        caption = "Rows without a majority, by reason and split; below a count its share."
        tables.insert(0, Shown("undecided", caption, table))
        rate = page.percent(len(open_rows) / len(samples)) if len(samples) else page.NOTHING
        lines.append(f"{len(open_rows):,} of {len(samples):,} rows ({rate} %) have no majority.")
    return Section.of("Votes", *lines, tables=tables)


def per_row(votes: pd.DataFrame) -> pd.DataFrame:
    """One row per number of votes that a row may have: votes, n, share."""
    counts = votes.sum(axis=1).astype(np.int64).value_counts().sort_index()
    return distribution(counts, "votes")


def by_class(votes: pd.DataFrame) -> pd.DataFrame:
    """One row per class: class, n, share."""
    sums = votes.sum().astype(np.int64).rename(lambda column: column.removeprefix(PREFIX))
    return distribution(sums, "class")
