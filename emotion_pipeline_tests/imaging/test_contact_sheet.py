import cv2
import numpy as np
import pytest

from emotion_pipeline.imaging.contact_sheet import (
    GAP_PX,
    MAX_BYTES,
    PAPER,
    TILE_PX,
    contact_sheet,
)


def decoded(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def test_pictures_stand_row_by_row_on_paper():
    dark, bright = np.full((48, 48), 10, np.uint8), np.full((48, 48), 200, np.uint8)
    sheet = decoded(contact_sheet([dark, bright, bright], n_columns=2))
    step = TILE_PX + GAP_PX
    assert sheet.shape == (2 * step + GAP_PX, 2 * step + GAP_PX)
    middles = [sheet[row * step + 40, column * step + 40] for row in (0, 1) for column in (0, 1)]
    assert middles == [10, 200, 200, PAPER]


def test_colours_and_proportions_are_kept():
    red = np.zeros((100, 50, 3), np.uint8)
    red[..., 0] = 255
    sheet = decoded(contact_sheet([red], n_columns=1))
    assert (sheet[GAP_PX + 5, GAP_PX + 5] == (0, 0, 255)).all()  # OpenCV reads blue first
    assert (sheet[GAP_PX + 5, GAP_PX + TILE_PX // 2 + 5] == PAPER).all()


def test_no_pictures_give_an_empty_sheet():
    assert (decoded(contact_sheet([])) == PAPER).all()


@pytest.mark.parametrize(("n", "tile_px"), [(24, 72), (8, 144)])
def test_a_sheet_of_colour_noise_is_small_enough_for_the_event_log(n, tile_px):
    rng = np.random.default_rng(0)
    pictures = list(rng.integers(0, 256, (n, tile_px, tile_px, 3), dtype=np.uint8))
    pictures[0][:] = (255, 0, 0)
    png = contact_sheet(pictures, tile_px=tile_px)
    assert len(png) < MAX_BYTES
    sheet = decoded(png).astype(int)
    height_px, width_px = sheet.shape[:2]
    assert height_px / width_px == pytest.approx(n / 8 / 8, rel=0.1)
    blue, green, red = sheet[width_px // 16, width_px // 16]
    assert red > 200 > 60 > max(blue, green)


def test_what_is_small_enough_loses_nothing():
    rng = np.random.default_rng(0)
    gray = [rng.integers(0, 256, (48, 48), dtype=np.uint8) for _ in range(24)]
    colour = [rng.integers(0, 256, (48, 48, 3), dtype=np.uint8) for _ in range(4)]
    for pictures in (gray, colour):
        sheet = decoded(contact_sheet(pictures, tile_px=48))
        first = sheet[GAP_PX : GAP_PX + 48, GAP_PX : GAP_PX + 48]
        assert (first == pictures[0][..., ::-1] if first.ndim == 3 else first == pictures[0]).all()
