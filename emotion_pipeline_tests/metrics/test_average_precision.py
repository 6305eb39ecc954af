import io
from contextlib import redirect_stdout
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from emotion_pipeline.metrics.average_precision import (
    ALL_HEIGHTS_PX,
    COCO_MIN_IOUS,
    FACE_HEIGHTS_PX,
    FoundBoxes,
    judged,
    precision_recall,
)

WIDTH_PX = 10.0
RANGES_PX = (ALL_HEIGHTS_PX, *FACE_HEIGHTS_PX.values())
NO_BOXES = np.zeros((0, 4))


def pictures_of(seed: int, n_pictures: int = 12) -> list[FoundBoxes]:
    """Crowds of boxes, all equally wide, some found nearly where they are and some invented.

    One width makes COCO's ranges of area the same as ranges of height.
    """
    random = np.random.default_rng(seed)

    def boxes(n: int) -> np.ndarray:
        left_top = random.uniform(0, 60, (n, 2))
        heights = random.choice([9.0, 14.0, 24.0, 48.0, 90.0], n) * random.uniform(0.8, 1.2, n)
        return np.column_stack([left_top, left_top[:, 0] + WIDTH_PX, left_top[:, 1] + heights])

    pictures = []
    for _ in range(n_pictures):
        truth = boxes(random.integers(0, 9))
        near = np.repeat(truth, random.integers(0, 3, len(truth)), axis=0)
        near[:, [0, 2]] += random.normal(0, 1.5, (len(near), 1))
        near[:, [1, 3]] += random.normal(0, 2.0, (len(near), 2))
        near[:, 3] = np.maximum(near[:, 3], near[:, 1] + 1)
        found = np.vstack([near, boxes(random.integers(0, 5))])
        pictures.append(
            FoundBoxes(found, random.permutation(len(found)) / 97 + random.random(), truth)
        )
    return pictures


def coco_of(
    pictures: list[FoundBoxes],
    heights_px: tuple[float, float],
    min_ious: tuple[float, ...] = (0.5,),
) -> COCOeval:
    """The same, judged by pycocotools."""
    truth, found = [], []
    for number, picture in enumerate(pictures, start=1):
        for box in picture.truth:
            x, y, width, height = *box[:2], *(box[2:] - box[:2])
            truth.append(
                {"id": len(truth) + 1, "image_id": number, "category_id": 1, "iscrowd": 0,
                 "bbox": [x, y, width, height], "area": width * height}
            )  # fmt: skip
        for box, score in zip(picture.boxes, picture.scores, strict=True):
            bbox = [*box[:2], *(box[2:] - box[:2])]
            found.append({"image_id": number, "category_id": 1, "bbox": bbox, "score": score})
    with redirect_stdout(io.StringIO()):
        coco = COCO()
        numbers = range(1, len(pictures) + 1)
        coco.dataset = {
            "info": {}, "images": [{"id": number} for number in numbers],
            "categories": [{"id": 1}], "annotations": truth,
        }  # fmt: skip
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(found), "bbox")
        judge.params.iouThrs = np.array(min_ious)
        judge.params.maxDets = [10_000]
        low, high = heights_px
        judge.params.areaRng = [[low * WIDTH_PX, min(high, 1e6) * WIDTH_PX]]
        judge.params.areaRngLbl = ["all"]
        judge.evaluate()
        judge.accumulate()
    return judge


@pytest.mark.parametrize("heights_px", RANGES_PX)
@pytest.mark.parametrize("seed", range(4))
def test_precision_at_cocos_recalls_equals_pycocotools(seed, heights_px):
    pictures = pictures_of(seed)
    judge = coco_of(pictures, heights_px)
    curve = precision_recall(pictures, heights_px=heights_px)
    highest = np.maximum.accumulate(curve.precision[::-1])[::-1]
    places = np.searchsorted(curve.recall, judge.params.recThrs, side="left")
    precision = np.append(highest, 0.0)[np.minimum(places, len(highest))]
    assert curve.n_truth > 0
    np.testing.assert_allclose(precision, judge.eval["precision"][0, :, 0, 0, 0], atol=1e-12)
    assert curve.recall[-1] == pytest.approx(judge.eval["recall"][0, 0, 0, 0])
    assert 0 < curve.average_precision_score < 1
    assert curve.average_precision_score == pytest.approx(precision.mean(), abs=0.03)


@pytest.mark.parametrize("heights_px", RANGES_PX[:3])
@pytest.mark.parametrize("seed", range(3))
def test_cocos_average_precision_and_recall_over_ten_overlaps_equal_pycocotools(seed, heights_px):
    pictures = pictures_of(seed, n_pictures=20)
    judge = coco_of(pictures, heights_px, COCO_MIN_IOUS)
    once = np.ones((1, len(pictures)))
    every = [judged(pictures, min_iou, heights_px) for min_iou in COCO_MIN_IOUS]
    precision = [one.coco_average_precision_scores(once)[0] for one in every]
    recall = [one.right.sum() / one.n_truth.sum() for one in every]
    np.testing.assert_allclose(precision, judge.eval["precision"][..., 0, 0, 0].mean(1), atol=1e-12)
    np.testing.assert_allclose(recall, judge.eval["recall"][:, 0, 0, 0], atol=1e-12)
    assert precision[0] > precision[-1]


@pytest.mark.parametrize("heights_px", RANGES_PX[:3])
def test_pictures_that_are_there_several_times_count_as_if_they_were_repeated(heights_px):
    pictures = pictures_of(5, n_pictures=12)
    times = np.random.default_rng(0).multinomial(12, np.full(12, 1 / 12), size=25)
    boxes = judged(pictures, heights_px=heights_px)
    repeated = [
        judged(np.repeat(np.array(pictures, object), row), heights_px=heights_px) for row in times
    ]
    once = np.ones((1, 12))
    np.testing.assert_allclose(
        boxes.average_precision_scores(times),
        [one.curve().average_precision_score for one in repeated],
        atol=1e-12,
    )
    np.testing.assert_allclose(
        boxes.coco_average_precision_scores(times),
        [one.coco_average_precision_scores(once)[0] for one in repeated],
        atol=1e-12,
    )
    assert boxes.average_precision_scores(once)[0] == pytest.approx(
        boxes.curve().average_precision_score, abs=1e-12
    )


def test_draws_without_true_boxes_have_no_score_and_others_do():
    truth = np.array([[0, 0, 10, 10.0]])
    with_truth, without = (FoundBoxes(truth, np.ones(1), one) for one in (truth, NO_BOXES))
    boxes = judged([with_truth, without])
    times = np.array([[0, 2], [1, 1], [2, 0]])
    np.testing.assert_array_equal(boxes.average_precision_scores(times), [np.nan, 1, 1])
    np.testing.assert_array_equal(boxes.coco_average_precision_scores(times), [np.nan, 1, 1])


def slow_average_precision(pictures: list[FoundBoxes]) -> float:
    """Of everything, box by box and from the words of the definition."""
    left = {(i, j) for i, one in enumerate(pictures) for j in range(len(one.truth))}
    n_truth = len(left)
    queue = [(-s, i, j) for i, one in enumerate(pictures) for j, s in enumerate(one.scores)]
    points = []
    n_right = 0
    for n, (_, i, j) in enumerate(sorted(queue), start=1):
        a = pictures[i].boxes[j]
        best = None
        for k, b in enumerate(pictures[i].truth):
            width = min(a[2], b[2]) - max(a[0], b[0])
            height = min(a[3], b[3]) - max(a[1], b[1])
            shared = max(width, 0) * max(height, 0)
            total = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
            if (
                (i, k) in left
                and shared >= 0.5 * total
                and (best is None or shared / total > best[0])
            ):
                best = (shared / total, k)
        if best is not None:
            left.remove((i, best[1]))
            n_right += 1
        points.append((n_right / n_truth, n_right / n))
    steps = sorted({0.0, *(recall for recall, _ in points)})
    return sum(
        (after - before) * max(precision for recall, precision in points if recall >= after)
        for before, after in pairwise(steps)
    )


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_average_precision_is_the_area_that_its_definition_says(seed, n_pictures):
    pictures = pictures_of(seed, n_pictures)
    score = precision_recall(pictures).average_precision_score
    if not any(len(one.truth) for one in pictures):
        assert np.isnan(score)
    else:
        assert score == pytest.approx(slow_average_precision(pictures), abs=1e-12)


def test_average_precision_of_an_example_worked_out_by_hand():
    truth = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10.0]])
    boxes = np.array([[0, 0, 10, 10], [60, 0, 70, 10], [20, 0, 30, 10], [0, 0, 10, 10.0]])
    curve = precision_recall([FoundBoxes(boxes, np.array([0.9, 0.8, 0.7, 0.6]), truth)])
    np.testing.assert_allclose(curve.precision, [1, 1 / 2, 2 / 3, 2 / 4])
    np.testing.assert_allclose(curve.recall, [1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert curve.average_precision_score == pytest.approx(1 / 3 + 2 / 9)


def test_perfect_boxes_score_1_and_boxes_elsewhere_0():
    truth = np.array([[0, 0, 10, 12.0], [30, 30, 60, 70]])
    scores = np.array([0.2, 0.9])
    assert precision_recall([FoundBoxes(truth, scores, truth)]).average_precision_score == 1
    elsewhere = FoundBoxes(truth + 500, scores, truth)
    assert precision_recall([elsewhere]).average_precision_score == 0


def test_a_surer_false_box_costs_more_than_an_unsure_one():
    truth = np.array([[0, 0, 10, 10.0]])
    boxes = np.array([[0, 0, 10, 10.0], [50, 50, 60, 60]])
    sure, unsure = (
        precision_recall([FoundBoxes(boxes, np.array([0.5, other]), truth)]) for other in (0.9, 0.1)
    )
    assert sure.average_precision_score == 0.5
    assert unsure.average_precision_score == 1


def test_nothing_found_scores_0_and_no_truth_is_no_number():
    truth = np.array([[0, 0, 10, 10.0]])
    nothing_found = FoundBoxes(NO_BOXES, np.zeros(0), truth)
    assert precision_recall([nothing_found]).average_precision_score == 0
    assert np.isnan(precision_recall([]).average_precision_score)
    no_truth = FoundBoxes(truth, np.ones(1), NO_BOXES)
    assert np.isnan(precision_recall([no_truth]).average_precision_score)
    assert precision_recall([nothing_found, no_truth]).precision.tolist() == [0]


def test_boxes_of_another_size_neither_help_nor_harm():
    small, large = [[0, 0, 8, 10.0]], [[30, 30, 60, 70.0]]
    both = np.array(small + large)
    found_all = FoundBoxes(np.array([*small, *large, [80, 0, 110, 40.0]]), np.ones(3), both)
    for heights_px, expected in zip(
        FACE_HEIGHTS_PX.values(), (1, np.nan, 0.5, np.nan), strict=True
    ):
        curve = precision_recall([found_all], heights_px=heights_px)
        last = curve.precision[-1] if curve.n_truth else np.nan
        assert last == pytest.approx(expected, nan_ok=True)
    found_none = FoundBoxes(NO_BOXES, np.zeros(0), both)
    assert precision_recall([found_none], heights_px=(0, 16)).n_truth == 1


def test_the_ranges_of_heights_leave_no_gap():
    limits = list(FACE_HEIGHTS_PX.values())
    assert [low for low, _ in limits] == [0, *(high for _, high in limits[:-1])]
    assert limits[-1][1] == np.inf


def test_a_score_for_every_box_is_expected():
    with pytest.raises(ValueError, match="2 boxes, but scores"):
        FoundBoxes(np.zeros((2, 4)), np.zeros(3), NO_BOXES)
