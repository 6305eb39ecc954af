import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from emotion_pipeline.training import models
from emotion_pipeline.training.recipe import (
    FOLDER,
    LARGEST_FILE_BYTES,
    Recipe,
    RecipeError,
    load,
    load_all,
    training_values,
)
from emotion_pipeline_tests.training import tiny


def _written(folder: Path, field: str, value: object) -> Path:
    """A valid recipe file with one field changed, `field` like `model.name`."""
    content = tiny.recipe().model_dump(mode="json")
    *sections, name = field.split(".")
    section = content
    for part in sections:
        section = section[part]
    section[name] = value
    path = folder / "ferplus_cnn5.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_package_loads_builds_and_fits_a_screen(path):
    recipe = load(path)
    models.build(recipe.model.name, recipe.model, len(recipe.emotions))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 30
    assert load_all()[path.stem] == recipe


@pytest.mark.parametrize(
    ("field", "wrong", "answer"),
    [
        ("model.name", "cnn4", "cnn5"),
        ("augment.policy", "moderat", "moderate"),
        ("data.vote_rule", "majorty", "majority"),
        ("data.label_space", "eight_emotion", "eight_emotions"),
        ("data.domains", ["original", "grayscal"], "grayscale"),
        ("evaluate_on", ["old_photo-9"], "old_photo-"),
        ("optimiser.name", "sdg", "sgd"),
        ("schedule.name", "cosin", "cosine"),
        ("precision", "bf16", "bf16-mixed"),
        ("loss.name", "cross_entropy", "soft_cross_entropy"),
        ("optimiser.learning_rat", 0.1, "learning_rate"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest(tmp_path, field, wrong, answer):
    path = _written(tmp_path, field, wrong)
    with pytest.raises(RecipeError) as caught:
        load(path)
    assert all(part in str(caught.value) for part in (str(path), field, answer))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("epochs", 0),
        ("batch_size", 1),
        ("optimiser.learning_rate", float("inf")),
        ("optimiser.momentum", 1.0),
        ("schedule.warmup_fraction", 0.9),
        ("loss.label_smoothing", float("nan")),
        ("ema_decay", 1.0),
        ("model.input_px", 16),
        ("model.widths", []),
        ("seeds", [1, 1]),
        ("seeds", []),
        ("data.domains", ["original", "original"]),
        ("data.labels", "../ferplus"),
        ("early_stopping", {"patience_epochs": 0}),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_its_field(tmp_path, field, wrong):
    with pytest.raises(RecipeError, match=field.replace(".", r"\.")):
        load(_written(tmp_path, field, wrong))


@pytest.mark.parametrize("text", ["", "- a list", "a: [", "a: \0", "x" * (LARGEST_FILE_BYTES + 1)])
def test_what_is_no_recipe_is_refused_with_its_file(tmp_path, text):
    path = tmp_path / "ferplus_cnn5.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match=r"ferplus_cnn5\.yaml"):
        load(path)


def test_yaml_that_would_run_code_is_refused(tmp_path):
    path = tmp_path / "ferplus_cnn5.yaml"
    path.write_text("description: !!python/object/apply:os.system ['true']", encoding="utf-8")
    with pytest.raises(RecipeError, match="not readable as YAML"):
        load(path)


def test_the_file_name_says_data_and_model(tmp_path):
    path = _written(tmp_path, "epochs", 3)
    assert load(path.rename(tmp_path / "ferplus_cnn5_short.yaml")).epochs == 3
    with pytest.raises(RecipeError, match=r"must be called ferplus_cnn5\.yaml"):
        load((tmp_path / "ferplus_cnn5_short.yaml").rename(tmp_path / "affectnet_cnn5.yaml"))


def test_only_values_that_change_the_weights_are_training_values():
    same = tiny.recipe(description="other", seeds=[7], evaluate_on=["jpeg-1"], flip_at_test=False)
    assert training_values(same) == training_values(tiny.recipe())
    for name in set(Recipe.model_fields) - {"description", "seeds", "evaluate_on", "flip_at_test"}:
        assert name in training_values(same)


def test_loading_recipes_needs_no_torch():
    code = (
        "import sys; from emotion_pipeline.training.recipe import load_all; load_all(); "
        "assert not {'torch', 'lightning', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
