import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from emotion_pipeline.imaging.codec import (
    Header,
    Measured,
    decode,
    decode_gray,
    measure,
    measure_pixels,
    read_header,
)
from emotion_pipeline_tests.imaging.pictures_made_up import (
    HEIGHT_PX,
    KINDS,
    WIDTH_PX,
    animated,
    deep_png,
    jpeg,
    photo,
    saved,
)

ORIENTATION = 0x0112


@pytest.mark.parametrize(("data", "mode"), KINDS.values(), ids=KINDS.keys())
def test_header_and_measured_picture_are_what_another_library_finds(data, mode):
    assert read_header(data) == Header(WIDTH_PX, HEIGHT_PX, mode)
    with Image.open(io.BytesIO(data)) as opened:
        colours = np.asarray(opened.convert("RGB")).astype(int)
    mine = decode(data)
    assert mine.ndim == (2 if mode == "gray" else 3)
    difference = np.abs((mine if mine.ndim == 3 else mine[..., None]) - colours)
    assert difference.mean() <= 1.5
    gray = decode_gray(data)
    assert measure(data) == Measured(
        WIDTH_PX,
        HEIGHT_PX,
        mode,
        int(gray.min()),
        int(gray.max()),
        pytest.approx(float(gray.std()), rel=1e-6),
    )


@pytest.mark.parametrize(
    ("shape", "mode"), [((9, 7), "gray16"), ((9, 7, 3), "rgb16"), ((9, 7, 4), "rgb16")]
)
def test_16_bits_are_named_and_measured_by_their_upper_byte(shape, mode):
    data = deep_png(*shape)
    assert read_header(data) == Header(7, 9, mode)
    found = measure(data)
    assert found[:3] == (7, 9, mode)
    assert 0 <= found.pixel_min < found.pixel_max <= 255


def test_cmyk_without_a_note_of_adobe_is_read_by_adobes_convention_too():
    data = jpeg("CMYK")
    start = data.index(b"\xff\xee")
    (n_bytes,) = struct.unpack_from(">H", data, start + 2)
    bare = data[:start] + data[start + 2 + n_bytes :]
    assert b"Adobe" in data
    assert b"Adobe" not in bare
    np.testing.assert_array_equal(decode(bare), decode(data))
    assert np.abs(decode(bare).astype(int) - np.asarray(photo())).mean() < 4


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_header_has_the_stored_size_and_the_measured_picture_the_upright_one(form, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = saved(photo(), form, exif=exif)
    with Image.open(io.BytesIO(data)) as opened:
        upright = np.asarray(ImageOps.exif_transpose(opened))
    assert read_header(data)[:2] == (WIDTH_PX, HEIGHT_PX)
    assert measure(data)[:2] == (upright.shape[1], upright.shape[0])
    assert measure(data)[:2] == (
        (WIDTH_PX, HEIGHT_PX) if orientation < 5 else (HEIGHT_PX, WIDTH_PX)
    )
    assert np.abs(decode(data).astype(int) - upright).mean() < 1


def test_gray_values_are_measured_without_a_file():
    pixels = np.array([[10, 20, 30], [10, 20, 30]], np.uint8)
    assert measure_pixels(pixels) == Measured(
        3, 2, "gray", 10, 30, pytest.approx(200**0.5 / 3**0.5)
    )
    assert measure_pixels(np.zeros((5, 4), np.uint8)) == Measured(4, 5, "gray", 0, 0, 0.0)


@pytest.mark.parametrize("default_image", [False, True])
def test_of_an_animated_png_the_picture_is_read_that_viewers_without_animation_show(default_image):
    data, frames = animated(default_image=default_image)
    assert b"acTL" in data
    np.testing.assert_array_equal(decode(data), frames[0])
    assert measure(data)[:3] == (24, 20, "rgb")
