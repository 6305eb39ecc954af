import pyarrow as pa

from emotion_pipeline import schema
from emotion_pipeline.quality.duplicates import Leak, duplicates, leak
from emotion_pipeline_tests.quality.tables import digest


def rows(*members: tuple[str, str, str | None, int | None]) -> pa.Table:
    """Rows of sample_id, split, emotion, and a number that stands for the picture."""
    ids, splits, emotions, pictures = zip(*members, strict=True)
    digests = [None if picture is None else digest(picture) for picture in pictures]
    return pa.table(
        {
            "sample_id": pa.array(ids, pa.string()),
            "split": pa.array(splits, pa.string()),
            "emotion": pa.array(emotions, pa.string()),
            "image_digest": pa.array(digests, schema.DIGEST),
        }
    )


TABLE = rows(
    ("e", "test", "fear", 1),
    ("d", "train", "fear", 1),
    ("c", "train", "anger", 1),
    ("b", "train", "fear", 2),
    ("a", "train", None, 2),
    ("f", "validation", "fear", 3),
    ("g", "test", "fear", 3),
    ("h", "test", "fear", 4),
    ("i", "test", "fear", None),
    ("j", "test", "fear", None),
)


def test_every_member_of_every_group_is_listed_by_group_and_id() -> None:
    found = duplicates(TABLE)
    assert found.schema.equals(schema.DUPLICATES)
    keys = [(row["group_digest"], row["sample_id"]) for row in found.to_pylist()]
    assert keys == sorted(keys)
    assert {row["sample_id"]: row["n_copies"] for row in found.to_pylist()} == {
        **dict.fromkeys("cde", 3),
        **dict.fromkeys("ab", 2),
        **dict.fromkeys("fg", 2),
    }


def test_groups_are_marked_that_cross_splits_or_carry_two_emotions() -> None:
    found = duplicates(TABLE).to_pylist()
    assert {row["sample_id"] for row in found if row["crosses_splits"]} == set("cdefg")
    assert {row["sample_id"] for row in found if row["conflicting_emotions"]} == set("cde")


def test_the_leak_counts_copies_groups_and_rows_seen_in_training() -> None:
    assert leak(duplicates(TABLE)) == Leak(
        n_groups=3,
        n_surplus_copies=4,
        n_groups_across_splits=2,
        n_groups_conflicting=1,
        n_seen_in_train={"validation": 0, "test": 1},
    )


def test_no_rows_and_no_duplicates_make_an_empty_table() -> None:
    for table in (TABLE.slice(0, 0), TABLE.slice(7)):
        found = duplicates(table)
        assert found.schema.equals(schema.DUPLICATES)
        assert leak(found) == Leak(0, 0, 0, 0, {"validation": 0, "test": 0})
