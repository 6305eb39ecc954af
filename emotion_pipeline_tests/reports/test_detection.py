"""How well face detectors find: the numbers, which are counted again here, and the page."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from emotion_pipeline.metrics.average_precision import (
    COCO_MIN_IOUS,
    FACE_HEIGHTS_PX,
    FoundBoxes,
    judged,
    precision_recall,
)
from emotion_pipeline.metrics.detection import match
from emotion_pipeline.reports.base import Results
from emotion_pipeline.reports.detection import render
from emotion_pipeline.reports.parts.detection import heights as detection_heights
from emotion_pipeline.reports.parts.detection.numbers import (
    MIN_PICTURES,
    Detected,
    comparison_table,
    detector_groups,
    size_table,
    threshold_table,
)
from emotion_pipeline.reports.parts.detection.text import compared, published
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline_tests.reports import made_up_detectors as made_up

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
GOOD, BAD = "darkface_good", "darkface_bad"


def rendered(*detectors, **others):
    return render(Results(detectors=list(detectors), **others))


@pytest.fixture(scope="module")
def detectors():
    return [made_up.result(BAD, skill=30), made_up.result(GOOD, seeds=(0, 1, 2), skill=6)]


@pytest.fixture(scope="module")
def report(detectors):
    return rendered(*detectors, pictures=made_up.night)


def pictures_of(detector, split="test", seed=0):
    rows = detector.predictions.query("split == @split and seed == @seed")
    return [FoundBoxes(one.boxes, one.scores, one.truth) for one in rows.itertuples()]


def test_scores_are_those_of_the_lowest_seed_and_seeds_stand_beside_it(detectors, report):
    good = detectors[1]
    row = report.tables["overview_darkface"].set_index("recipe").loc[GOOD]
    by_seed = [
        precision_recall(pictures_of(good, seed=seed)).average_precision_score for seed in range(3)
    ]
    assert row["ap50_score"] == pytest.approx(by_seed[0])
    assert row["ap50_score_mean"] == pytest.approx(np.mean(by_seed))
    assert row["ap50_score_sd"] == pytest.approx(np.std(by_seed, ddof=1))
    assert (row["n_seeds"], row["n_pictures"]) == (3, 30)
    assert row["n_faces"] == sum(len(one.truth) for one in pictures_of(good))
    on_validation = precision_recall(pictures_of(good, "validation")).average_precision_score
    assert row["validation_ap50_score"] == pytest.approx(on_validation)
    every = [judged(pictures_of(good), min_iou) for min_iou in COCO_MIN_IOUS]
    coco = np.mean([one.coco_average_precision_scores(np.ones((1, 30)))[0] for one in every])
    recall = np.mean([one.right.sum() / one.n_truth.sum() for one in every])
    assert row["coco_ap_score"] == pytest.approx(coco)
    assert row["average_recall_score"] == pytest.approx(recall)
    for name in ("ap50_score", "coco_ap_score", "average_recall_score", "validation_ap50_score"):
        assert row[f"{name}_low"] < row[name] < row[f"{name}_high"]
    assert report.headline[f"{GOOD}/ap50_score"] == row["ap50_score"]


def test_the_best_on_validation_stands_first_and_leads(report):
    assert report.tables["overview_darkface"]["recipe"].tolist() == [GOOD, BAD]
    assert f'class="lead">darkface: {GOOD}, the best on validation, reaches' in report.html


def test_every_range_of_heights_has_its_score(detectors, report):
    sizes = report.tables["sizes_darkface"].query("recipe == @GOOD").set_index("face_height")
    for name, heights_px in FACE_HEIGHTS_PX.items():
        curve = precision_recall(pictures_of(detectors[1]), heights_px=heights_px)
        row = sizes.loc[name.replace("_", " ")]
        assert row["n_faces"] == curve.n_truth
        assert row["ap50_score"] == pytest.approx(curve.average_precision_score, nan_ok=True)


def test_too_few_pictures_with_such_faces_give_no_interval(detectors):
    sizes = size_table(detector_groups(detectors)[0])
    few = sizes["n_pictures"] < MIN_PICTURES
    assert few.any()
    assert sizes.loc[few, "ap50_score_low"].isna().all()
    assert sizes.loc[~few, "ap50_score_low"].notna().all()


def test_the_threshold_is_chosen_on_validation_and_counted_on_test(detectors, report):
    row = report.tables["thresholds_darkface"].query("recipe == @GOOD and split == 'test'").iloc[0]

    def counts(split, threshold):
        right = wrong = truth = 0
        for one in pictures_of(detectors[1], split):
            sure = one.scores >= threshold
            found = match(one.boxes[sure].astype(float), one.truth)
            right += found.n_true_positives
            wrong += found.n_false_positives
            truth += found.n_truth
        return right, wrong, truth

    def f1(split, threshold):
        right, wrong, truth = counts(split, threshold)
        return 2 * right / (right + wrong + truth)

    others = np.concatenate([one.scores for one in pictures_of(detectors[1], "validation")])[::7]
    assert f1("validation", row["threshold"]) >= max(f1("validation", one) for one in others)
    right, wrong, truth = counts("test", row["threshold"])
    assert (row["n_right"], row["n_wrong"], row["n_missed"]) == (right, wrong, truth - right)
    assert row["precision_score"] == pytest.approx(right / (right + wrong))
    assert row["recall_score"] == pytest.approx(right / truth)
    assert row["false_positives_per_picture"] == pytest.approx(wrong / 30)
    assert row["recall_score_low"] < row["recall_score"] < row["recall_score_high"]


def test_intervals_come_from_drawing_pictures_not_faces():
    """Pictures in which all faces are found, or none: as uncertain as so many coins."""
    truth = np.column_stack(
        [np.arange(50) * 20, np.zeros(50), np.arange(50) * 20 + 10, np.ones(50)]
    )
    truth[:, 3] *= 12
    nothing = np.zeros((0, 4), np.float32)
    detector = made_up.result(n=40)
    rows = detector.predictions
    rows["truth"] = [truth] * len(rows)
    rows["boxes"] = [truth if number % 2 else nothing for number in range(len(rows))]
    rows["scores"] = [np.full(len(one), 0.9) for one in rows["boxes"]]
    row = threshold_table(detector_groups([detector])[0]).iloc[0]
    assert row["recall_score"] == 0.5
    assert row["recall_score_low"] == pytest.approx(0.5 - 1.96 * np.sqrt(0.25 / 40), abs=0.04)
    assert row["recall_score_high"] == pytest.approx(0.5 + 1.96 * np.sqrt(0.25 / 40), abs=0.04)


def test_recall_by_height_counts_every_face_once(detectors):
    one = Detected(detectors[1])
    heights = detection_heights.height_table(one)
    assert heights["n_faces"].sum() == one.test.boxes.n_truth.sum()
    found = sum(
        match(picture.boxes.astype(float), picture.truth).n_true_positives
        for picture in one.test.pictures
    )
    by_any = heights["any_box_recall_score"] @ heights["n_faces"]
    assert by_any == pytest.approx(found)
    assert (heights["recall_score"] <= heights["any_box_recall_score"]).all()
    assert heights["recall_score"].iloc[-1] > heights["recall_score"].iloc[0]


def test_a_real_difference_is_found_and_none_is_reported_of_equals(detectors, report):
    row = report.tables["against_best_darkface"].iloc[0]
    overview = report.tables["overview_darkface"].set_index("recipe")["ap50_score"]
    assert row["ap50_score_difference"] == pytest.approx(overview[BAD] - overview[GOOD])
    assert row["ap50_score_difference_high"] < 0
    assert f"More than chance: {BAD}." in report.html
    twin = made_up.result("twin", skill=6)
    equal = comparison_table(detector_groups([made_up.result(GOOD, skill=6), twin])[0])
    assert equal["p_value_holm"].tolist() == [1]
    assert "No other detector differs" in compared(equal)


def test_detectors_of_other_faces_are_not_compared(detectors):
    other = made_up.result("other", n=20)
    assert comparison_table(detector_groups([detectors[1], other])[0]).empty


def test_pictures_of_other_datasets_and_drawn_ones_stand_apart(detectors):
    drawn = made_up.result("drawn", n=10, synthetic=True)
    other = made_up.result("other", n=10, pictures_from="widerface")
    found = [
        (group.slug, [one.detector.recipe for one in group.detected], len(published(group)))
        for group in detector_groups([drawn, *detectors, other])
    ]
    expected = [
        ("darkface", [GOOD, BAD], 2), ("widerface", ["other"], 0), ("darkface_drawn", ["drawn"], 0)
    ]  # fmt: skip
    assert found == expected
    report = rendered(drawn, other)
    assert report.html.count("<h2>Faces in pictures from") == 2
    assert "<h3>Against" not in report.html


def test_published_results_come_with_the_word_that_they_do_not_compare(report):
    assert report.tables["published_darkface"]["ap50_score"].tolist() == [0.444, 0.7489]
    assert "this project&#39;s own split and not comparable" in report.html


def test_the_banner_is_there_exactly_when_scenes_are_drawn(report):
    assert BANNER not in report.html
    drawn = rendered(made_up.result(n=10, synthetic=True))
    assert BANNER in drawn.html
    assert "<h3>Pictures searched" not in drawn.html
    assert "not comparable with published" not in drawn.html
    assert drawn.headline["n_synthetic_models"] == 1


def test_no_detectors_make_a_page_that_says_so():
    report = rendered()
    assert "No face detector has been evaluated yet" in report.html
    assert report.figures == {}
    assert set(report.headline.values()) == {0}


def test_a_detector_without_validation_pictures_has_no_threshold():
    report = rendered(made_up.result(n=12, splits=("test",)), pictures=made_up.night)
    assert "thresholds_darkface" not in report.tables
    assert "so that there is no threshold: darkface_faster_rcnn" in report.html
    assert "<h3>Pictures searched" not in report.html
    assert "under the licence of that dataset" not in report.html


@pytest.mark.parametrize("others", [{"splits": ("validation",)}, {"n_faces": 0}])
def test_a_detector_that_has_no_face_to_find_is_left_out_by_name(others):
    report = rendered(made_up.result(n=5, **others))
    assert "Without a face in test pictures, and left out: darkface_faster_rcnn" in report.html
    assert report.figures == {}


def test_a_detector_that_finds_nothing_scores_0():
    detector = made_up.result(n=10)
    rows = detector.predictions
    rows["boxes"] = [np.zeros((0, 4), np.float32)] * len(rows)
    rows["scores"] = [np.zeros(0, np.float32)] * len(rows)
    report = rendered(detector)
    assert report.headline["darkface_faster_rcnn/ap50_score"] == 0
    assert "reaches an AP50 of 0.0 %" in report.html


def test_pictures_of_people_come_with_a_word_on_their_licence(report):
    assert report.html.count("<h3>Pictures searched") == 2
    assert "under the licence of that dataset" in report.html


def test_hostile_names_are_escaped_and_break_no_figure():
    hostile = '<script>alert("1")</script> $x_{ &'
    page = rendered(made_up.result(hostile, n=10, pictures_from=hostile)).html
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_is_self_contained_and_every_picture_is_described(report):
    assert "<script" not in report.html
    sources = re.findall(r'(?:src|href)="([^"]*)"', report.html)
    assert all(one.startswith("data:image/png;base64,") for one in sources)
    assert len(re.findall(r'<img [^>]*alt="[^"]+"', report.html)) == len(sources) == 11


def test_figures_are_small_pngs(report):
    for png in report.figures.values():
        assert len(png) < MAX_BYTES
        assert Image.open(BytesIO(png)).format == "PNG"


def test_equal_results_make_equal_bytes_in_any_order_of_rows(detectors, report):
    shuffled = [
        made_up.result(one.recipe, predictions=one.predictions.sample(frac=1, random_state=3), n=1)
        for one in detectors
    ]
    again = rendered(*shuffled, pictures=made_up.night)
    assert again.html == report.html
    assert again.figures == report.figures
