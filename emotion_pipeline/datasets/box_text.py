"""Label files of boxes as DarkFace has them: how many there are, then `x1 y1 x2 y2` per line."""

import re

from emotion_pipeline.datasets.base import Unusable

Box = dict[str, int]
"""One value of `schema.BOX`."""

EDGES = ("left_px", "top_px", "right_px", "bottom_px")
_COUNT = re.compile(rb"[ \t]*([0-9]{1,9})[ \t]*")
_BOX = re.compile(rb"[ \t]*" + rb"[ \t]+".join([rb"(-?[0-9]{1,9})"] * len(EDGES)) + rb"[ \t]*")
_SHOWN_BYTES = 40


def parse(text: bytes) -> list[Box]:
    """The boxes of one label file, as they are written: some may lie outside the picture.

    Raises Unusable: `bad_label` for anything but whole numbers in their places, `box_count` where
    the first line does not say how many boxes follow.
    """
    first, *rest = _lines(text)
    (count,) = _numbers(_COUNT, first, 1, "the number of faces")
    found = [
        _numbers(_BOX, line, number, "`x1 y1 x2 y2` in whole pixels")
        for number, line in enumerate(rest, start=2)
    ]
    if len(found) != count:
        raise Unusable("box_count", f"the first line says {count}, but {len(found)} boxes follow")
    return [dict(zip(EDGES, edges, strict=True)) for edges in found]


def clipped(boxes: list[Box], width_px: int, height_px: int) -> list[Box]:
    """What of the boxes lies inside the picture; those of which nothing does are left out."""
    sizes = (width_px, height_px, width_px, height_px)
    inside = [
        {edge: min(max(box[edge], 0), size) for edge, size in zip(EDGES, sizes, strict=True)}
        for box in boxes
    ]
    return [
        box
        for box in inside
        if box["left_px"] < box["right_px"] and box["top_px"] < box["bottom_px"]
    ]


def _lines(text: bytes) -> list[bytes]:
    """At least one; without line ends and without blank lines at the end of the file."""
    return [line.removesuffix(b"\r") for line in text.rstrip(b" \t\r\n").split(b"\n")]


def _numbers(form: re.Pattern[bytes], line: bytes, number: int, expected: str) -> list[int]:
    match = form.fullmatch(line)
    if match is None:
        shown = line[:_SHOWN_BYTES].decode("ascii", "backslashreplace")
        raise Unusable("bad_label", f"line {number}: expected {expected}, found {shown!r}")
    return [int(group) for group in match.groups()]
