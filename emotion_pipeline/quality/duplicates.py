"""Pictures that occur more than once, and what that does to the splits.

A picture that stands in train and in test turns a test result into a memory test; one that carries
two emotions is wrong at least once. FER2013 has both.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline import schema


@dataclass(frozen=True)
class Leak:
    """What the equal pictures of a dataset amount to.

    `n_seen_in_train` counts, per split other than train, the rows whose picture also stands in
    train.
    """

    n_groups: int
    n_surplus_copies: int
    n_groups_across_splits: int
    n_groups_conflicting: int
    n_seen_in_train: dict[str, int]


def duplicates(samples: pa.Table) -> pa.Table:
    """Every member of every group of two or more rows with equal `image_digest`.

    Needs the columns sample_id, split, emotion and image_digest; a null emotion conflicts with
    none, and rows without a digest have no equals. Returns `schema.DUPLICATES`, sorted by group
    and sample_id.
    """
    rows = samples.select(["sample_id", "split", "emotion", "image_digest"])
    rows = rows.filter(pc.is_valid(rows["image_digest"]))
    groups = rows.group_by("image_digest").aggregate(
        [("sample_id", "count"), ("split", "count_distinct"), ("emotion", "count_distinct")]
    )
    groups = groups.filter(pc.greater(groups["sample_id_count"], 1))
    members = rows.join(groups, "image_digest", join_type="inner")
    members = members.sort_by([("image_digest", "ascending"), ("sample_id", "ascending")])
    columns = {
        "group_digest": members["image_digest"],
        "sample_id": members["sample_id"],
        "split": members["split"],
        "emotion": members["emotion"],
        "n_copies": members["sample_id_count"],
        "crosses_splits": pc.greater(members["split_count_distinct"], 1),
        "conflicting_emotions": pc.greater(members["emotion_count_distinct"], 1),
    }
    return pa.table(columns).select(schema.DUPLICATES.names).cast(schema.DUPLICATES)


def leak(members: pa.Table) -> Leak:
    """Sums over a table that `duplicates` returned."""
    groups = members.group_by("group_digest").aggregate(
        [("crosses_splits", "any"), ("conflicting_emotions", "any")]
    )
    return Leak(
        n_groups=groups.num_rows,
        n_surplus_copies=members.num_rows - groups.num_rows,
        n_groups_across_splits=pc.sum(groups["crosses_splits_any"]).as_py() or 0,
        n_groups_conflicting=pc.sum(groups["conflicting_emotions_any"]).as_py() or 0,
        n_seen_in_train=_seen_in_train(members),
    )


def _seen_in_train(members: pa.Table) -> dict[str, int]:
    in_train = pc.equal(members["split"], "train")
    train_digests = members["group_digest"].filter(in_train)
    seen = members.filter(
        pc.and_(pc.invert(in_train), pc.is_in(members["group_digest"], value_set=train_digests))
    )
    splits = seen["split"].to_pylist()
    return {name: splits.count(name) for name in schema.SPLITS if name != "train"}
