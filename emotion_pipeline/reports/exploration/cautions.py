"""What somebody has to know before using the dataset, in sentences."""

from collections.abc import Iterator

from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.exploration.contents import class_counts, completeness
from emotion_pipeline.reports.exploration.copies import copies
from emotion_pipeline.reports.exploration.counting import MISSING, share, splits_of
from emotion_pipeline.reports.exploration.coverage import GROUPS, in_two_splits
from emotion_pipeline.reports.parts import page

RARE = 0.01
MANY_REJECTS = 0.01


def cautions(explored: Explored) -> list[str]:
    """The most serious first; empty where there is nothing to say."""
    return [
        *explored.failed_checks,
        *_amount(explored),
        *_across_splits(explored),
        *_classes(explored),
    ]


def _amount(explored: Explored) -> Iterator[str]:
    n, n_rejects = len(explored.samples), len(explored.rejects)
    published = explored.published_total
    if not n:
        yield "There is not one usable row."
    if published is not None and not explored.synthetic and not n <= published <= n + n_rejects:
        yield f"Not as published: {completeness(explored)}"
    if share(n_rejects, n + n_rejects) > MANY_REJECTS:
        rate, reason = share(n_rejects, n + n_rejects), explored.rejects["reason"].mode()[0]
        yield f"{page.percent(rate)} % are rejects, most often for the reason {reason}."


def _across_splits(explored: Explored) -> Iterator[str]:
    for column, name in GROUPS.items():
        if column in explored.samples and (n := in_two_splits(explored.samples, column)):
            yield f"{n:,} {name} stand in more than one split."
    found = copies(explored.duplicates)
    if found.n_groups_across_splits:
        yield (
            "Equal pictures stand in different splits; groups that do so:"
            f" {found.n_groups_across_splits:,}; pictures outside train that are also in train:"
            f" {found.n_seen_in_train:,}."
        )


def _classes(explored: Explored) -> Iterator[str]:
    if not explored.emotions or explored.samples.empty:
        return
    table = class_counts(explored).set_index("emotion").drop(index=MISSING, errors="ignore")
    for emotion, row in table.iterrows():
        empty = [split for split in splits_of(explored.samples) if not row[split]]
        if not row["all"]:
            yield f"{emotion} is absent."
        elif empty:
            yield f"{emotion} is absent from {' and '.join(empty)}."
        if 0 < row["all_share"] < RARE:
            yield f"{emotion} is rare: {page.percent(row['all_share'])} % of all."
    strange = [emotion for emotion in table.index if emotion not in explored.emotions]
    if strange:
        yield f"Not an emotion of this dataset: {', '.join(strange)}."
