"""What corruption costs: the numbers, what a model was trained on, and the page."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import binomtest

from emotion_pipeline.domains import CORRUPTIONS, DOMAINS, GRAYSCALE, ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.reports.base import Results
from emotion_pipeline.reports.parts.figures import MAX_BYTES
from emotion_pipeline.reports.parts.robustness import tables as robustness_tables
from emotion_pipeline.reports.parts.robustness import transfer
from emotion_pipeline.reports.parts.robustness.numbers import reference_of, robustness_of
from emotion_pipeline.reports.parts.robustness.trained_on import (
    AUGMENTED_WITH,
    COMPOSED_OF,
    trained_corruptions,
)
from emotion_pipeline.reports.robustness import render
from emotion_pipeline.training.policies import POLICIES
from emotion_pipeline_tests.reports import made_up
from emotion_pipeline_tests.reports.described import meta, packaged
from emotion_pipeline_tests.reports.pages import Page

BANNER = "Drawn faces: these numbers test the pipeline and say nothing about people"
SOME = (ORIGINAL, GRAYSCALE, "jpeg-1", "jpeg-5", "old_photo-3")
SLUG = "ferplus_fer2013_eight_emotions"
SEVEN = {"emotions": EMOTIONS[:7], "label_space": "seven_emotions"}
KDEF = {"labels": "kdef", "pictures": "kdef"}


def flat(_dataset, _domain, sample_ids):
    return dict.fromkeys(sample_ids, np.full((8, 8), 99, np.uint8))


def rendered(*models, **others):
    return render(Results(models=list(models), **others))


@pytest.fixture(scope="module")
def models():
    small = made_up.result("small", domains=SOME, n=300, skill=2.5, n_parameters=10)
    large = made_up.result("large", domains=SOME, n=300, skill=3.5, seeds=(0, 1, 2))
    return [large, small]


@pytest.fixture(scope="module")
def report(models):
    return rendered(*models, pictures=flat)


def _table(report, name):
    return report.tables[f"{name}_{SLUG}"]


def test_means_are_over_severities_and_then_over_corruptions(models, report):
    row = _table(report, "losses").set_index("recipe").loc["large"]
    right = {one: models[0].right(models[0].rows(domain=one)).mean() for one in SOME}
    mean = ((right["jpeg-1"] + right["jpeg-5"]) / 2 + right["old_photo-3"]) / 2
    assert row["mPC_score"] == pytest.approx(mean)
    assert row["rPC_score"] == pytest.approx(mean / right[ORIGINAL])
    assert row["mPC_score_low"] < mean < row["mPC_score_high"]
    assert row["n"] == 300
    assert row["mPC_score_sd"] > 0


def test_errors_are_those_of_the_smallest_model_that_was_trained_here(models, report):
    rows = _table(report, "losses").set_index("recipe")
    assert rows.loc["small", ["mCE_rate", "mCE_rate_low", "mCE_rate_high"]].tolist() == [1, 1, 1]
    wrong = {
        (one.recipe, domain): 1 - one.right(one.rows(domain=domain)).mean()
        for one in models
        for domain in SOME
    }
    jpeg, small_jpeg = (wrong[one, "jpeg-1"] + wrong[one, "jpeg-5"] for one in ("large", "small"))
    old = wrong["large", "old_photo-3"] / wrong["small", "old_photo-3"]
    assert rows.loc["large", "mCE_rate"] == pytest.approx((jpeg / small_jpeg + old) / 2)
    assert "mCE is against small" in report.html
    tiny = made_up.result("tiny", domains=SOME, n=60, n_parameters=1, foreign=True)
    plain = made_up.result("plain", n=60, n_parameters=2)
    assert reference_of([*models, tiny, plain]).recipe == "small"
    assert reference_of([tiny]) is None
    assert "mCE_rate" not in _table(rendered(tiny), "losses")


def test_flips_and_losses_are_counted_against_the_original_pictures(models, report):
    rows = _table(report, "domains").set_index(["recipe", "domain"])
    before, after = (models[0].rows(domain=one) for one in (ORIGINAL, "jpeg-5"))
    right, right_after = models[0].right(before), models[0].right(after)
    flipped = models[0].predicted(before) != models[0].predicted(after)
    row = rows.loc["large", "jpeg-5"]
    assert row["flip_rate"] == pytest.approx(flipped.mean())
    assert row["right_to_wrong_rate"] == pytest.approx((flipped & right).sum() / flipped.sum())
    n_lost, n_gained = int((right & ~right_after).sum()), int((~right & right_after).sum())
    assert (row["n_lost"], row["n_gained"]) == (n_lost, n_gained)
    assert row["p_value"] == pytest.approx(binomtest(n_lost, n_lost + n_gained).pvalue)
    assert row["accuracy_score_difference"] == pytest.approx((n_gained - n_lost) / 300)
    interval = row[["accuracy_score_difference_low", "accuracy_score_difference_high"]]
    assert interval.iloc[0] < row["accuracy_score_difference"] < interval.iloc[1]


def _with_gray_like_the_original(wrong_share):
    """A model that says the same of gray pictures, but for a share that it gets wrong."""
    model = made_up.result(domains=(ORIGINAL,), n=400, skill=3.5)
    gray = model.rows().assign(domain=GRAYSCALE)
    columns = [f"p_{name}" for name in EMOTIONS]
    spoilt = np.arange(400) < 400 * wrong_share
    truth = gray["emotion"].map(EMOTIONS.index).to_numpy()
    gray.loc[spoilt, columns] = np.eye(8, dtype="f4")[(truth[spoilt] + 1) % 8]
    return made_up.result(predictions=pd.concat([model.predictions, gray]))


@pytest.mark.parametrize(("wrong_share", "worse"), [(0, "0 of 1"), (0.2, "1 of 1")])
def test_a_loss_is_reported_where_there_is_one_and_only_there(wrong_share, worse):
    report = rendered(_with_gray_like_the_original(wrong_share))
    (row,) = _table(report, "side_by_side").to_dict("records")
    assert row["domains_worse"] == worse
    assert (row["gray_score_difference_high"] < 0) == bool(wrong_share)
    assert (row["gray_score_difference"] == 0) == (not wrong_share)


def test_pictures_that_are_missing_in_a_domain_are_left_out_of_all():
    model = made_up.result(domains=SOME, n=100)
    missing = (model.predictions["domain"] == "jpeg-1") & (
        model.predictions["sample_id"] >= "test-00090"
    )
    table = _table(rendered(made_up.result(predictions=model.predictions[~missing])), "domains")
    assert set(table["n"]) == {90}
    right = model.right(model.rows())[:90].mean()
    assert table.set_index("domain").loc[ORIGINAL, "accuracy_score"] == pytest.approx(right)


def _trained_on(*domains, policy="none", **others):
    return made_up.result(
        domains=SOME,
        n=60,
        meta=meta(data={"domains": list(domains)}, augment={"policy": policy}),
        **others,
    )


def test_corruptions_in_the_training_pictures_are_told_apart_from_unseen_ones():
    report = rendered(_trained_on(ORIGINAL, "old_photo-1"), _trained_on(ORIGINAL, recipe="clean"))
    trained = _table(report, "accuracy_trained")
    assert trained["recipe"].tolist() == ["ferplus_cnn"]
    assert {"old_photo_score", "jpeg_score"} <= set(trained)  # the look of old photographs has JPEG
    unseen = _table(report, "accuracy_unseen")
    assert unseen["recipe"].tolist() == ["clean"]
    assert "was trained on" in report.html
    assert "was trained on" not in rendered(_trained_on(ORIGINAL)).html


def test_augmentation_by_blur_and_noise_counts_as_training_on_them():
    assert trained_corruptions(_trained_on(ORIGINAL, policy="all")) == {
        "gaussian_noise",
        "gaussian_blur",
    }
    assert not trained_corruptions(_trained_on(ORIGINAL, policy="moderate"))
    assert not trained_corruptions(made_up.result(n=20, meta={}))


def test_the_declared_policies_and_parts_are_those_that_there_are():
    noisy = {name for name, policy in POLICIES.items() if policy.blur or policy.noise}
    assert noisy == set(AUGMENTED_WITH)
    for whole, parts in (AUGMENTED_WITH | COMPOSED_OF).items():
        assert set(parts) <= set(CORRUPTIONS) - {whole}


def _transferred(name, domains, frozen_epochs, **others):
    freeze = {"parts": ["f"], "epochs": frozen_epochs}
    values = {"data": KDEF | {"domains": domains}, "freeze": freeze}
    return made_up.result(name, domains=SOME, n=60, meta=meta(**values | others))


def test_recipes_that_differ_in_what_is_trained_and_on_what_are_a_study():
    some = [
        _transferred("tuned_gray", ["grayscale"], 3, epochs=30),
        _transferred("frozen_mixed", [ORIGINAL, "old_photo-1", "old_photo-3"], None, epochs=10),
    ]
    (study,) = transfer.studies(robustness_of(some))
    table = transfer.table(study)
    assert table["weights"].tolist() == ["fine-tuned", "frozen"]
    assert table["trained_on"].tolist() == ["grayscale", "original, old_photo"]
    right = some[1].right(some[1].rows(domain="old_photo-3")).mean()
    assert table.loc[1, "old_photo_score"] == pytest.approx(right)
    assert "What was trained, and on which pictures" in rendered(*some).html


def test_the_package_comes_with_a_transfer_study():
    names = [
        f"kdef_mobilenet_v3_{weights}_{pictures}"
        for weights in ("frozen", "tuned")
        for pictures in ("degraded", "gray", "mixed", "original")
    ]
    some = [
        made_up.result(one, domains=(ORIGINAL, GRAYSCALE), n=20, meta=packaged(one))
        for one in (*names, "kdef_cnn5")
    ]
    (study,) = transfer.studies(robustness_of(some))
    assert {one.model.recipe for one in study} == set(names)


def test_recipes_that_differ_in_anything_else_are_no_study():
    other = _transferred("other", ["grayscale"], 3, epochs=99)
    assert not transfer.studies(robustness_of([_transferred("one", [ORIGINAL], None), other]))
    longer = _transferred("longer", [ORIGINAL, "grayscale"], None)  # twice the steps
    assert not transfer.studies(robustness_of([_transferred("one", [ORIGINAL], None), longer]))
    same = [_transferred(name, [ORIGINAL], None) for name in ("one", "two")]
    assert not transfer.studies(robustness_of(same))


def test_class_sets_stand_apart(models):
    seven = made_up.result("seven", domains=SOME, n=60, **SEVEN)
    report = rendered(*models, seven)
    other = report.tables["side_by_side_ferplus_fer2013_seven_emotions"]
    assert other["recipe"].tolist() == ["seven"]
    assert "seven" not in _table(report, "side_by_side")["recipe"].tolist()
    assert "mCE is against seven" in report.html


def test_the_banner_is_there_exactly_when_faces_are_drawn(report):
    assert BANNER not in report.html
    assert BANNER in rendered(made_up.result(domains=SOME, n=40, synthetic=True)).html


def test_original_pictures_alone_are_said_to_say_nothing():
    report = rendered(made_up.result(n=40))
    assert "No model has been tested on degraded pictures yet" in report.html
    assert report.figures == {}
    assert report.headline["n_models_tested_on_corruptions"] == 0


def test_gray_pictures_alone_are_shown_without_corruptions():
    report = rendered(made_up.result(domains=(ORIGINAL, GRAYSCALE), n=40))
    assert set(report.figures) == {f"side_by_side_{SLUG}"}
    assert "gray_score" in _table(report, "side_by_side")


def test_no_models_make_a_page_that_says_so():
    report = rendered()
    assert "No model has been evaluated yet" in report.html
    assert set(report.headline.values()) == {0}


def test_the_page_is_self_contained_and_every_picture_is_described(report):
    assert Page(report.html).n_pictures_within() > 2


def test_a_picture_is_shown_in_every_kind_of_domain_where_it_is_to_be_had(models, report):
    assert report.html.count("said to be") == 4  # original, gray, and two corruptions
    assert "What it looks like" not in rendered(models[0]).html


def test_hostile_names_are_escaped_and_break_no_figure():
    hostile = '<script>alert("1")</script> $x_{ &'
    values = dict.fromkeys(("labels_from", "pictures_from", "label_space"), hostile)
    page = rendered(
        made_up.result(hostile, domains=SOME, n=40, meta={hostile: [hostile]}, **values)
    ).html
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_equal_results_make_equal_bytes(models, report):
    again = rendered(*models, pictures=flat)
    assert again.html == report.html
    assert again.figures == report.figures


def test_figures_of_all_corruptions_and_more_models_than_fit_stay_small():
    several = [
        made_up.result(f"m{one}", domains=(ORIGINAL, *DOMAINS[2::5]), n=20) for one in range(9)
    ]
    report = rendered(*several)
    assert "Shown are the 8 best on validation of 9 models." in report.html
    for png in report.figures.values():
        assert len(png) < MAX_BYTES
        assert Image.open(BytesIO(png)).format == "PNG"


def test_every_model_stands_in_the_tables_with_every_domain(models):
    table = robustness_tables.by_domain(robustness_of(models))
    assert len(table) == 2 * len(SOME)
    assert table.loc[table["domain"] == ORIGINAL, "p_value_holm"].isna().all()
    others = table[table["domain"] != ORIGINAL]
    assert (others["p_value_holm"] >= others["p_value"]).all()
