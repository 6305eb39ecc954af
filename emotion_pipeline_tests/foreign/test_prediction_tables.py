"""Tables of strangers: every row is used or counted with a reason, or the file is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_pipeline.foreign import csv_columns
from emotion_pipeline.foreign.csv_columns import TableRefused
from emotion_pipeline.foreign.prediction_tables import read
from emotion_pipeline.labels import LABEL_SPACES

EMOTIONS = LABEL_SPACES["four_emotions"].emotions
P = [f"p_{name}" for name in EMOTIONS]
N = 300


def frame(n=N):
    values = np.random.default_rng(0).dirichlet(np.ones(len(P)), size=n)
    return pd.DataFrame(values, columns=P).assign(sample_id=[f"face-{i}" for i in range(n)])


def written(tmp_path, table, **options):
    path = tmp_path / "table.csv"
    if isinstance(table, pd.DataFrame):
        table.to_csv(path, index=False, **options)
    else:
        path.write_bytes(table)
    return path


def counts(table):
    return {reason: rows.tolist() for reason, rows in table.rejects.items()}


def test_a_plain_table_is_read_as_it_is(tmp_path):
    table = read(written(tmp_path, frame()), EMOTIONS, {})
    assert table.names.tolist() == frame()["sample_id"].tolist()
    np.testing.assert_allclose(table.probabilities, frame()[P], atol=1e-6)
    assert (table.n_rows, table.rejects, table.hard_labels) == (N, {}, False)
    assert table.split is table.emotion is None


@pytest.mark.parametrize("factor", [1, 100])
def test_percent_and_rounded_numbers_become_probabilities(tmp_path, factor):
    table = read(written(tmp_path, frame().assign(**(frame()[P] * factor)).round(2)), EMOTIONS, {})
    np.testing.assert_allclose(table.probabilities.sum(axis=1), 1, rtol=1e-6)
    assert table.in_percent == (factor == 100)
    assert 0 < table.largest_sum_error < 0.05


def test_columns_are_found_under_other_names_and_others_are_not_read(tmp_path):
    table = frame().rename(columns={"sample_id": "picture", "p_anger": "angry"})
    table = table.assign(formula='=HYPERLINK("x")', split=" Train ", emotion="Anger")
    path = written(tmp_path, table)
    found = read(path, EMOTIONS, {"picture": "sample_id", "angry": "p_anger"})
    np.testing.assert_allclose(found.probabilities, frame()[P], atol=1e-6)
    assert set(found.split) == {"train"}
    assert set(found.emotion) == {"anger"}


def test_hard_labels_are_zeros_and_ones(tmp_path):
    table = pd.DataFrame({"sample_id": ["a", "b", "c"], "predicted": ["Anger", "rage", "sadness "]})
    found = read(written(tmp_path, table), EMOTIONS, {})
    assert found.hard_labels
    assert found.names.tolist() == ["a", "c"]
    assert found.probabilities.tolist() == [[0, 0, 0, 1], [0, 0, 1, 0]]
    assert counts(found) == {"unknown_emotion": [1]}


def test_row_numbers_name_pictures_where_there_is_a_rule(tmp_path):
    table = frame(3).drop(columns="sample_id").assign(row=[7, 2.5, -1])
    found = read(written(tmp_path, table), EMOTIONS, {}, lambda row: f"face-{row}")
    assert found.names.tolist() == ["face-7"]
    assert counts(found) == {"no_name": [1, 2]}
    with pytest.raises(TableRefused, match="sample_id"):
        read(written(tmp_path, table), EMOTIONS, {})


def test_rows_that_hold_no_probabilities_are_counted_and_the_others_used(tmp_path):
    table = frame().astype(object)
    for row, value in enumerate(["nan", "inf", "=1+1", "", "1e999"]):
        table.loc[row, P[0]] = value
    table.loc[7, P[0]] = -0.001
    table.loc[8, P[0]] = 3
    found = read(written(tmp_path, table), EMOTIONS, {})
    assert counts(found) == {"not_a_number": [0, 1, 2, 3, 4], "does_not_sum_to_1": [7, 8]}
    assert found.names[0] == "face-5"
    assert found.positions[:3].tolist() == [5, 6, 9]
    assert len(found.names) == N - 7


def test_lines_with_another_number_of_fields_are_counted(tmp_path):
    lines = ["sample_id,p_neutral,p_happiness,p_sadness,p_anger"]
    lines += ["a,1,0,0,0", "b,1,0,0", "c,0,1,0,0", "d,0,1,0,0,9", "e,0,0,0,1"]
    found = read(written(tmp_path, "\n".join(lines).encode()), EMOTIONS, {})
    assert counts(found) == {"wrong_field_count": [1, 3]}
    assert found.positions.tolist() == [0, 2, 4]
    assert found.n_rows == 5


def test_what_is_said_twice_counts_once_and_what_is_said_differently_not_at_all(tmp_path):
    table = frame(6)
    table.loc[1] = table.loc[0]
    table.loc[3, "sample_id"] = "face-2"
    found = read(written(tmp_path, table), EMOTIONS, {})
    assert found.names.tolist() == ["face-0", "face-4", "face-5"]
    assert counts(found) == {"said_differently": [2, 3], "said_again": [1]}


GOOD = frame(20)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"", "no line with the names|needs columns"),
        (b"\xff\xfe\x00", "no line with the names"),
        (b"sample_id,p_neutral\n", "no column p_anger"),
        (b"sample_id,sample_id\n", "several columns"),
        (GOOD.iloc[:0], "no rows"),
        (GOOD.drop(columns="sample_id"), "needs columns sample_id"),
        (GOOD[["sample_id"]], "or predicted"),
        (GOOD.drop(columns="p_anger"), "no column p_anger"),
        (GOOD.assign(p_fear=0), "another label space"),
        (GOOD.assign(**np.log(GOOD[P])), "softmax"),
        (GOOD.assign(**GOOD[P] * 7), "no probabilities"),
        (GOOD.assign(p_anger="x"), "no row has a number"),
        (GOOD[["sample_id"]].assign(predicted="3"), "no row is usable"),
        (b"sample_id,predicted\n\xff,anger\n", "not readable as CSV"),
        (b"sample_id,predicted\n" + b"a" * (3 << 20) + b",anger\n", "not readable as CSV"),
    ],
)
def test_what_is_no_table_of_predictions_is_refused_in_words(tmp_path, table, words):
    with pytest.raises(TableRefused, match=words):
        read(written(tmp_path, table), EMOTIONS, {})


@pytest.mark.parametrize(
    ("columns", "words"),
    [({"picture": "sample_id"}, "no column 'picture'"), ({"p_anger": "sample_id"}, "both mean")],
)
def test_a_wrong_meaning_is_refused(tmp_path, columns, words):
    with pytest.raises(TableRefused, match=words):
        read(written(tmp_path, frame(5)), EMOTIONS, columns)


@pytest.mark.parametrize(("limit", "value"), [("MAX_BYTES", 100), ("MAX_ROWS", 10)])
def test_what_is_too_large_is_refused(tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(csv_columns, limit, value)
    with pytest.raises(TableRefused, match=f"more than {value}"):
        read(written(tmp_path, frame()), EMOTIONS, {})


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(TableRefused, match="cannot be read"):
        read(tmp_path / "none.csv", EMOTIONS, {})


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=30), max_size=8), st.booleans())
def test_whatever_the_bytes_are_every_row_is_used_or_counted_or_the_file_refused(
    tmp_path_factory, lines, with_header
):
    path = tmp_path_factory.mktemp("bytes") / "t.csv"
    header = [b"sample_id,predicted"] if with_header else []
    path.write_bytes(b"\n".join([*header, b"a,anger", *lines]))
    try:
        table = read(path, EMOTIONS, {})
    except TableRefused:
        return
    used = table.positions.tolist()
    rejected = [row for rows in table.rejects.values() for row in rows.tolist()]
    assert sorted(used + rejected) == list(range(table.n_rows))
    np.testing.assert_allclose(table.probabilities.sum(axis=1), 1, rtol=1e-5)
