"""How trainings went: the numbers read off learning curves, and the page."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.reports.base import DetectorResult, Results
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline.reports.training import render
from emotion_pipeline_tests.reports import made_up
from emotion_pipeline_tests.reports.described import meta
from emotion_pipeline_tests.reports.pages import Page

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
SLUG = "ferplus_fer2013_eight_emotions"
RUN = {"epoch": 7, "training_s": 100.0, "n_training_rows": 500, "n_validation_rows": 1000}
SEEDS = (0, 1, 2)


def _model(recipe="ferplus_cnn", policy="none", **others):
    described = meta(SEEDS, run=RUN, augment={"policy": policy})
    return made_up.result(recipe, **({"seeds": SEEDS, "n": 60, "meta": described} | others))


def _detector(recipe="darkface_tiny", **others):
    curves = made_up.curves((1,)).rename(
        columns={"validation_accuracy_score": "validation_ap50_score"}
    )
    fields = {
        "description": "Finds faces.",
        "pictures_from": "darkface",
        "n_parameters": 7,
        "synthetic": False,
        "predictions": pd.DataFrame({"seed": [1]}),
        "curves": curves,
        "meta": {"seed 1": {"seed": 1, "epoch": 3, "training_s": 50.0, "n_training_rows": 100}},
    }
    return DetectorResult(recipe, **(fields | others))


def rendered(*models, detectors=()):
    return render(Results(models=list(models), detectors=list(detectors)))


@pytest.fixture(scope="module")
def model():
    return _model()


@pytest.fixture(scope="module")
def report(model):
    return rendered(model, _model("ferplus_flip", "flip"), detectors=[_detector()])


def test_numbers_are_those_of_the_epoch_that_was_kept(model, report):
    run = report.tables[f"runs_{SLUG}"].set_index(["recipe", "seed"]).loc["ferplus_cnn", 1]
    curves = model.curves[model.curves["seed"] == 1].set_index("epoch")
    reached = curves.loc[7, "validation_accuracy_score"]
    assert run["best_epoch"] == 7
    assert run["validation_accuracy_score"] == pytest.approx(reached)
    low, high = wilson_interval(round(1000 * reached), 1000)
    interval = run[["validation_accuracy_score_low", "validation_accuracy_score_high"]]
    assert interval.tolist() == pytest.approx([low, high])
    last = curves.iloc[-1]
    assert run["loss_difference"] == pytest.approx(last["validation_loss"] - last["train_loss"])
    assert (run["n_epochs"], run["training_seconds"]) == (20, 100)
    assert run["n_images_a_second"] == pytest.approx(20 * 500 / 100)


def test_a_training_that_says_nothing_of_its_epoch_kept_the_lowest_validation_loss(model):
    table = rendered(replace(model, meta={})).tables
    curves = model.curves[model.curves["seed"] == 0]
    lowest = curves.loc[curves["validation_loss"].idxmin(), "epoch"]
    assert table[f"runs_{SLUG}"]["best_epoch"].iloc[0] == lowest
    assert "training_seconds_mean" not in table[f"training_{SLUG}"]


def test_mean_and_spread_are_over_the_seeds(report):
    runs, (row, _) = (
        report.tables[f"runs_{SLUG}"],
        report.tables[f"training_{SLUG}"].to_dict("records"),
    )
    scores = runs.loc[runs["recipe"] == row["recipe"], "validation_accuracy_score"]
    assert row["n_seeds"] == 3
    assert row["validation_accuracy_score"] == scores.iloc[0]
    assert row["validation_accuracy_score_mean"] == pytest.approx(scores.mean(), abs=1e-4)
    assert row["validation_accuracy_score_sd"] == pytest.approx(scores.std(ddof=1), abs=1e-4)


def test_detectors_stand_apart_with_their_own_score(report):
    table = report.tables["training_detectors_darkface"]
    assert table["recipe"].tolist() == ["darkface_tiny"]
    assert table["n_seeds"].tolist() == [1]
    assert "validation_ap50_score" in table
    assert "Face detectors: pictures from darkface" in report.html
    assert "curves_detectors_darkface" in report.figures


def test_recipes_that_differ_in_augmentation_are_a_study_and_the_lead_tells_it(report):
    assert f"augmentation_{SLUG}_1" in report.tables
    assert "2 recipes were trained" not in report.html
    assert "3 recipes were trained. Of 2 augmentations in eight_emotions of ferplus" in report.html
    assert (
        "1 recipe was trained. No two recipes differ in augmentation alone"
        in rendered(_model()).html
    )


def test_the_published_order_stands_beside_the_study_that_repeats_it_only(report):
    assert "Published for FER2013" not in report.html
    six = {
        "emotions": EMOTIONS[:6],
        "label_space": "six_emotions",
        "labels_from": "fer2013",
        "seeds": (0,),
    }
    page = rendered(_model("none", **six), _model("flip", "flip", **six)).html
    assert "Published for FER2013 without neutral: about 63 % with none" in page


def test_class_sets_stand_apart(model):
    seven = _model("seven", emotions=EMOTIONS[:7], label_space="seven_emotions", policy="flip")
    report = rendered(model, seven)
    assert report.tables["training_ferplus_fer2013_seven_emotions"]["recipe"].tolist() == ["seven"]
    assert report.tables[f"training_{SLUG}"]["recipe"].tolist() == ["ferplus_cnn"]
    assert report.headline["n_augmentation_studies"] == 0


def test_what_was_trained_elsewhere_is_left_out(model):
    report = rendered(model, _model("bought", foreign=True))
    assert "bought" not in report.html
    assert report.headline["n_models"] == 1


def test_models_without_curves_are_said_to_have_none(model):
    report = rendered(replace(model, curves=model.curves[:0]))
    assert "There are no learning curves of these models." in report.html
    assert "Without learning curves: ferplus_cnn." in report.html
    assert report.figures == {}


@pytest.mark.parametrize(("seeds", "said"), [((0,), True), ((0, 1, 2), False)])
def test_fewer_than_3_seeds_are_said_to_be_few(seeds, said):
    assert ("Fewer than 3 seeds" in rendered(_model(seeds=seeds)).html) == said


def test_the_banner_is_there_exactly_when_faces_are_drawn(report):
    assert BANNER not in report.html
    assert BANNER in rendered(_model(synthetic=True)).html
    drawn = rendered(_model(), detectors=[_detector("drawn_scenes", synthetic=True)])
    assert BANNER in drawn.html
    assert "This holds for drawn_scenes." in drawn.html


def test_no_models_make_a_page_that_says_so():
    report = rendered()
    assert "No model has been trained yet" in report.html
    assert set(report.headline.values()) == {0}


def test_the_page_is_self_contained_and_every_picture_is_described(report):
    assert Page(report.html).n_pictures_within() == 2


def test_hostile_names_are_escaped_and_break_no_figure():
    hostile = '<script>alert("1")</script> $x_{ &'
    values = dict.fromkeys(("labels_from", "pictures_from", "label_space"), hostile)
    some = [_model(f"{hostile} {policy}", policy, n=20, **values) for policy in ("none", hostile)]
    page = rendered(*some, detectors=[_detector(hostile)]).html
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_figures_of_more_recipes_than_fit_stay_small():
    some = [_model(f"recipe_{one}", n=20) for one in range(9)]
    rng = np.random.default_rng(0)
    for one in some:
        one.curves["validation_loss"] += rng.normal(size=len(one.curves))
    report = rendered(*some)
    assert "Shown are the 8 best on validation of 9 recipes." in report.html
    for png in report.figures.values():
        assert len(png) < MAX_BYTES
        assert Image.open(BytesIO(png)).format == "PNG"


def test_equal_results_make_equal_bytes(report):
    again = rendered(_model(), _model("ferplus_flip", "flip"), detectors=[_detector()])
    assert again.html == report.html
    assert again.figures == report.figures
