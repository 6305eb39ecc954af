"""Pictures with boxes: which are shown, and how they are marked."""

from io import BytesIO

import numpy as np
from PIL import Image

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.reports.base import no_pictures
from emotion_pipeline.reports.parts.detection.numbers import Detected
from emotion_pipeline.reports.parts.detection.pictures import (
    MISSED,
    N_CANDIDATES,
    RIGHT,
    WRONG,
    chosen,
    strips,
)
from emotion_pipeline_tests.reports import made_up_detectors as made_up


def test_the_worst_the_middle_and_the_best_of_some_pictures_are_shown():
    one = Detected(made_up.result())
    worst, middle, best = chosen(one)
    assert worst.f1_score <= middle.f1_score <= best.f1_score
    assert worst.f1_score < best.f1_score
    shown = strips(one, made_up.night)
    assert [strip.label.split()[0] for strip in shown] == ["Worst", "Middle", "Best"]


def test_found_wrong_and_missed_faces_are_marked_differently():
    truth = np.array([[100, 100, 200, 200], [400, 100, 500, 200]], np.float32)
    found = np.array([[100, 100, 200, 200], [700, 100, 800, 200]], np.float32)
    detector = made_up.result(n=3)
    rows = detector.predictions
    rows["truth"], rows["boxes"] = [truth] * len(rows), [found] * len(rows)
    rows["scores"] = [np.array([0.9, 0.9])] * len(rows)
    (first, *_) = strips(Detected(detector), made_up.night)
    (thumbnail,) = first.thumbnails
    assert thumbnail.note == "1 found, 1 missed, 1 wrong: F1 50.0 %"
    picture = np.asarray(Image.open(BytesIO(thumbnail.png)).convert("RGB")).astype(int)
    scale = picture.shape[1] / made_up.WIDTH_PX
    colours = (RIGHT, MISSED, WRONG)
    for left, colour in zip((100, 400, 700), colours, strict=True):
        part = picture[:, round((left - 30) * scale) : round((left + 130) * scale)]
        near = [(np.abs(part - np.array(one)).sum(axis=2) < 60).sum() for one in colours]
        assert np.argmax(near) == colours.index(colour)
        assert sorted(near)[:2] == [0, 0]


def test_which_are_shown_is_decided_by_names_and_among_few():
    rows = made_up.result(n=100).predictions
    shuffled = made_up.result(predictions=rows.sample(frac=1, random_state=1))
    names = [
        [one.test.rows["sample_id"][row] for _, row, _ in chosen(one)]
        for one in (Detected(made_up.result(predictions=rows)), Detected(shuffled))
    ]
    assert names[0] == names[1]
    assert chosen(Detected(shuffled))[0].label == f"Worst of {N_CANDIDATES} pictures"


def test_pictures_are_asked_for_by_name_and_some_may_be_left_out():
    one = Detected(made_up.result())
    asked = []

    def only_gray_ones(dataset, domain, sample_ids):
        asked.append((dataset, domain, len(sample_ids)))
        return {sample_ids[1]: np.full((90, 60), 7, np.uint8)}

    (strip,) = strips(one, only_gray_ones)
    assert strip.label.startswith("Middle")
    assert asked == [("darkface", ORIGINAL, 3)]
    assert strips(one, no_pictures) == []


def test_without_a_threshold_or_three_pictures_with_faces_none_is_shown():
    assert chosen(Detected(made_up.result(splits=("test",)))) == []
    assert chosen(Detected(made_up.result(n=2))) == []
