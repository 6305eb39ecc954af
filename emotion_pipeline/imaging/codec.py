"""Between encoded bytes and arrays of pixels: the one place where pictures are decoded.

Bytes come from strangers. The header is read before anything is decoded, so a picture that claims
to be enormous costs nothing. A file that was cut off is noticed, and so is damage in a PNG, which
has checksums. Damage inside the pixels of a JPEG that still has its end is not: the decoder fills
up what it lacks with gray, and OpenCV does not tell.
"""

import struct
from typing import NamedTuple

import cv2
import numpy as np

MAX_BYTES = 64 << 20
MAX_PIXELS = 64_000_000

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_FIRST_CHUNK = b"\x00\x00\x00\rIHDR"
_PNG_ANIMATION = frozenset((b"acTL", b"fcTL", b"fdAT"))
_JPEG_SIGNATURE = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"

# Start-of-frame markers: 0xC0 to 0xCF without the tables that share the range (DHT, JPG, DAC).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

_JPEG_BITS = 8
_JPEG_MODES = {1: "gray", 3: "rgb", 4: "cmyk"}  # by number of components
_PNG_MODES = {0: "gray", 2: "rgb", 3: "palette", 4: "gray_alpha", 6: "rgba"}  # by color type
_PNG_BITS = {"gray": (1, 2, 4, 8, 16), "palette": (1, 2, 4, 8)}  # 8 or 16 for the others
COLOR_MODES = (*_JPEG_MODES.values(), "palette", "gray_alpha", "rgba", "gray16", "rgb16")

# Filtered but not compressed: the Parquet pages of the lake are compressed anyway. That is several
# times as quick as compressing each picture, for 4 % more bytes (docs/benchmarks.md).
_PNG_OPTIONS = (
    cv2.IMWRITE_PNG_COMPRESSION,
    0,
    cv2.IMWRITE_PNG_FILTER,
    cv2.IMWRITE_PNG_FILTER_AVG,
)


class UndecodableImage(ValueError):
    """Bytes that are no usable picture; the message says why."""


class Header(NamedTuple):
    """What the header of a picture claims: its size as stored, before it is turned upright, and
    one of `COLOR_MODES`; 16 stands for 16 bits a value, with or without transparency."""

    width_px: int
    height_px: int
    color_mode: str


class Measured(NamedTuple):
    """What was found when a picture was decoded: its upright size, its color mode as stored, and
    the lowest, the highest and the standard deviation of its gray values, 0 to 255."""

    width_px: int
    height_px: int
    color_mode: str
    pixel_min: int
    pixel_max: int
    pixel_sd: float


def measure(data: bytes) -> Measured:
    """Decode a picture to see that it can be decoded and what it holds.

    Raises UndecodableImage as `decode_gray` does.
    """
    return measure_pixels(decode_gray(data), read_header(data).color_mode)


def measure_pixels(gray: np.ndarray, color_mode: str = "gray") -> Measured:
    """The same of gray values (height, width) uint8."""
    low, high, _, _ = cv2.minMaxLoc(gray)
    _, sd = cv2.meanStdDev(gray)
    height_px, width_px = gray.shape
    return Measured(width_px, height_px, color_mode, int(low), int(high), float(sd[0, 0]))


def decode_gray(data: bytes) -> np.ndarray:
    """Decode a PNG or JPEG to gray.

    Returns (height, width) uint8, turned upright where EXIF says how. Colour is weighted as in
    `grayscale.to_gray`; 16-bit values keep their upper byte.
    Raises UndecodableImage for anything but a whole PNG or JPEG within MAX_BYTES and MAX_PIXELS.
    """
    return _decode(data, cv2.IMREAD_GRAYSCALE)


def decode(data: bytes) -> np.ndarray:
    """Decode a PNG or JPEG as it is.

    Returns (height, width) uint8 for a gray picture and (height, width, 3) uint8 RGB for any
    other, turned upright where EXIF says how; transparency is dropped, 16-bit values keep their
    upper byte. Raises UndecodableImage as `decode_gray` does.
    """
    image = _decode(data, cv2.IMREAD_ANYCOLOR)
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def encode_png(image: np.ndarray) -> bytes:
    """Encode (height, width) gray or (height, width, 3) RGB uint8 as PNG, without loss.

    Raises ValueError for any other shape or dtype, and for a picture without pixels.
    """
    is_picture = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype != np.uint8 or not is_picture or image.size == 0:
        raise ValueError(f"not a gray or RGB uint8 picture: {image.dtype} {image.shape}")
    blue_first = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", blue_first, _PNG_OPTIONS)[1].tobytes()


def _decode(data: bytes, flags: int) -> np.ndarray:
    _refuse_oversized(data)
    try:
        image = cv2.imdecode(np.frombuffer(_still(data), np.uint8), flags)
    except cv2.error as error:
        raise UndecodableImage(f"the decoder gave up: {error.err}") from error
    if image is None:
        raise UndecodableImage(f"damaged or cut off: {len(data)} bytes, starting {data[:8]!r}")
    return image


def _refuse_oversized(data: bytes) -> None:
    if not data:
        raise UndecodableImage("empty: no bytes at all")
    if len(data) > MAX_BYTES:
        raise UndecodableImage(f"too large: {len(data)} bytes, at most {MAX_BYTES} are read")
    width_px, height_px, _ = read_header(data)
    if not 0 < width_px * height_px <= MAX_PIXELS:
        raise UndecodableImage(
            f"unacceptable size: {width_px} x {height_px} px, 1 to {MAX_PIXELS} pixels are read"
        )


def _still(data: bytes) -> bytes:
    """The picture without its animation, as viewers that know of none show it.

    OpenCV 5.0 takes the whole process down on some damaged animated PNGs.
    """
    if not data.startswith(_PNG_SIGNATURE) or b"acTL" not in data:
        return data
    kept, position = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    while position < len(data):
        content = position + 8
        end = content + int.from_bytes(data[position : position + 4]) + 4
        if data[position + 4 : content] not in _PNG_ANIMATION:
            kept.append(data[position:end])
        position = end
    return b"".join(kept)


def read_header(data: bytes) -> Header:
    """What a PNG or JPEG claims to be, without decoding it; UndecodableImage for anything else."""
    try:
        if data.startswith(_PNG_SIGNATURE + _PNG_FIRST_CHUNK):
            return _png_header(data)
        if data.startswith(_JPEG_SIGNATURE):
            return _jpeg_header(data)
    except (struct.error, IndexError) as error:
        raise UndecodableImage(f"cut off within the header: {len(data)} bytes") from error
    raise UndecodableImage(f"neither PNG nor JPEG: starts with {data[:8]!r}")


def _png_header(data: bytes) -> Header:
    width_px, height_px, bits, color_type = struct.unpack_from(">IIBB", data, 16)
    mode = _PNG_MODES.get(color_type)
    if mode is None or bits not in _PNG_BITS.get(mode, (8, 16)):
        raise UndecodableImage(f"damaged: PNG color type {color_type} with {bits} bits")
    return Header(width_px, height_px, mode if bits < 16 else f"{_without_alpha(mode)}16")


def _without_alpha(mode: str) -> str:
    return {"gray_alpha": "gray", "rgba": "rgb"}.get(mode, mode)


def _jpeg_header(data: bytes) -> Header:
    """From the first frame header, found by walking over the segments before it."""
    position = 2
    while data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte before a marker
            position += 1
            continue
        if marker in _JPEG_FRAMES:
            if data.rfind(_JPEG_END, position) < 0:
                raise UndecodableImage("cut off: the JPEG has no end")
            bits, height_px, width_px, n_components = struct.unpack_from(
                ">BHHB", data, position + 4
            )
            if bits != _JPEG_BITS:
                raise UndecodableImage(f"JPEG with {bits} bits a value, {_JPEG_BITS} are read")
            if n_components not in _JPEG_MODES:
                raise UndecodableImage(f"damaged: JPEG with {n_components} color components")
            return Header(width_px, height_px, _JPEG_MODES[n_components])
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    raise UndecodableImage(f"damaged: no JPEG marker at byte {position}")
