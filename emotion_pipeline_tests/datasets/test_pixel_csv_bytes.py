"""Whatever single byte of a file is wrong, the reader agrees with the plain grammar of its rows."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_pipeline_tests.datasets.test_pixel_csv import (
    N_SMALL,
    as_dict,
    read,
    reader_settings,
)
from emotion_pipeline_tests.raw_fakes import fer2013 as fake
from emotion_pipeline_tests.raw_fakes.fer2013 import STYLES

NUMBER = rb"(?:[0-9]|[1-9][0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])"


def reference(data, style, n_pixels):
    """Row number to (code, usage, pixels), or to None where the row breaks the grammar."""
    blank = rb" ?" if ", " in style.header else rb""
    field = blank + rb'(?P<%sq>"?)(?P<%s>%s)(?P=%sq)'
    named = {
        "emotion": field % (b"e", b"emotion", rb"[0-6]", b"e"),
        "usage": field % (b"u", b"usage", rb"Training|PublicTest|PrivateTest", b"u"),
        "pixels": field
        % (b"p", b"pixels", NUMBER + rb"(?: %s){%d}" % (NUMBER, n_pixels - 1), b"p"),
    }
    order = [name.strip(' "').lower() for name in style.header.split(",")]
    grammar = re.compile(b",".join(named[name] for name in order))
    *ended, rest = data.split(b"\n")
    lines = [line.removesuffix(b"\r") for line in ended] + [rest]
    found = [grammar.fullmatch(line) for line in lines if line.strip()]
    return {
        row: match
        and (
            int(match["emotion"]),
            match["usage"].decode(),
            tuple(map(int, match["pixels"].split(b" "))),
        )
        for row, match in enumerate(found)
    }


@st.composite
def one_byte_changes(draw):
    """A function of bytes that replaces, deletes or inserts one byte anywhere."""
    place = draw(st.floats(0, 1, exclude_max=True))
    telling = st.sampled_from(list(b'0123456789 ,"\n\r\tTP-.+'))
    byte = bytes([draw(telling | st.integers(0, 255))])
    kept, put = draw(st.sampled_from([(1, byte), (1, b""), (0, byte)]))

    def change(data):
        at = int(place * len(data))
        return data[:at] + put + data[at + kept :]

    return change


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("corrupted")


def assert_as_the_reference_reads(folder, change, style, n_pixels):
    header, *lines = fake.content(
        [fake.line(picture, style) for picture in fake.pictures(8, n_pixels=n_pixels)], style
    ).splitlines(keepends=True)
    data = change(b"".join(lines))
    expected = reference(data, style, n_pixels)
    rows, rejects = read(folder, header + data)
    assert as_dict(rows) == {row: value for row, value in expected.items() if value}
    assert [reject.row for reject in rejects] == [row for row in expected if not expected[row]]


@settings(max_examples=400, deadline=None)
@given(one_byte_changes(), st.sampled_from(list(STYLES.values())), st.sampled_from([40, 2 << 20]))
def test_one_wrong_byte_never_gives_other_rows_than_the_grammar_does(
    folder, change, style, block_bytes
):
    with reader_settings(N_SMALL, block_bytes):
        assert_as_the_reference_reads(folder, change, style, N_SMALL)


@settings(max_examples=40, deadline=None)
@given(one_byte_changes(), st.sampled_from(list(STYLES.values())))
def test_one_wrong_byte_in_a_file_of_full_size_never_gives_other_rows(folder, change, style):
    assert_as_the_reference_reads(folder, change, style, fake.N_PIXELS)
