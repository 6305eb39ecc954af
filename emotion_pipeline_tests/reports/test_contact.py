"""Photographs on pages, and on contact sheets."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from emotion_pipeline.reports.parts import contact
from emotion_pipeline.reports.parts.figures import MAX_BYTES


def captioned(picture, name="fear → surprise"):
    return contact.Captioned(picture, f"somebody: {name}", name, "somebody")


def pixels(png):
    return np.asarray(Image.open(BytesIO(png)))


def test_captions_stand_by_their_pictures_in_their_order():
    flat = [np.full((8, 8), 60 * number, np.uint8) for number in range(3)]
    strip = contact.strip("Three", [captioned(one, f"no {one[0, 0]}") for one in flat])
    assert strip.label == "Three"
    for thumbnail, one in zip(strip.thumbnails, flat, strict=True):
        shown = np.asarray(Image.open(BytesIO(thumbnail.png)).convert("L"))
        np.testing.assert_array_equal(shown, one)
        assert (thumbnail.name, thumbnail.note) == (f"no {one[0, 0]}", "somebody")
        assert thumbnail.alt == f"somebody: no {one[0, 0]}"


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((192, 96), (96, 48)),
        ((50, 200, 3), (24, 96, 3)),
        ((1, 1000), (1, 96)),
        ((48, 48), (48, 48)),
        ((2, 3, 3), (2, 3, 3)),
    ],
)
def test_large_pictures_shrink_whole_and_small_ones_stay(shape, expected):
    assert contact.shrunk(np.zeros(shape, np.uint8), 96).shape == expected


def test_a_sheet_of_large_noise_stays_below_the_limit():
    rng = np.random.default_rng(0)
    pictures = [captioned(rng.integers(0, 256, (200, 200, 3), np.uint8)) for _ in range(24)]
    png = contact.sheet(pictures)
    assert len(png) < MAX_BYTES
    assert pixels(png).shape[1] > 200


def test_gray_and_colour_pictures_share_a_sheet():
    gray, red = np.full((9, 9), 128, np.uint8), np.full((9, 9, 3), (255, 0, 0), np.uint8)
    sheet = np.asarray(Image.open(BytesIO(contact.sheet([captioned(gray), captioned(red)]))))
    found = {tuple(one) for one in sheet.reshape(-1, 3)}
    assert {(128, 128, 128), (255, 0, 0)} <= found
