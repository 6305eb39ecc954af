import numpy as np
import pyarrow as pa
import pytest

from emotion_pipeline import schema
from emotion_pipeline.quality.profile import MEASURED, VOTES, profile
from emotion_pipeline_tests.quality import tables


def test_pictures_are_measured_in_the_order_of_the_table() -> None:
    n_rows = 1100  # several batches
    images = [tables.encoded(row, size_px=2 + row % 3) for row in range(n_rows)]
    frame = profile(tables.samples(["train"] * n_rows, ["fear"] * n_rows, images))
    assert frame["sample_id"].tolist() == [f"toy/{row:03d}" for row in range(n_rows)]
    assert frame["width_px"].tolist() == [2 + row % 3 for row in range(n_rows)]
    pixels = np.random.default_rng(7).integers(0, 256, (3, 3), dtype=np.uint8)
    row = frame.iloc[7]
    assert (row["pixel_min"], row["pixel_max"]) == (pixels.min(), pixels.max())
    assert row["pixel_sd"] == pytest.approx(pixels.std())


@pytest.mark.parametrize("image", [None, b"", b"no picture", tables.encoded(0)[:20]])
def test_bytes_that_are_no_picture_are_measured_as_missing(image: bytes | None) -> None:
    frame = profile(tables.samples(["train"] * 2, ["fear"] * 2, [image, tables.encoded(1)]))
    assert frame[list(MEASURED)].isna().all(axis=1).tolist() == [True, False]


def test_votes_are_summed_and_a_missing_vote_makes_the_sum_missing() -> None:
    table = tables.good_votes()
    column = table.column_names.index("votes_fear")
    table = table.set_column(column, "votes_fear", pa.array([0, None, 5], pa.int16()))
    assert profile(table)["votes_sum"].fillna(-1).tolist() == [10, -1, 10]


@pytest.mark.parametrize(
    ("table", "columns"),
    [(schema.SAMPLES, MEASURED), (schema.VOTES, (*VOTES, "votes_sum"))],
)
def test_a_table_of_no_rows_has_every_column(table: pa.Schema, columns: tuple[str, ...]) -> None:
    frame = profile(table.empty_table())
    assert len(frame) == 0
    assert {"sample_id", "split", "emotion", "synthetic", *columns} <= set(frame.columns)


def test_a_column_that_is_missing_is_left_out() -> None:
    assert "split" not in profile(tables.good_samples().drop_columns("split"))
