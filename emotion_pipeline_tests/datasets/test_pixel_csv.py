import re
import tracemalloc
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from emotion_pipeline.datasets import pixel_csv
from emotion_pipeline.datasets.raw_files import SourceRefused
from emotion_pipeline_tests.raw_fakes import fer2013 as fake
from emotion_pipeline_tests.raw_fakes.fer2013 import ICML, KAGGLE, STYLES

USES = ("Training", "PublicTest", "PrivateTest")
BOTH_ORDERS = pytest.mark.parametrize("style", [KAGGLE, ICML], ids=["kaggle", "icml"])
N_SMALL = 5


@contextmanager
def reader_settings(n_pixels=fake.N_PIXELS, block_bytes=pixel_csv.BLOCK_BYTES):
    """Smaller pictures make a reader of the same rules that can be asked a thousand times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pixel_csv, "N_PIXELS", n_pixels)
        patch.setattr(pixel_csv, "_N_SEPARATORS", n_pixels + 2)
        patch.setattr(pixel_csv, "BLOCK_BYTES", block_bytes)
        yield


def read(folder, content):
    path = folder / "fer2013.csv"
    path.write_bytes(content)
    blocks, rejects = pixel_csv.read(path)
    columns = zip(*(vars(rows).values() for rows in blocks), strict=True)
    return pixel_csv.PixelRows(*map(np.concatenate, columns)), rejects


def as_dict(rows):
    """Row number to (code, usage, pixels)."""
    return {
        int(position): (int(code), USES[use], tuple(pixels.tolist()))
        for position, code, use, pixels in zip(*vars(rows).values(), strict=True)
    }


def of(picture):
    return picture.code, picture.usage, tuple(picture.pixels.tolist())


def written(pictures, *left_out):
    return {row: of(picture) for row, picture in enumerate(pictures) if row not in left_out}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_every_form_of_the_file_gives_the_same_rows(tmp_path, style):
    pictures = fake.pictures()
    lines = [fake.line(picture, style) for picture in pictures]
    rows, rejects = read(tmp_path, fake.content(lines, style))
    assert rejects == []
    assert as_dict(rows) == written(pictures)
    assert {tuple(rows.position.tolist())} == {tuple(range(len(pictures)))}
    assert (rows.pixels.dtype, rows.pixels.shape) == (np.uint8, (len(pictures), fake.N_PIXELS))


def with_pixel(number, text):
    """A change of one line: the pixel of that number becomes the text."""

    def change(line):
        head, pixels, tail = re.fullmatch(rb"(\d,(?:\w+,)?)([\d ]+)((?:,\w+)?)", line).groups()
        values = pixels.split(b" ")
        values[number : number + 1] = [text] if text is not None else []
        return head + b" ".join(values) + tail

    return change


def with_code(text):
    return lambda line: text + line[1:]


def with_usage(text):
    return lambda line: re.sub(rb"Training|PublicTest|PrivateTest", text, line)


SPOILT = {
    "a value too few": ("wrong_pixel_count", with_pixel(7, None)),
    "a value too many": ("wrong_pixel_count", with_pixel(7, b"1 2")),
    "256": ("pixel_out_of_range", with_pixel(7, b"256")),
    "999 as the last value": ("pixel_out_of_range", with_pixel(fake.N_PIXELS - 1, b"999")),
    "a thousand": ("pixel_out_of_range", with_pixel(0, b"1000")),
    "a minus": ("not_a_number", with_pixel(7, b"-1")),
    "a fraction": ("not_a_number", with_pixel(7, b"1.5")),
    "a letter": ("not_a_number", with_pixel(7, b"1O")),
    "a leading zero": ("not_a_number", with_pixel(7, b"07")),
    "two blanks": ("not_a_number", with_pixel(7, b"1 ")),
    "a tab": ("not_a_number", with_pixel(7, b"1\t2")),
    "an Arabic digit": ("not_a_number", with_pixel(7, "\u0663".encode())),
    "a byte that is no UTF-8": ("not_a_number", with_pixel(7, b"\xff")),
    "a NUL": ("not_a_number", with_pixel(7, b"\x00")),
    "a return": ("not_a_number", with_pixel(7, b"1\r2")),
    "code 7": ("unknown_emotion", with_code(b"7")),
    "no code": ("unknown_emotion", with_code(b"")),
    "a code of two digits": ("unknown_emotion", with_code(b"03")),
    "an emotion's name": ("unknown_emotion", with_code(b"happy")),
    "another usage": ("unknown_usage", with_usage(b"Validation")),
    "a usage in other case": ("unknown_usage", with_usage(b"training")),
    "an empty usage": ("unknown_usage", with_usage(b"")),
    "a field too many": ("wrong_field_count", lambda line: line + b",1"),
    "a field too few": ("wrong_field_count", lambda line: line.rpartition(b",")[0]),
    "another sentence": ("wrong_field_count", lambda _: b"<p>not found</p>"),
}


@pytest.mark.parametrize(("reason", "spoil"), SPOILT.values(), ids=SPOILT.keys())
@BOTH_ORDERS
def test_a_bad_row_is_named_and_every_other_row_is_read(tmp_path, style, reason, spoil):
    pictures = fake.pictures(8)
    lines = [fake.line(picture, style) for picture in pictures]
    for row in (0, 4):
        lines[row] = spoil(lines[row])
    rows, rejects = read(tmp_path, fake.content(lines, style))
    assert [(reject.source, reject.row, reject.reason) for reject in rejects] == [
        ("fer2013.csv", 0, reason),
        ("fer2013.csv", 4, reason),
    ]
    assert all(reject.detail.isprintable() and len(reject.detail) < 200 for reject in rejects)
    assert as_dict(rows) == written(pictures, 0, 4)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace(b'",', b'"5,', 1),
        lambda line: line.replace(b'",', b'"\r,', 1),
        lambda line: line.replace(b'",', b",", 1),
        lambda line: line.replace(b',"', b",", 1),
        lambda line: line.replace(b" ", b'" "', 1),
        lambda line: line.replace(b" ", b'""', 1),
        lambda line: line.replace(b'",', b" " + b"1" * 200_000 + b'",', 1),
    ],
    ids=[
        "digit after it",
        "return after it",
        "not closed",
        "not opened",
        "twice",
        "doubled",
        "long",
    ],
)
def test_a_row_whose_quotes_are_broken_is_a_reject_and_no_other_pixels(tmp_path, spoil):
    style = replace(KAGGLE, quoted_pixels=True)
    pictures = fake.pictures(4)
    pictures[1].pixels[-1] = 3  # with a digit more it would still be a pixel
    lines = [fake.line(picture, style) for picture in pictures]
    lines[1] = spoil(lines[1])
    rows, rejects = read(tmp_path, fake.content(lines, style))
    assert [reject.row for reject in rejects] == [1]
    assert as_dict(rows) == written(pictures, 1)


def test_rows_with_and_without_quotes_may_stand_in_one_file(tmp_path):
    pictures = fake.pictures(6)
    quoted = replace(KAGGLE, quoted_pixels=True)
    lines = [fake.line(picture, [KAGGLE, quoted][row % 2]) for row, picture in enumerate(pictures)]
    rows, rejects = read(tmp_path, fake.content(lines))
    assert rejects == []
    assert as_dict(rows) == written(pictures)


def test_blank_lines_are_no_rows(tmp_path):
    pictures = fake.pictures(6)
    lines = [fake.line(picture) for picture in pictures]
    lines[2:2] = [b"", b"  ", b"\t"]
    rows, rejects = read(tmp_path, fake.content([b"", *lines, b"", b""]))
    assert rejects == []
    assert as_dict(rows) == written(pictures)


def test_a_last_row_that_is_cut_anywhere_is_truncated_and_all_before_it_are_read(tmp_path):
    pictures = fake.pictures(4, n_pixels=N_SMALL)
    whole = fake.content([fake.line(picture) for picture in pictures])
    last = len(fake.line(pictures[-1])) + 1
    with reader_settings(N_SMALL):
        for cut in range(2, last):
            rows, rejects = read(tmp_path, whole[:-cut])
            assert [(reject.row, reject.reason) for reject in rejects] == [(3, "truncated")]
            assert "ends here" in rejects[0].detail
            assert as_dict(rows) == written(pictures, 3)
        for end in (whole[:-1], whole[:-last]):
            rows, rejects = read(tmp_path, end)
            assert rejects == []
            assert as_dict(rows) == written(pictures[: end.count(b"Test") + end.count(b"Trai")])


def test_only_a_last_row_without_line_end_is_called_truncated(tmp_path):
    lines = [fake.line(picture) for picture in fake.pictures(4)]
    lines[1], lines[3] = lines[1][:500], lines[3][:500]
    _, rejects = read(tmp_path, fake.content(lines))
    assert [(reject.row, reject.reason) for reject in rejects] == [
        (1, "wrong_field_count"),
        (3, "wrong_field_count"),
    ]


HEADER = b"emotion,pixels,Usage\n"
WHOLLY_WRONG = {
    "empty": (b"", "expected a header line"),
    "binary": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "expected a header line"),
    "HTML": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n", "expected a header line"),
    "one endless word": (b"x" * 100_000, "expected a header line"),
    "another CSV": (b"Usage,Image name,neutral\nTraining,fer0000000.png,4\n", "expected a header"),
    "no header": (b"0,70 80 82,Training\n", "expected a header line"),
    "UTF-16": ("emotion,pixels,Usage\n".encode("utf-16"), "expected a header line"),
    "old Macintosh": (HEADER.replace(b"\n", b"\r") + b"0,1 2,Training\r", "expected a header line"),
    "header only": (HEADER, "not one of 0 rows is usable"),
    "blank lines only": (HEADER + b"\n\n \n", "not one of 0 rows is usable"),
    "all rows bad": (HEADER + b"0,1 2 3,Training\n" * 3, "not one of 3 rows .* wrong_pixel_count"),
    "binary after the header": (HEADER + bytes(range(256)), "not one of 2 rows is usable"),
}


@pytest.mark.parametrize(("content", "message"), WHOLLY_WRONG.values(), ids=WHOLLY_WRONG.keys())
def test_a_file_that_is_something_else_is_refused_by_name_and_with_what_was_expected(
    tmp_path, content, message
):
    with pytest.raises(SourceRefused, match=message) as refusal:
        read(tmp_path, content)
    assert str(tmp_path / "fer2013.csv") in str(refusal.value)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_rows_are_the_same_however_the_file_is_cut_into_blocks(tmp_path, style):
    pictures = fake.pictures(12, n_pixels=N_SMALL)
    lines = [fake.line(picture, style) for picture in pictures]
    lines[5] = lines[5].replace(b" ", b"  ", 1)
    content = fake.content(lines, style)
    for block_bytes in (*range(12, 60), 1000):
        with reader_settings(N_SMALL, block_bytes):
            rows, rejects = read(tmp_path, content)
        assert [reject.row for reject in rejects] == [5], block_bytes
        assert as_dict(rows) == written(pictures, 5), block_bytes


def test_a_bad_row_costs_no_other_row_of_full_size_in_blocks_of_a_few_rows(tmp_path):
    pictures = fake.pictures(20)
    lines = [fake.line(picture) for picture in pictures]
    lines[9] = b"nonsense"
    with reader_settings(block_bytes=25_000):
        rows, rejects = read(tmp_path, fake.content(lines))
    assert [reject.row for reject in rejects] == [9]
    assert as_dict(rows) == written(pictures, 9)


@pytest.mark.parametrize("rows_before", [0, 2])
def test_an_endless_line_is_refused_before_it_fills_the_memory(tmp_path, rows_before):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(fake.content([fake.line(picture) for picture in fake.pictures(rows_before)]))
    with path.open("r+b") as file:
        file.truncate(512 << 20)  # a hole: no line feed, and no room on the disk
    tracemalloc.start()
    try:
        with pytest.raises(SourceRefused, match=r"a line of more than .* bytes is no row"):
            pixel_csv.read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 << 20


# What a row is, once more: one regular expression over the whole row.
