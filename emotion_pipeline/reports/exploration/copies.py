"""Pictures that occur more than once."""

from typing import NamedTuple

import pandas as pd

from emotion_pipeline.reports.exploration.base import Explored
from emotion_pipeline.reports.exploration.counting import named
from emotion_pipeline.reports.parts.sections import Section, Shown

N_GROUPS = 5
N_MEMBERS = 6


class Copies(NamedTuple):
    """What the equal pictures amount to; `n_seen_in_train` counts rows of the other splits whose
    picture also stands in train."""

    n_groups: int
    n_surplus_copies: int
    n_groups_across_splits: int
    n_groups_conflicting: int
    n_seen_in_train: int


def copies(duplicates: pd.DataFrame) -> Copies:
    """Sums over a table of `schema.DUPLICATES`."""
    groups = duplicates.drop_duplicates("group_digest")
    in_train = duplicates["split"] == "train"
    also = duplicates["group_digest"].isin(duplicates.loc[in_train, "group_digest"])
    return Copies(
        n_groups=len(groups),
        n_surplus_copies=len(duplicates) - len(groups),
        n_groups_across_splits=int(groups["crosses_splits"].sum()),
        n_groups_conflicting=int(groups["conflicting_emotions"].sum()),
        n_seen_in_train=int((also & ~in_train).sum()),
    )


def section(explored: Explored) -> Section:
    """Groups of equal pictures, and some of them to look at."""
    found = copies(explored.duplicates)
    table = pd.DataFrame(
        [
            ("groups of equal pictures", found.n_groups),
            ("pictures in surplus", found.n_surplus_copies),
            ("groups across splits", found.n_groups_across_splits),
            ("groups with different emotions", found.n_groups_conflicting),
            ("pictures outside train that are also in train", found.n_seen_in_train),
        ],
        columns=["measure", "n"],
    )
    if not found.n_groups:
        line = "No two picture files are equal."
        return Section.of("Equal pictures", line)
    examples = Shown(
        "copy_examples",
        f"Up to {N_GROUPS} groups: different emotions first, then different splits, then size.",
        example_groups(explored.duplicates),
    )
    summary = Shown("copies", "Pictures whose stored files are equal.", table)
    return Section.of("Equal pictures", tables=[summary, examples])


def example_groups(duplicates: pd.DataFrame) -> pd.DataFrame:
    """The groups that do most harm: pictures, emotions, splits, members."""
    worst_first = duplicates.drop_duplicates("group_digest").sort_values(
        ["conflicting_emotions", "crosses_splits", "n_copies"], ascending=False, kind="stable"
    )
    rows = []
    for digest in worst_first["group_digest"].head(N_GROUPS):
        members = duplicates[duplicates["group_digest"] == digest]
        facts = (members["sample_id"], named(members["split"]), named(members["emotion"]))
        told = [f"{name} ({split}, {emotion})" for name, split, emotion in zip(*facts, strict=True)]
        more = f" and {len(told) - N_MEMBERS} more" if len(told) > N_MEMBERS else ""
        rows.append(
            {
                "pictures": len(members),
                "splits": int(members["split"].nunique()),
                "emotions": int(members["emotion"].nunique()),
                "members": "; ".join(told[:N_MEMBERS]) + more,
            }
        )
    return pd.DataFrame(rows)
