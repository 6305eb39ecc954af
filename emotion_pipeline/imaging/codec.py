"""Between encoded bytes and arrays of pixels: the one place where pictures are decoded.

Bytes come from strangers. The header is read before anything is decoded, so a picture that claims
to be enormous costs nothing.
"""

import struct

import cv2
import numpy as np

MAX_BYTES = 64 << 20
MAX_PIXELS = 64_000_000

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_FIRST_CHUNK = b"\x00\x00\x00\rIHDR"
_JPEG_SIGNATURE = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"

# Start-of-frame markers: 0xC0 to 0xCF without the tables that share the range (DHT, JPG, DAC).
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}

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
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
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
    width_px, height_px = _size_in_header(data)
    if not 0 < width_px * height_px <= MAX_PIXELS:
        raise UndecodableImage(
            f"unacceptable size: {width_px} x {height_px} px, 1 to {MAX_PIXELS} pixels are read"
        )


def _size_in_header(data: bytes) -> tuple[int, int]:
    """Width and height that the header claims."""
    try:
        if data.startswith(_PNG_SIGNATURE + _PNG_FIRST_CHUNK):
            return struct.unpack_from(">II", data, 16)
        if data.startswith(_JPEG_SIGNATURE):
            return _size_in_jpeg(data)
    except (struct.error, IndexError) as error:
        raise UndecodableImage(f"cut off within the header: {len(data)} bytes") from error
    raise UndecodableImage(f"neither PNG nor JPEG: starts with {data[:8]!r}")


def _size_in_jpeg(data: bytes) -> tuple[int, int]:
    """Width and height in the first frame header, found by walking over the segments before it."""
    position = 2
    while data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte before a marker
            position += 1
            continue
        if marker in _JPEG_FRAMES:
            if data.rfind(_JPEG_END, position) < 0:
                raise UndecodableImage("cut off: the JPEG has no end")
            height_px, width_px = struct.unpack_from(">HH", data, position + 5)
            return width_px, height_px
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
    raise UndecodableImage(f"damaged: no JPEG marker at byte {position}")
