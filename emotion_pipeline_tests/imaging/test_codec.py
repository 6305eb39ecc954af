import struct
import zlib

import cv2
import numpy as np
import pytest

from emotion_pipeline.imaging import codec
from emotion_pipeline.imaging.codec import UndecodableImage, decode, decode_gray, encode_png
from emotion_pipeline.imaging.grayscale import to_gray

RED, GREEN, BLUE = (250, 10, 20), (10, 240, 20), (5, 15, 230)

# EXIF of one entry, orientation (tag 0x0112) 6: the camera was turned by a quarter.
EXIF_QUARTER_TURN = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"


def noise(*shape):
    return np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)


def smooth_rgb(height=40, width=56):
    corners = np.array([[RED, GREEN], [BLUE, RED]], dtype=np.uint8)
    return cv2.resize(corners, (width, height))


def jpeg(image):
    blue_first = image if image.ndim == 2 else image[..., ::-1]
    return cv2.imencode(".jpg", blue_first, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def png_header(width_px, height_px):
    """A PNG that is nothing but its claim of a size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width_px, height_px, 8, 0, 0, 0, 0)
    checksum = struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + checksum


def with_segment(data, segment):
    """The JPEG with an APP1 segment right behind its start."""
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


@pytest.mark.parametrize("shape", [(48, 48), (1, 1), (7, 31), (33, 20, 3), (1, 2, 3)])
def test_png_returns_every_pixel(shape):
    image = noise(*shape)
    np.testing.assert_array_equal(decode(encode_png(image)), image)


def test_png_accepts_views_that_are_not_contiguous():
    image = noise(40, 30, 3)[::2, ::-1]
    np.testing.assert_array_equal(decode(encode_png(image)), image)


def test_png_holds_red_where_the_array_had_red():
    image = np.full((4, 4, 3), RED, dtype=np.uint8)
    stored = cv2.imdecode(np.frombuffer(encode_png(image), np.uint8), cv2.IMREAD_COLOR)
    assert tuple(stored[0, 0]) == RED[::-1]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 1), np.uint8),
        np.zeros((0, 4), np.uint8),
    ],
)
def test_png_refuses_what_is_no_picture(image):
    with pytest.raises(ValueError, match="not a gray or RGB uint8 picture"):
        encode_png(image)


def test_jpeg_colours_come_back_as_rgb():
    image = smooth_rgb()
    difference = np.abs(decode(jpeg(image)).astype(int) - image)
    assert difference.mean() < 4


def test_gray_stays_gray_and_colour_becomes_luma():
    gray, colour = noise(20, 24), smooth_rgb()
    assert decode(jpeg(gray)).shape == (20, 24)
    np.testing.assert_array_equal(decode_gray(encode_png(gray)), gray)
    luma = decode_gray(encode_png(colour)).astype(int)
    assert np.abs(luma - to_gray(colour)).max() <= 1


def test_transparency_and_16_bits_are_reduced():
    transparent = cv2.imencode(".png", noise(8, 9, 4))[1].tobytes()
    deep = cv2.imencode(".png", np.full((8, 9), 0x8041, np.uint16))[1].tobytes()
    assert decode(transparent).shape == (8, 9, 3)
    assert decode(deep).dtype == np.uint8
    assert (decode(deep) == 0x80).all()


@pytest.mark.parametrize("read", [decode, decode_gray])
def test_exif_orientation_turns_the_picture_upright(read):
    image = smooth_rgb(40, 56)
    turned = read(with_segment(jpeg(image), EXIF_QUARTER_TURN))
    expected = np.rot90(read(jpeg(image)), k=-1)
    np.testing.assert_array_equal(turned, expected)


@pytest.mark.parametrize("read", [decode, decode_gray])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, this is text", "neither PNG nor JPEG"),
        (b"GIF89a" + bytes(40), "neither PNG nor JPEG"),
        (b"\x89PNG\r\n\x1a\n", "neither PNG nor JPEG"),
        (png_header(10, 10)[:20], "cut off"),
        (png_header(10, 10), "damaged or cut off"),
        (png_header(0, 10), "unacceptable size"),
        (png_header(100_000, 100_000), "unacceptable size"),
        (b"\xff\xd8\xff", "cut off"),
        (b"\xff\xd8\xff\xe0\x00\x02\x00\x00\x00\x00", "damaged"),
        (b"\xff\xd8" + b"\xff" * 50, "cut off"),
        (jpeg(noise(40, 40))[:-2], "cut off"),
    ],
)
def test_unusable_bytes_are_refused_with_the_reason(read, data, reason):
    with pytest.raises(UndecodableImage, match=reason):
        read(data)


def test_every_way_to_cut_a_file_short_is_noticed():
    for data in (encode_png(noise(24, 24)), jpeg(noise(24, 24))):
        for length in range(len(data) - 12):
            with pytest.raises(UndecodableImage):
                decode(data[:length])


def test_a_changed_byte_in_png_pixels_is_noticed():
    data = bytearray(encode_png(noise(24, 24)))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(UndecodableImage, match="damaged"):
        decode(bytes(data))


def test_a_jpeg_that_claims_to_be_enormous_is_not_decoded(monkeypatch):
    data = jpeg(noise(16, 16))
    frame = data.index(b"\xff\xc0")
    data = data[: frame + 5] + struct.pack(">HH", 60_000, 60_000) + data[frame + 9 :]
    monkeypatch.setattr(cv2, "imdecode", None)
    with pytest.raises(UndecodableImage, match="60000 x 60000"):
        decode(data)


def test_more_bytes_than_allowed_are_refused(monkeypatch):
    data = encode_png(noise(8, 8))
    monkeypatch.setattr(codec, "MAX_BYTES", len(data))
    assert decode(data).shape == (8, 8)
    with pytest.raises(UndecodableImage, match="too large"):
        decode(data + b"\0")


def test_random_damage_never_raises_anything_else():
    rng = np.random.default_rng(11)
    for data in (encode_png(noise(20, 20, 3)), jpeg(smooth_rgb())):
        for _ in range(200):
            damaged = np.frombuffer(data, np.uint8).copy()
            damaged[rng.integers(0, len(data), 3)] = rng.integers(0, 256, 3)
            try:
                image = decode(damaged.tobytes())
            except UndecodableImage:
                continue
            assert image.dtype == np.uint8
