"""Which pictures are shown, and that they stay small."""

from io import BytesIO

import numpy as np
import pandas as pd
from PIL import Image

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.exploration import pictures, render
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline_tests.reports import explored_made_up as made_up


def names(rows):
    return rows["sample_id"].tolist()


def thumbnails(section):
    return [one for strip in section.strips for one in strip.thumbnails]


def test_six_of_each_class_are_chosen_whatever_the_order_of_the_rows():
    rows = made_up.samples(420)
    chosen = pictures.chosen(made_up.explored(rows))
    assert list(chosen) == list(made_up.SEVEN)
    for label, some in chosen.items():
        assert some["emotion"].tolist() == [label] * 6
    turned = pictures.chosen(made_up.explored(rows.iloc[::-1].reset_index(drop=True)))
    assert [names(some) for some in turned.values()] == [names(some) for some in chosen.values()]


def test_the_choice_is_spread_over_the_table():
    chosen = pictures.chosen(made_up.explored(made_up.samples(70_000, ("fear",))))
    places = [int(name.removeprefix("made-")) for name in names(chosen["fear"])]
    assert max(places) - min(places) > 10_000


def test_small_and_missing_classes_are_shown_as_far_as_they_go():
    rows = made_up.samples(30, ("fear", None))
    rows = rows[(rows["emotion"] != "fear") | (np.arange(30) < 4)]
    chosen = pictures.chosen(made_up.explored(rows))
    assert {label: len(some) for label, some in chosen.items()} == {"fear": 2, "none given": 6}


def test_without_classes_twenty_four_are_chosen():
    chosen = pictures.chosen(made_up.explored(made_up.samples(100, ()), emotions=()))
    assert [len(some) for some in chosen.values()] == [24]


def test_the_flattest_come_lowest_first():
    rows = made_up.samples(100, pixel_sd=np.arange(100, 0, -1, dtype=np.float32))
    assert names(pictures.flattest(rows)) == [f"made-{row:06d}" for row in range(99, 87, -1)]


def test_pictures_that_cannot_be_had_are_left_out():
    gone = pictures.chosen(made_up.explored())["fear"]["sample_id"].iloc[0]

    def some(wanted):
        return {name: one for name, one in made_up.mosaics(wanted).items() if name != gone}

    section, sheets = pictures.section(made_up.explored(pictures=some))
    assert gone not in [one.name for one in thumbnails(section)]
    assert set(sheets) == {"pictures", "flattest"}
    nothing = render(made_up.explored(pictures=lambda _: {}))
    assert "pictures" not in nothing.figures
    assert "<h2>Pictures</h2>" not in nothing.html


def test_sheets_of_eight_classes_of_large_noise_stay_below_the_limit():
    rng = np.random.default_rng(1)

    def large(wanted):
        return {name: rng.integers(0, 256, (300, 300, 3), np.uint8) for name in wanted}

    rows = made_up.samples(420, EMOTIONS)
    _, sheets = pictures.section(made_up.explored(rows, emotions=EMOTIONS, pictures=large))
    assert all(len(png) < MAX_BYTES for png in sheets.values())
    assert Image.open(BytesIO(sheets["pictures"])).width > 200


def test_boxes_are_framed_where_they_are_on_the_smaller_picture():
    face = {"left_px": 200, "top_px": 400, "right_px": 240, "bottom_px": 440}
    rows = made_up.samples(3, (), boxes=pd.Series([[face]] * 3))

    def night(wanted):
        return {name: np.zeros((720, 1280), np.uint8) for name in wanted}

    section, _ = pictures.section(made_up.explored(rows, emotions=(), pictures=night))
    picture = np.asarray(Image.open(BytesIO(thumbnails(section)[0].png)).convert("RGB"))
    assert picture.shape == (180, 320, 3)
    framed = np.argwhere(picture[..., 0] > 100)
    assert framed.min(axis=0).tolist() == [99, 49]
    assert framed.max(axis=0).tolist() == [110, 60]
    assert picture[102:108, 52:58].max() == 0


def test_gray_and_tiny_pictures_keep_their_pixels():
    tiny = np.arange(4, dtype=np.uint8).reshape(2, 2) * 80

    def some(wanted):
        return dict.fromkeys(wanted, tiny)

    section, _ = pictures.section(made_up.explored(pictures=some))
    shown = np.asarray(Image.open(BytesIO(thumbnails(section)[0].png)).convert("L"))
    np.testing.assert_array_equal(shown, tiny)
