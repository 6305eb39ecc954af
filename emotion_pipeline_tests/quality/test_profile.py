import pyarrow as pa
import pytest

from emotion_pipeline import schema
from emotion_pipeline.quality.profile import MEASURED, VOTES, profile
from emotion_pipeline_tests.quality import tables


def test_what_is_plain_is_taken_over_and_pictures_are_not_opened() -> None:
    table = tables.good_samples().drop_columns("image")
    frame = profile(table)
    assert frame["sample_id"].tolist() == table["sample_id"].to_pylist()
    assert frame["image_digest"].tolist() == [tables.digest(row).hex() for row in range(4)]
    assert frame[list(MEASURED)].to_numpy().tolist() == [[4, 4, 10, 200, 40]] * 4


def test_votes_are_summed_and_a_missing_vote_makes_the_sum_missing() -> None:
    table = tables.good_votes()
    column = table.column_names.index("votes_fear")
    table = table.set_column(column, "votes_fear", pa.array([0, None, 5], pa.int16()))
    assert profile(table)["votes_sum"].fillna(-1).tolist() == [10, -1, 10]


@pytest.mark.parametrize(
    ("edge", "value", "n_outside"),
    [
        ("left_px", -1, 1),
        ("right_px", tables.SIZE_PX + 1, 1),
        ("bottom_px", tables.SIZE_PX + 1, 1),
        ("top_px", tables.SIZE_PX, 1),
        ("right_px", 0, 1),
        ("right_px", 1, 0),
    ],
)
def test_boxes_outside_of_their_picture_are_counted(edge: str, value: int, n_outside: int) -> None:
    boxes = [[], [tables.BOX, tables.BOX | {edge: value}], [tables.BOX], []]
    table = tables.good_faces()
    place = table.column_names.index("boxes")
    table = table.set_column(place, "boxes", pa.array(boxes, pa.list_(schema.BOX)))
    assert profile(table)["n_boxes_outside"].tolist() == [0, n_outside, 0, 0]
    assert profile(table)["n_boxes_dropped"].tolist() == [1, -2, 1, 1]


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (schema.SAMPLES, MEASURED),
        (schema.VOTES, (*VOTES, "votes_sum")),
        (tables.FACES, ("person_id", "valence", "n_boxes_dropped", "n_boxes_outside")),
    ],
)
def test_a_table_of_no_rows_has_every_column(table: pa.Schema, columns: tuple[str, ...]) -> None:
    frame = profile(table.empty_table())
    assert len(frame) == 0
    assert {"sample_id", "split", "emotion", "synthetic", *columns} <= set(frame.columns)


def test_a_column_that_is_missing_is_left_out() -> None:
    assert "split" not in profile(tables.good_samples().drop_columns("split"))
