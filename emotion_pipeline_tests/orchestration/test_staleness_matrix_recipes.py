"""Edit the file of a recipe, and exactly what its values decide is made again."""

import re

import pytest

from emotion_pipeline_tests.orchestration.finished import check

NOTHING: set[str] = set()
MODELS = {"models/ferplus_cnn5[1]", "models/ferplus_cnn5[2]"}
PREDICTIONS = {
    "predictions/ferplus_cnn5[original]",
    "predictions/ferplus_cnn5[grayscale]",
    "predictions/ferplus_cnn5[jpeg-1]",
}


@pytest.fixture
def recipe(finished):
    """The file of the recipe about votes."""
    return finished.recipes / "ferplus_cnn5.yaml"


def edit(file, old, new):
    text, n_places = re.subn(old, new, file.read_text())
    assert n_places == 1
    file.write_text(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("description: .*", "description: other words"),
        ("epochs: 1\n", "# One is enough.\nepochs: 1\n"),
        ("learning_rate: 0.01", "learning_rate: 1.0e-2"),
        ("(description: .*\n)((?s:.*))", r"\2\1"),
        ("epochs: 1\n", "epochs: 1\nkeep: best\n"),
    ],
    ids=["description", "comment", "notation", "order", "default"],
)
def test_what_changes_no_value_makes_nothing_stale(finished, recipe, old, new):
    edit(recipe, old, new)
    assert finished.status() == finished.unsynced() == NOTHING
    assert finished.refresh() == []


def test_a_value_of_training_makes_the_models_and_their_predictions_stale(finished, recipe):
    edit(recipe, "batch_size: 16", "batch_size: 8")
    check(finished, MODELS, MODELS | PREDICTIONS)


def test_a_value_of_training_that_gives_the_same_weights_stops_there(finished, recipe):
    """With a single epoch, the best one is the last one."""
    edit(recipe, "epochs: 1\n", "epochs: 1\nkeep: last\n")
    check(finished, MODELS, MODELS)


def test_a_value_of_predicting_makes_only_predictions_stale(finished, recipe):
    edit(recipe, "epochs: 1\n", "epochs: 1\ntest_views: one\n")
    check(finished, PREDICTIONS, PREDICTIONS)


def test_another_domain_to_be_tested_on_is_made_with_what_it_takes(finished, recipe):
    edit(recipe, "- jpeg-1", "- jpeg-1\n- jpeg-2")
    added = {"degraded/fer2013[jpeg-2]", "predictions/ferplus_cnn5[jpeg-2]"}
    check(finished, added, added)


def test_the_first_degraded_domain_makes_the_others_no_new_predictions(finished):
    edit(finished.recipes / "fer2013_folder_cnn5.yaml", "- original", "- original\n- fading-1")
    added = {"predictions/fer2013_folder_cnn5[fading-1]"}
    check(finished, added, added)


def test_the_last_degraded_domain_leaves_the_other_predictions_as_they_are(finished, recipe):
    edit(recipe, "- jpeg-1\n", "")
    check(finished, NOTHING, NOTHING)


def test_another_seed_is_trained_alone_and_predicts_beside_the_others(finished, recipe):
    edit(recipe, "seeds:\n- 1\n", "seeds:\n- 1\n- 3\n")
    stale = {"models/ferplus_cnn5[3]", *PREDICTIONS}
    check(finished, stale, stale)


def test_a_seed_less_makes_only_predictions_stale(finished, recipe):
    edit(recipe, "seeds:\n- 1\n- 2\n", "seeds:\n- 1\n")
    check(finished, PREDICTIONS, PREDICTIONS)


def test_another_recipe_touches_no_other_one(finished, recipe):
    recipe.with_stem("ferplus_cnn5_other").write_text(recipe.read_text())
    added = {name.replace("cnn5", "cnn5_other") for name in MODELS | PREDICTIONS}
    check(finished, added, added)


def test_a_recipe_less_makes_nothing_stale(finished, recipe):
    recipe.unlink()
    check(finished, NOTHING, NOTHING)


def test_a_value_that_is_set_back_has_made_nothing_stale(finished, recipe):
    edit(recipe, "batch_size: 16", "batch_size: 8")
    assert finished.status() == finished.unsynced() == MODELS
    edit(recipe, "batch_size: 8", "batch_size: 16")
    check(finished, NOTHING, NOTHING)
