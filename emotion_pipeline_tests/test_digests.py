import io
import itertools
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from emotion_pipeline.digests import (
    ContentDigest,
    combined,
    content_digest,
    digest_bytes,
    digest_file,
    row_digests,
)
from emotion_pipeline_tests.lake.tables_made_up import FACES, pictures, png, samples

# Letters that stand in the written form of tables, so that a careless digest is deceived.
TEXT = st.text(alphabet="ab1'\", ()[]\\\n\0ä", max_size=4)
BYTES = st.binary(max_size=4) | st.text(alphabet="ab12 ", max_size=4).map(str.encode)
KINDS = {
    "text": (pa.string(), st.none() | TEXT),
    "count": (pa.int16(), st.none() | st.integers(-(2**15), 2**15 - 1)),
    "share": (pa.float64(), st.none() | st.floats()),
    "p": (pa.float32(), st.none() | st.floats(width=32)),
    "flag": (pa.bool_(), st.none() | st.booleans()),
    "blob": (pa.binary(), BYTES),
    "digest": (pa.binary(2), st.binary(min_size=2, max_size=2)),
}
NAMES = tuple(KINDS)


def table(rows: list[tuple]) -> pa.Table:
    """One row per tuple, whose values are in the order of KINDS."""
    columns = zip(*rows, strict=True) if rows else [[] for _ in KINDS]
    arrays = [
        pa.array(list(values), kind)
        for values, (kind, _) in zip(columns, KINDS.values(), strict=True)
    ]
    return pa.table(arrays, names=list(KINDS))


ROW = st.tuples(*(values for _, values in KINDS.values()))
TABLES = st.lists(ROW, max_size=5).map(table)
FILLED = st.lists(ROW, min_size=1, max_size=5).map(table)


def both(rows: pa.Table) -> tuple[str, list[bytes]]:
    return content_digest(rows), row_digests(rows, rows.column_names)


def written(rows: pa.Table) -> list[str]:
    """The rows as text: NaN equals NaN, and 0.0 differs from -0.0."""
    return [repr(row) for row in rows.to_pylist()]


@given(TABLES, st.lists(st.integers(0, 5), max_size=3))
def test_how_the_rows_are_chunked_does_not_count(rows, cuts):
    ends = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    parts = [rows.slice(a, b - a) for a, b in itertools.pairwise(ends)]
    chunked = pa.concat_tables([*parts, rows.slice(0, 0)])
    assert both(chunked) == both(rows)
    assert both(chunked.combine_chunks()) == both(rows)


@given(FILLED, TABLES, TABLES)
def test_what_a_slice_was_cut_from_does_not_count(rows, before, after):
    around = pa.concat_tables([before, rows, after]).combine_chunks()
    assert both(around.slice(len(before), len(rows))) == both(rows)


@given(TABLES)
def test_a_parquet_file_gives_back_the_same_digests(rows):
    file = io.BytesIO()
    pq.write_table(rows, file)
    assert both(pq.read_table(file)) == both(rows)


@given(FILLED, st.data())
def test_a_change_of_any_value_counts(rows, data):
    name = data.draw(st.sampled_from(NAMES))
    place = data.draw(st.integers(0, len(rows) - 1))
    kind, values = KINDS[name]
    cells = rows[name].to_pylist()
    cells[place] = data.draw(values)
    changed = rows.set_column(NAMES.index(name), name, pa.array(cells, kind))
    assume(written(changed) != written(rows))
    assert content_digest(changed) != content_digest(rows)
    before, after = row_digests(rows, NAMES), row_digests(changed, NAMES)
    assert [row for row in range(len(rows)) if before[row] != after[row]] == [place]


@given(FILLED, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_counts_for_the_table_and_not_for_the_row(rows, random):
    order = random.sample(range(len(rows)), len(rows))
    shuffled = rows.take(order)
    assert row_digests(shuffled, NAMES) == [row_digests(rows, NAMES)[place] for place in order]
    if written(shuffled) != written(rows):
        assert content_digest(shuffled) != content_digest(rows)


@given(FILLED, FILLED)
def test_the_content_digest_tells_tables_apart(one, other):
    assert (content_digest(one) == content_digest(other)) == (written(one) == written(other))


@given(TABLES, st.lists(st.integers(0, 20), max_size=4))
def test_how_the_rows_are_parted_does_not_count(rows, cuts):
    digest = ContentDigest(rows.schema)
    places = [0, *sorted(min(cut, len(rows)) for cut in cuts), len(rows)]
    for start, end in itertools.pairwise(places):
        digest.update(rows.slice(start, end - start))
    assert digest.hexdigest() == content_digest(rows)


@given(TABLES, st.sampled_from(NAMES))
def test_names_and_types_of_the_columns_count(rows, name):
    renamed = rows.rename_columns({name: "other"})
    assert content_digest(renamed) != content_digest(rows)
    assert content_digest(rows.drop_columns([name])) != content_digest(rows)
    assert content_digest(rows.select(NAMES[::-1])) != content_digest(rows)
    wider = rows.set_column(1, "count", rows["count"].cast(pa.int64()))
    assert content_digest(wider) != content_digest(rows)


PAIRS = st.tuples(TEXT, TEXT, BYTES, BYTES)


@settings(max_examples=300)
@given(PAIRS, PAIRS)
@example(("ab", "c", b"", b""), ("a", "bc", b"", b""))
@example(("", "", b"ab", b"c"), ("", "", b"a", b"bc"))
@example(("", "", b"", b"ab"), ("", "", b"ab", b""))
@example(("", "", b"1 a", b""), ("", "", b"", b"1 a"))
@example(("a", "b", b"')", b""), ("a", "b')", b"", b""))
@example(("a", "", b"", b""), ("", "a", b"", b""))
def test_equal_rows_and_only_they_have_equal_digests(one, other):
    columns = [list(values) for values in zip(one, other, strict=True)]
    kinds = [pa.string(), pa.string(), pa.binary(), pa.binary()]
    rows = pa.table(
        [pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)],
        names=["a", "b", "c", "d"],
    )
    for names in ("abcd", "abc", "cd", "d"):
        first, second = row_digests(rows, list(names))
        seen = rows.select(list(names)).to_pylist()
        assert (first == second) == (seen[0] == seen[1])


def test_null_is_neither_the_word_nor_the_empty_text():
    rows = pa.table({"a": pa.array([None, "None", "", "null"])})
    assert len(set(row_digests(rows, ["a"]))) == 4
    assert len({content_digest(rows.slice(row, 1)) for row in range(4)}) == 4


def test_a_null_in_a_binary_column_is_refused():
    rows = pa.table({"a": pa.array([b"", None], pa.binary())})
    with pytest.raises(TypeError):
        row_digests(rows, ["a"])


def test_columns_that_are_not_named_do_not_count():
    rows = table([("a", 1, 0.5, 0.5, True, b"a", b"ab"), ("a", 2, 0.5, 0.5, True, b"b", b"ab")])
    first, second = row_digests(rows, ["text", "share", "digest"])
    assert first == second


def test_nan_equals_nan():
    rows = pa.table({"share": [math.nan, float("nan")]})
    first, second = row_digests(rows, ["share"])
    assert first == second


def test_tables_without_rows_have_digests():
    assert row_digests(pictures({}), ["image_digest"]) == []
    assert content_digest(pictures({})) != content_digest(samples({}))


def test_pictures_count_by_their_digest_and_input_digests_not_at_all():
    rows = pictures(FACES)
    place = rows.schema.get_field_index("image")
    renamed = [{**image, "path": "elsewhere"} for image in rows["image"].to_pylist()]
    other_path = rows.set_column(place, "image", pa.array(renamed, rows["image"].type))
    assert content_digest(other_path) == content_digest(rows)
    assert content_digest(rows.drop_columns(["image", "input_digest"])) == content_digest(rows)
    assert content_digest(pictures({**FACES, "face-07": 1007})) != content_digest(rows)


def test_digests_are_the_same_for_ever():
    """A change here makes every lake be computed anew, and every model be trained anew."""
    image_digest = pa.array([b"1" * 16, b"2" * 16], pa.binary(16))
    rows = pa.table({"sample_id": ["a", "b"], "image_digest": image_digest})
    assert [digest.hex() for digest in row_digests(rows, ["sample_id", "image_digest"])] == [
        "7505082ac59f7be193fbe219b45b1f9e",
        "66675f7ad5b28aaf5273e485e6c87821",
    ]
    assert content_digest(rows) == "1e63142aa445d794fa505221038aa056"
    assert digest_bytes(b"abc").hex() == "cf4ab791c62b8d2b2109c90275287816"
    assert combined(["a", "b"]) == "0c84cf75ee142f818515ab54bd107d86"


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(png(1) * 10_000)
    assert digest_file(path) == digest_bytes(png(1) * 10_000).hex()


POINTS = pa.list_(pa.list_(pa.float32(), 2))
BOXES = pa.list_(pa.struct([("left_px", pa.int32()), ("top_px", pa.int32())]))


NESTED = [
    (POINTS, [[[1.0, 2.0], [3.0, 4.0]], None, []]),
    (POINTS, [[[1.0, 2.0]], [[3.0, 4.0]], []]),
    (POINTS, [[[1.0, 2.0]], [[3.0, 4.5]], []]),
    (POINTS, [[[1.0, 2.0]], None, [[3.0, 4.0]]]),
    (POINTS, [[], None, [[1.0, 2.0], [3.0, 4.0]]]),
    (pa.list_(pa.float32()), [[1.0, 2.0, 3.0, 4.0], None, []]),
    (pa.list_(pa.float32()), [[1.0, None, 3.0], None, []]),
    (BOXES, [[{"left_px": 1, "top_px": 2}], [], None]),
    (BOXES, [[{"left_px": 2, "top_px": 1}], [], None]),
    (BOXES, [[{"left_px": 1, "top_px": None}], [], None]),
    (BOXES, [[None], [], None]),
    (BOXES, [[], [{"left_px": 1, "top_px": 2}], None]),
]


def test_nested_values_that_differ_have_other_digests():
    tables = [pa.table({"a": pa.array(values, kind)}) for kind, values in NESTED]
    assert len({content_digest(table) for table in tables}) == len(NESTED)


@pytest.mark.parametrize(("kind", "values"), NESTED)
def test_nested_values_have_one_digest_however_they_are_stored(kind, values):
    table = pa.table({"a": pa.array(values, kind)})
    in_pieces = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    sliced = pa.concat_tables([table, table]).slice(3)
    assert content_digest(table) == content_digest(in_pieces) == content_digest(sliced)
