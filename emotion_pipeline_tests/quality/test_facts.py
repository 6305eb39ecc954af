import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from emotion_pipeline.quality import facts

PUBLISHED = {"train": {"anger": 30, "fear": 300}, "test": {"anger": 3, "fear": 30}}


def rows(**counts: int) -> pd.DataFrame:
    """Profile rows; a keyword such as train_anger=3 is that many rows."""
    labels = [name.split("_") for name, n_rows in counts.items() for _ in range(n_rows)]
    return pd.DataFrame(labels, columns=["split", "emotion"])


def verdicts(frame: pd.DataFrame) -> dict[str, bool]:
    inside = frame["n_rows"].between(frame["at_least"], frame["at_most"])
    return dict(zip(frame["name"], inside, strict=True))


WHOLE = {"train_anger": 30, "train_fear": 300, "test_anger": 3, "test_fear": 30}


def test_the_whole_dataset_has_exactly_the_published_counts() -> None:
    frame = facts.class_facts(rows(**WHOLE), PUBLISHED, n_rejects=0)
    assert verdicts(frame) == dict.fromkeys(
        ("train/anger", "train/fear", "test/anger", "test/fear"), True
    )


def test_labels_that_changed_places_are_noticed_in_the_whole_dataset() -> None:
    swapped = WHOLE | {"train_anger": 35, "train_fear": 295}
    frame = facts.class_facts(rows(**swapped), PUBLISHED, n_rejects=0)
    assert [name for name, fits in verdicts(frame).items() if not fits] == [
        "train/anger",
        "train/fear",
    ]


def test_a_mended_label_is_tolerated_in_the_whole_dataset() -> None:
    mended = WHOLE | {"train_anger": 31, "train_fear": 299}
    assert all(verdicts(facts.class_facts(rows(**mended), PUBLISHED, n_rejects=0)).values())


def test_rejected_rows_may_be_missing_from_any_class() -> None:
    less = rows(**(WHOLE | {"train_anger": 28}))
    assert all(verdicts(facts.class_facts(less, PUBLISHED, n_rejects=2)).values())


@pytest.mark.parametrize(
    ("counts", "misfits"),
    [
        ({"train_anger": 20, "train_fear": 180}, []),
        ({"train_anger": 0, "train_fear": 200}, ["anger"]),
        ({"train_anger": 0, "train_fear": 199}, []),  # too small a sample to miss one
        ({"train_anger": 5, "train_fear": 1}, []),
        ({"train_anger": 30, "train_fear": 5}, ["anger"]),
        ({"train_anger": 20, "train_fear": 180, "train_joy": 1}, ["joy"]),
    ],
)
def test_a_sample_has_shares_near_the_published_ones(counts: dict, misfits: list) -> None:
    verdict = verdicts(facts.class_facts(rows(**counts), PUBLISHED, n_rejects=0))
    assert [name for name, fits in verdict.items() if not fits] == misfits


def test_a_table_without_labels_or_rows_has_no_row_in_any_class() -> None:
    for empty in (rows(), pd.DataFrame({"sample_id": ["a"]})):
        assert facts.class_facts(empty, PUBLISHED, n_rejects=0)["n_rows"].tolist() == [0, 0]


def test_counts_of_several_splits_together_are_compared_with_their_sum() -> None:
    published = {"train+validation": {"anger": 30, "fear": 3}, "test": {"anger": 20, "fear": 2}}
    whole = {"train_anger": 20, "validation_anger": 10, "validation_fear": 3}
    whole |= {"test_anger": 20, "test_fear": 2}
    frame = facts.class_facts(rows(**whole), published, n_rejects=0)
    assert verdicts(frame) == dict.fromkeys(
        ("train+validation/anger", "train+validation/fear", "test/anger", "test/fear"), True
    )
    moved = whole | {"validation_fear": 0, "test_fear": 5}
    wrong = verdicts(facts.class_facts(rows(**moved), published, n_rejects=0))
    assert [name for name, fits in wrong.items() if not fits] == [
        "train+validation/fear",
        "test/fear",
    ]


def test_splits_of_a_value_are_counted() -> None:
    frame = pd.DataFrame(
        {
            "sample_id": list("vwxyz"),
            "person_id": ["a", "b", "a", None, "b"],
            "split": ["train", "test", "train", "test", "train"],
        }
    )
    assert facts.split_facts(frame, "person_id").to_numpy().tolist() == [["a", 2, 1], ["b", 2, 2]]
    assert len(facts.split_facts(frame, "take_id")) == 0


def test_columns_are_compared_by_name_and_type() -> None:
    expected = pa.schema([("a", pa.string()), ("b", pa.int32())])
    table = pa.table({"b": pa.array([], pa.int64()), "c": pa.array([], pa.string())})
    assert facts.column_facts(table.schema, expected).to_numpy().tolist() == [
        ["a", "none", "string"],
        ["b", "int64", "int32"],
        ["c", "string", "none"],
    ]


def test_a_list_read_back_from_parquet_has_the_type_that_was_written(tmp_path) -> None:
    expected = pa.schema([("boxes", pa.list_(pa.list_(pa.float32(), 2)))])
    pq.write_table(expected.empty_table(), tmp_path / "table.parquet")
    frame = facts.column_facts(pq.read_schema(tmp_path / "table.parquet"), expected)
    assert frame["type"].tolist() == frame["expected_type"].tolist()


def test_as_many_rejects_are_allowed_as_rows_were_read() -> None:
    assert facts.reject_facts(1980, 20)["n_allowed"].tolist() == [20]
    assert facts.reject_facts(0, 0)["n_allowed"].tolist() == [facts.FEW_REJECTS]


def test_agreement_leaves_out_rows_without_an_emotion_or_a_label() -> None:
    votes = pd.DataFrame(
        {"emotion": ["fear", "fear", None, "fear"], "label": ["fear", "x", "x", None]}
    )
    assert facts.agreement_facts(votes)[["n_compared", "agreement_share"]].to_numpy().tolist() == [
        [2, 0.5]
    ]
    assert facts.agreement_facts(votes.assign(label=None))["agreement_share"].tolist() == [0.0]
