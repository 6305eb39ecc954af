"""Explanations of a network that was trained on drawn recordings, and how a report reads them."""

import numpy as np
import pytest

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.reports.base import EXPLAINED_COLUMNS
from emotion_pipeline.schema import EXPLANATIONS, MEAN_MAPS
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import (
    explanations,
    labelled_rows,
    model_folders,
    models,
    pictures,
    training_rows,
)
from emotion_pipeline.stages.base import Lacking, Workspace
from emotion_pipeline.stages.report_inputs import explanations as report_input
from emotion_pipeline.training.predict import predict
from emotion_pipeline.training.weights import load
from emotion_pipeline_tests.stages import made_up_recordings

pytest.importorskip("pytorch_grad_cam", reason="grad-cam is not installed: extra `explain`")

NAME, DEGRADED, SIDE_PX = "pictures", "jpeg-1", 32
DATA = {"labels": "personal", "pictures": "personal"}


def recipe(**changes):
    values = {
        "data": DATA,
        "model": {"name": "cnn5", "widths": [2, 2, 2, 2, 2], "input_px": SIDE_PX},
        "seeds": [2, 1],
        "epochs": 1,
        "evaluate_on": [ORIGINAL, "old_photo-1", DEGRADED],
    }
    return made_up_recordings.recipe(**{**values, **changes})


RECIPE = recipe()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    workspace = made_up_recordings.workspace_in(tmp_path_factory.mktemp("explained"))
    pictures.make_degraded(workspace, made_up_recordings.DATASET, DEGRADED)
    models.train(workspace, NAME, RECIPE, RECIPE.seeds[0], {})
    explanations.make(workspace, NAME, RECIPE)
    return workspace


@pytest.fixture(scope="module")
def rows(workspace):
    return explanations.explained_table(workspace, NAME).read(0).to_pandas()


@pytest.fixture(scope="module")
def test_rows(workspace):
    """The test rows and what is predicted of them in one view, by sample_id."""
    found = labelled_rows.labelled(workspace, RECIPE, "test")
    part = training_rows.seen(workspace, RECIPE, found, ORIGINAL)
    network, _ = load(model_folders.artifact(workspace, NAME, RECIPE.seeds[0]).folder)
    inputs = training_rows.given(training_rows.arrays(workspace, RECIPE, [part]))
    p = predict(network, recipe(test_views="one"), inputs, "cpu")
    truths = part.found.column("emotion")
    return {one: (truth, row) for one, truth, row in zip(part.sample_ids, truths, p, strict=True)}


def test_at_most_eight_right_and_eight_wrong_pictures_of_a_class_are_explained(rows, test_rows):
    original = rows[rows["domain"] == ORIGINAL]
    kinds = original.groupby([original["emotion"], original["predicted"] == original["emotion"]])
    assert original["sample_id"].is_unique
    assert set(original["sample_id"]) <= set(test_rows)
    counts = {}
    for truth, p in test_rows.values():
        right = RECIPE.emotions[p.argmax()] == truth
        counts[truth, right] = counts.get((truth, right), 0) + 1
    wanted = {kind: min(n, explanations.N_OF_A_KIND) for kind, n in counts.items()}
    assert kinds.size().to_dict() == wanted


def test_what_is_said_of_a_picture_is_what_the_network_predicts_in_one_view(rows, test_rows):
    for row in rows[rows["domain"] == ORIGINAL].to_dict("records"):
        truth, p = test_rows[row["sample_id"]]
        assert row["emotion"] == truth
        assert row["predicted"] == RECIPE.emotions[p.argmax()]
        assert row["p_predicted"] == pytest.approx(p.max(), abs=1e-5)
        assert row["p_true"] == pytest.approx(p[RECIPE.emotions.index(truth)], abs=1e-5)
        assert row["seed"] == RECIPE.seeds[0]
        assert row["synthetic"]


def test_the_same_pictures_are_explained_on_the_last_degraded_domain(rows):
    by_domain = rows.groupby("domain")["sample_id"].apply(set)
    assert set(by_domain.index) == {ORIGINAL, DEGRADED}
    assert by_domain[ORIGINAL] == by_domain[DEGRADED]


def test_maps_have_the_size_of_what_the_network_sees(workspace, rows):
    assert {len(one) for one in [*rows["map"], *rows["redrawn_map"]]} == {SIDE_PX**2}
    assert np.isfinite(rows[["redrawn_similarity", "salient_drop", "random_drop"]]).all(axis=None)
    assert rows["redrawn_similarity"].between(-1, 1).all()


def test_mean_maps_are_of_all_rightly_predicted_test_pictures(workspace, test_rows):
    means = explanations.mean_table(workspace, NAME).read(0)
    assert means.schema.equals(MEAN_MAPS)
    right = [truth for truth, p in test_rows.values() if RECIPE.emotions[p.argmax()] == truth]
    counts = dict(
        zip(*(means[name].to_pylist() for name in ("emotion", "n_pictures")), strict=True)
    )
    assert counts == {one: right.count(one) for one in set(right)}
    assert {len(one) for name in ("map", "face") for one in means[name].to_pylist()} <= {SIDE_PX**2}


def test_nothing_is_explained_twice_and_again_gives_the_same(workspace):
    known = explanations.version(workspace, NAME)
    again = explanations.make(workspace, NAME, RECIPE)
    assert (again.version, again.figures) == (known, {})
    table = explanations.explained_table(workspace, NAME)
    table.path(0).unlink()
    assert explanations.version(workspace, NAME) is None
    made = explanations.make(workspace, NAME, RECIPE)
    assert made.version == known
    assert made.figures["rows"] == len(table.read(0))


def test_a_report_is_given_what_the_lake_holds(workspace, rows):
    recipes = {NAME: RECIPE, "not_there": RECIPE}
    (found,) = report_input.read(workspace, {}, recipes)
    assert (found.recipe, found.pictures_from) == (NAME, "personal")
    assert tuple(found.rows) == EXPLAINED_COLUMNS
    assert found.maps.shape == found.redrawn_maps.shape == (len(rows), SIDE_PX, SIDE_PX)
    assert found.maps[3].tobytes() == rows["map"][3]
    versions = list(report_input.versions(workspace, {}, recipes))
    assert versions == [f"{NAME} {explanations.version(workspace, NAME)}"]


def test_the_tables_read_back_with_their_schema(workspace):
    assert explanations.explained_table(workspace, NAME).read(0).schema.equals(EXPLANATIONS)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"data": {**DATA, "leave_out": "take_id"}, "keep": "last"}, False),
        ({"data": {**DATA, "inputs": ["blendshapes"]}}, False),
    ],
)
def test_recipes_that_see_pictures_with_the_same_weights_are_explained(changes, expected):
    one = recipe(**changes)
    assert explanations.explainable(one) == expected
    needed = [need.key for need in report_input.needs({}, {NAME: one})]
    assert needed == ([f"explanations/{NAME}"] if expected else [])


@pytest.mark.parametrize(
    ("evaluate_on", "expected"),
    [
        ([ORIGINAL, "grayscale"], (ORIGINAL,)),
        (["jpeg-1", "old_photo-3", "low_light-2"], (ORIGINAL, "old_photo-3")),
        (["jpeg-1", "low_light-2", "grayscale"], (ORIGINAL, "low_light-2")),
    ],
)
def test_one_degraded_domain_stands_beside_the_original(evaluate_on, expected):
    assert explanations.domains_of(recipe(evaluate_on=evaluate_on)) == expected


def test_without_the_package_it_is_said_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(explanations, "find_spec", lambda _: None)
    with pytest.raises(Lacking, match="extra `explain`"):
        explanations.prepare(Workspace(Settings(lake=tmp_path)))
