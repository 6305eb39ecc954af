import pytest

from emotion_pipeline import schema
from emotion_pipeline_tests.lake.tables_made_up import FACES, N_BUCKETS, faces_table, names_in


@pytest.mark.parametrize("n_rows", [0, 1, 7, len(FACES), len(FACES) + 5])
@pytest.mark.parametrize("columns", [None, ["image"], ["width_px", "sample_id"]])
def test_the_head_is_the_beginning_of_the_whole_table(tmp_path, n_rows, columns):
    table = faces_table(tmp_path, FACES)
    head = table.head(n_rows, columns)
    assert head.num_rows == min(n_rows, len(FACES))
    assert head.equals(table.read_all(columns).slice(0, n_rows))


def test_later_buckets_are_not_read(tmp_path):
    table = faces_table(tmp_path, FACES)
    table.path(N_BUCKETS - 1).unlink()
    assert table.head(len(names_in(0))).num_rows == len(names_in(0))


def test_empty_buckets_are_passed_over(tmp_path):
    faces = dict.fromkeys(names_in(N_BUCKETS - 1), 1)
    assert faces_table(tmp_path, faces).head(2)["sample_id"].to_pylist() == list(faces)[:2]


def test_the_head_of_a_table_without_rows_has_its_columns(tmp_path):
    table = faces_table(tmp_path, {})
    assert table.head(3).schema.equals(schema.PICTURES)
    assert table.head(3, ["width_px"]).column_names == ["width_px"]
