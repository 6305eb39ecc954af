import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_pipeline.datasets import box_text
from emotion_pipeline.datasets.base import Unusable

NUMBERS = st.integers(-2000, 2000)
BOXES = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=5)
GAPS = st.sampled_from([b" ", b"\t", b"  ", b" \t "])
SIZES_PX = st.integers(1, 1500)


def boxes(*edges):
    return [dict(zip(box_text.EDGES, one, strict=True)) for one in edges]


def parsed(text):
    """The boxes, or why there are none."""
    try:
        return box_text.parse(text)
    except Unusable as unusable:
        return unusable


def reason(text):
    with pytest.raises(Unusable) as unusable:
        box_text.parse(text)
    return unusable.value.args[0]


@pytest.mark.parametrize(
    "text",
    [
        b"2\n233 551 305 623\n286 449 331 494\n",
        b"2\r\n233 551 305 623\r\n286 449 331 494\r\n",
        b"2\n233 551 305 623\n286 449 331 494",
        b"2\n233\t551\t305\t623\n286  449 331 494\n\n \n\r\n",
        b" 2 \n 233 551 305 623 \n286 449 331 494\t\n",
    ],
)
def test_a_label_file_is_read_with_any_blanks_and_line_ends(text):
    assert box_text.parse(text) == boxes((233, 551, 305, 623), (286, 449, 331, 494))


@pytest.mark.parametrize("text", [b"0", b"0\n", b"0\r\n\r\n", b"00\n"])
def test_a_picture_without_faces_has_no_boxes(text):
    assert box_text.parse(text) == []


@pytest.mark.parametrize(
    "text", [b"1\n", b"0\n1 2 3 4\n", b"3\n1 2 3 4\n5 6 7 8\n", b"1\n1 2 3 4\n5 6 7 8\n"]
)
def test_a_count_that_is_not_the_number_of_boxes_is_said(text):
    assert reason(text) == "box_count"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n\n",
        b"-1\n",
        b"one\n1 2 3 4\n",
        b"1 2 3 4\n",
        b"\n1\n1 2 3 4\n",
        b"1\n\n1 2 3 4\n",
        b"1\n1 2 3\n",
        b"1\n1 2 3 4 5\n",
        b"1\n1,2,3,4\n",
        b"1\n1 2 3 4.0\n",
        b"1\n1 2 3 nan\n",
        b"1\n1 2 3 9999999999\n",
        b"1\r1 2 3 4\r",
        b"0 0.51 0.4 0.02 0.03\n",
        b"<annotation><filename>1.png</filename></annotation>",
        b'{"images": []}',
        "1\n1 2 3 ٤\n".encode(),
        "1\n1 2 3 4\n".encode("utf-16"),
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_no_label_file_is_said_with_the_line_and_what_was_expected(text):
    assert reason(text) == "bad_label"
    with pytest.raises(Unusable, match=r"line \d: expected .*, found ") as unusable:
        box_text.parse(text)
    assert unusable.value.args[1].isprintable()


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((1, 2, 30, 40), [(1, 2, 30, 40)]),
        ((0, 0, 100, 50), [(0, 0, 100, 50)]),
        ((-5, -6, 30, 40), [(0, 0, 30, 40)]),
        ((90, 45, 130, 60), [(90, 45, 100, 50)]),
        ((100, 10, 130, 20), []),
        ((10, 50, 20, 60), []),
        ((-9, 10, 0, 20), []),
        ((30, 10, 30, 20), []),
        ((30, 10, 20, 20), []),
        ((10, 20, 20, 10), []),
    ],
)
def test_boxes_are_cut_off_at_the_edges_and_left_out_when_nothing_remains(box, inside):
    assert box_text.clipped(boxes(box), 100, 50) == boxes(*inside)


@settings(max_examples=200, deadline=None)
@given(BOXES, GAPS, st.sampled_from([b"\n", b"\r\n"]), st.sampled_from([b"", b"\n", b"\n \n"]))
def test_what_is_written_is_read_again(edges, gap, newline, end):
    lines = [str(len(edges)).encode(), *(gap.join(b"%d" % edge for edge in box) for box in edges)]
    assert box_text.parse(newline.join(lines) + end) == boxes(*edges)


@st.composite
def label_like(draw):
    """Bytes that are a label file but for a few places."""
    edges = draw(BOXES)
    count = draw(st.just(len(edges)) | st.integers(0, 6))
    text = "\n".join([str(count), *(" ".join(map(str, box)) for box in edges)]).encode()
    at = draw(st.integers(0, len(text)))
    put = bytes(draw(st.lists(st.sampled_from(b"\n -.7\r\x0b\x00\xff"), max_size=1)))
    return text[:at] + put + text[at + draw(st.integers(0, 1)) :]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | label_like(), SIZES_PX, SIZES_PX)
def test_no_bytes_crash_and_no_impossible_box_is_accepted(text, width_px, height_px):
    found = parsed(text)
    if isinstance(found, Unusable):
        assert found.args[0] in ("bad_label", "box_count")
        assert found.args[1].isprintable()
        return
    count, *edges = map(int, text.split())
    assert len(found) == count
    assert [edge for box in found for edge in box.values()] == edges
    inside = box_text.clipped(found, width_px, height_px)
    assert len(inside) <= len(found)
    for box in inside:
        assert 0 <= box["left_px"] < box["right_px"] <= width_px
        assert 0 <= box["top_px"] < box["bottom_px"] <= height_px
