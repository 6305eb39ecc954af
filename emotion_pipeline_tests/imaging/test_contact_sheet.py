import cv2
import numpy as np

from emotion_pipeline.imaging.contact_sheet import GAP_PX, PAPER, TILE_PX, contact_sheet


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
