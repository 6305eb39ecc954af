import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_pipeline.imaging.codec import (
    COLOR_MODES,
    Header,
    Measured,
    UndecodableImage,
    decode,
    measure,
    read_header,
)
from emotion_pipeline_tests.imaging.pictures_made_up import (
    HEIGHT_PX,
    KINDS,
    SIGNATURE,
    WIDTH_PX,
    animated,
    chunks,
    claim,
    deep_png,
    joined,
    jpeg,
    palette,
    photo,
    png,
    saved,
    with_frame,
)

DECODE = """
import sys
from emotion_pipeline.imaging.codec import UndecodableImage, decode_gray
try:
    decode_gray(sys.stdin.buffer.read())
except UndecodableImage:
    pass
"""


def outcome(data):
    """What was measured, or why not."""
    try:
        return measure(data)
    except UndecodableImage as refused:
        return str(refused)


@pytest.mark.parametrize("form", ["BMP", "GIF", "WEBP", "TIFF"])
def test_other_formats_are_refused_with_what_is_read(form):
    data = saved(photo(), form)
    for read in (read_header, measure, decode):
        with pytest.raises(UndecodableImage, match="neither PNG nor JPEG"):
            read(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (bytes(4000), "neither PNG nor JPEG"),
        (SIGNATURE + bytes(4000), "neither PNG nor JPEG"),
        (b"\xff\xd8\xff" + bytes(4000), "damaged|cut off"),
        (claim(8, 0), "damaged or cut off"),
        (claim(8, 1), "color type 1"),
        (claim(16, 3), "color type 3 with 16 bits"),
        (claim(4, 2), "color type 2 with 4 bits"),
        (claim(3, 0), "with 3 bits"),
        (claim(8, 0, 0, 7), "unacceptable size: 0 x 7"),
        (claim(8, 0, 2**31 - 1, 2**31 - 1), "unacceptable size"),
        (claim(16, 6, 8_001, 8_000), "unacceptable size: 8001 x 8000"),
        (with_frame(jpeg(), 4, b"\x0c"), "JPEG with 12 bits"),
        (with_frame(jpeg(), 5, b"\0\0"), "unacceptable size"),
        (with_frame(jpeg(), 5, b"\xff\xff\xff\xff"), "unacceptable size: 65535 x 65535"),
        (with_frame(jpeg(), 9, b"\x02"), "2 color components"),
        (with_frame(jpeg(), 1, b"\xc3"), "damaged or cut off"),  # claims to be lossless
        (jpeg()[:-2], "no end"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(data, reason):
    with pytest.raises(UndecodableImage, match=reason):
        measure(data)


@pytest.mark.parametrize("marker", sorted(set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}))
def test_whatever_kind_of_jpeg_is_claimed_it_is_a_picture_or_refused(marker):
    data = with_frame(jpeg(), 1, bytes([marker]))
    assert read_header(data) == Header(WIDTH_PX, HEIGHT_PX, "rgb")
    found = outcome(data)
    assert (
        "damaged" in found if isinstance(found, str) else found[:3] == (WIDTH_PX, HEIGHT_PX, "rgb")
    )


@pytest.mark.parametrize("data", [data for data, _ in KINDS.values()], ids=KINDS.keys())
def test_a_file_cut_off_anywhere_is_refused(data):
    for length in [*range(0, 60), *range(60, len(data) - 12, 37)]:
        with pytest.raises(UndecodableImage):
            measure(data[:length])


def test_a_jpeg_cut_in_its_pixels_that_still_ends_as_one_passes_as_a_picture():
    data = jpeg()
    scan = data.index(b"\xff\xda")
    cut = data[: (scan + len(data)) // 2].rstrip(b"\xff") + b"\xff\xd9"
    assert measure(cut)[:3] == (WIDTH_PX, HEIGHT_PX, "rgb")


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_any_damage_ends_as_a_picture_or_with_a_reason(draw):
    data = bytearray(
        draw.draw(st.sampled_from([*(one for one, _ in KINDS.values()), animated()[0]]))
    )
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    found = outcome(bytes(data))
    assert found
    if isinstance(found, Measured):
        assert found.color_mode in COLOR_MODES
        assert decode(bytes(data)).shape[:2] == (found.height_px, found.width_px)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_png_chunks_in_any_order_end_as_a_picture_or_with_a_reason(draw):
    kinds = [animated()[0], palette(4, transparency=0), png("RGBA"), deep_png(9, 7)]
    parts = chunks(draw.draw(st.sampled_from(kinds)))
    places = draw.draw(st.lists(st.integers(0, len(parts) - 1), max_size=8))
    found = outcome(joined([parts[0], *(parts[place] for place in places)]))
    assert found
    if isinstance(found, Measured):
        assert found.color_mode in COLOR_MODES


@given(st.binary(max_size=300), st.sampled_from([b"", SIGNATURE, claim(8, 0), b"\xff\xd8\xff"]))
@settings(max_examples=200, deadline=None)
def test_bytes_from_strangers_are_refused(tail, start):
    with pytest.raises(UndecodableImage):
        measure(start + tail)


def test_a_damaged_animated_png_does_not_take_the_process_down():
    header, *others, end = chunks(animated(default_image=True)[0])
    for damaged in ([*others[:4], (b"fdAT", b""), *others[4:]], [*others, header, others[-1]]):
        done = subprocess.run(
            [sys.executable, "-c", DECODE], input=joined([header, *damaged, end]), check=False
        )
        assert done.returncode == 0
