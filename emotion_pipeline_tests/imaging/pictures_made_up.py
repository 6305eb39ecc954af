"""Encoded pictures of every kind, made by another library, and their parts."""

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

WIDTH_PX, HEIGHT_PX = 56, 40
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def photo():
    corners = np.array([[[250, 10, 20], [10, 240, 20]], [[5, 15, 230], [200, 200, 30]]], np.uint8)
    return Image.fromarray(cv2.resize(corners, (WIDTH_PX, HEIGHT_PX)))


def saved(picture, form, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def jpeg(mode="RGB", **options):
    return saved(photo().convert(mode), "JPEG", quality=95, **options)


def png(mode, **options):
    return saved(photo().convert(mode), "PNG", **options)


def palette(bits, **options):
    return saved(photo().quantize(2**bits), "PNG", bits=bits, **options)


def deep_png(*shape):
    values = np.random.default_rng(3).integers(0, 65_536, shape, dtype=np.uint16)
    return cv2.imencode(".png", values)[1].tobytes()


def animated(**options):
    rng = np.random.default_rng(4)
    frames = [Image.fromarray(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)) for _ in range(3)]
    data = saved(frames[0], "PNG", save_all=True, append_images=frames[1:], **options)
    return data, [np.asarray(frame) for frame in frames]


def chunk(name, content):
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


def chunks(data):
    position, found = len(SIGNATURE), []
    while position < len(data):
        (n_bytes,) = struct.unpack_from(">I", data, position)
        content = data[position + 8 : position + 8 + n_bytes]
        found.append((data[position + 4 : position + 8], content))
        position += n_bytes + 12
    return found


def joined(parts):
    return SIGNATURE + b"".join(chunk(name, content) for name, content in parts)


def claim(bits, color_type, width_px=10, height_px=10):
    return SIGNATURE + chunk(
        b"IHDR", struct.pack(">IIBBBBB", width_px, height_px, bits, color_type, 0, 0, 0)
    )


def with_frame(data, offset, values):
    """The JPEG with other bytes at a place of its frame header."""
    start = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2")) + offset
    return data[:start] + values + data[start + len(values) :]


KINDS = {
    "gray JPEG": (jpeg("L"), "gray"),
    "colour JPEG": (jpeg(), "rgb"),
    "CMYK JPEG": (jpeg("CMYK"), "cmyk"),
    "progressive JPEG": (jpeg(progressive=True), "rgb"),
    "gray progressive JPEG": (jpeg("L", progressive=True), "gray"),
    "progressive CMYK JPEG": (jpeg("CMYK", progressive=True), "cmyk"),
    "JPEG with restart markers": (jpeg(restart_marker_blocks=1), "rgb"),
    "black and white PNG": (png("1"), "gray"),
    "gray PNG": (png("L"), "gray"),
    "gray PNG, transparent": (png("LA"), "gray_alpha"),
    "colour PNG": (png("RGB"), "rgb"),
    "colour PNG, transparent": (png("RGBA"), "rgba"),
    **{f"palette PNG of {bits} bits": (palette(bits), "palette") for bits in (1, 2, 4, 8)},
    **{
        f"palette PNG of {bits} bits, transparent": (palette(bits, transparency=0), "palette")
        for bits in (1, 2, 4, 8)
    },
}
