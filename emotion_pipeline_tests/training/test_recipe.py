import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from emotion_pipeline.training import models
from emotion_pipeline.training.recipe import NOT_IN_THE_WEIGHTS, Recipe, training_values
from emotion_pipeline.training.recipe_files import (
    FOLDER,
    LARGEST_FILE_BYTES,
    RecipeError,
    load,
    load_all,
)
from emotion_pipeline_tests.training import tiny

MESHES = {"labels": "personal", "pictures": "personal", "inputs": ["landmarks"]}
TAKES = {"labels": "personal", "pictures": "personal", "leave_out": "take_id"}


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
    if isinstance(recipe, Recipe):
        models.build(recipe.model.name, recipe.model, recipe.sizes)
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
        ("loss.class_weights", "invers", "inverse"),
        ("data.inputs", ["blendshape"], "blendshapes"),
        ("test_views", "tencrop", "ten_crop"),
        ("task", "emotion", "emotions"),
        ("optimiser.learning_rat", 0.1, "learning_rate"),
        ("sampler", "balanced", "belongs into `data`"),
        ("model.momentum", 0.5, "belongs into `optimiser`"),
        ("limit_train", 3, "'augment' or 'batch_size'"),
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
        ("model.widths", [0]),
        ("optimiser.sam_rho", 2),
        ("augment.mixup_alpha", -1),
        ("swa_from", 1.0),
        ("initial", {"imagenet": False}),
        ("initial", {"imagenet": True, "recipe": "other"}),
        ("distil", {"teachers": [], "share": 0.5}),
        ("freeze", {"parts": []}),
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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"augment": {"crop_px": 48}}, "more than 32 px"),
        ({"test_views": "ten_crop"}, "crop_px"),
        ({"ema_decay": 0.9, "swa_from": 0.5}, "not both"),
        ({"ema_decay": None, "mean_teacher": 0.5}, "give an ema_decay"),
        ({"data": TAKES}, "keep"),
        (
            {
                "data": {"labels": "fer2013", "pictures": "fer2013", "sampler": "balanced"},
                "loss": {"class_weights": "inverse"},
            },
            "count twice",
        ),
        ({"loss": {"name": "multi_target"}, "augment": {"mixup_alpha": 0.2}}, "teacher or mixup"),
        ({"loss": {"name": "multi_target"}, "distil": {"teachers": ["x"]}}, "teacher or mixup"),
        ({"loss": {"name": "multi_target"}, "mean_teacher": 0.5}, "teacher or mixup"),
        ({"loss": {"name": "multi_target", "label_smoothing": 0.1}}, "no smoothing"),
        ({"loss": {"name": "multi_target"}}, "needs `keep: last`"),
        ({"loss": {"drawn_labels": True}}, "there are none"),
        ({"loss": {"name": "multi_target", "drawn_labels": True}}, "drawn labels"),
        ({"data": {**TAKES, "at_most_per_class": 9}, "keep": "last"}, "predicts every row"),
        ({"data": MESHES}, "moves pictures"),
        ({"data": MESHES, "augment": {"crop_px": 32}}, "moves pictures"),
        ({"data": MESHES, "augment": {"policy": "flip", "crop_px": 32}}, "moves pictures"),
        ({"data": TAKES, "keep": "last", "schedule": {"name": "plateau"}}, "no plateau schedule"),
        (
            {
                "optimiser": {"name": "sgd", "learning_rate": 0.1, "sam_rho": 0.05},
                "precision": "16-mixed",
            },
            "sam_rho",
        ),
    ],
)
def test_values_that_do_not_go_together_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        tiny.recipe(**changes)


def _folder(folder: Path, **recipes: dict) -> Path:
    """A folder of recipes that are tiny but for these changes."""
    for name, changes in recipes.items():
        content = tiny.recipe(**changes).model_dump(mode="json")
        labels = content["data"]["labels"]
        (folder / f"{labels}_cnn5_{name}.yaml").write_text(yaml.safe_dump(content))
    return folder


def test_recipes_come_after_those_that_they_follow_from(tmp_path):
    first, taught = {"initial": {"recipe": "ferplus_cnn5_z"}}, {"teachers": ["ferplus_cnn5_b"]}
    found = load_all(_folder(tmp_path, a={"distil": taught}, b=first, z={}))
    assert list(found) == ["ferplus_cnn5_z", "ferplus_cnn5_b", "ferplus_cnn5_a"]
    assert found["ferplus_cnn5_a"].follows == ("ferplus_cnn5_b",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"initial": {"recipe": "ferplus_cnn5_y"}}, "ferplus_cnn5_z"),
        ({"initial": {"recipe": "ferplus_cnn5_z", "seed": 9}}, "no seed 9"),
        ({"initial": {"recipe": "ferplus_cnn5_a"}}, "follow from themselves"),
        ({"distil": {"teachers": ["ferplus_cnn5_other"]}}, "cannot teach"),
        (
            {
                "data": {"labels": "ferplus", "pictures": "fer2013", "leave_out": "person_id"},
                "keep": "last",
                "initial": {"recipe": "ferplus_cnn5_z"},
            },
            "has seen the pictures",
        ),
    ],
)
def test_a_recipe_that_cannot_follow_from_another_is_refused(tmp_path, changes, message):
    seven = {"labels": "ferplus", "pictures": "fer2013", "label_space": "seven_emotions"}
    with pytest.raises(RecipeError, match=message):
        load_all(_folder(tmp_path, a=changes, z={}, other={"data": seven}))


KEPT = {"keep": "last"}
LATER = {"data": {"labels": "kdef", "pictures": "kdef"}, "initial": {"recipe": "ferplus_cnn5_z"}}
FOLDS = {"data": {"labels": "ferplus", "pictures": "fer2013", "leave_out": "person_id"}} | KEPT


@pytest.mark.parametrize(
    ("recipes", "message"),
    [
        (
            {"z": {}, "kdef": LATER, "a": {**FOLDS, "initial": {"recipe": "kdef_cnn5_kdef"}}},
            "ferplus_cnn5_z has seen the pictures",
        ),
        (
            {"z": FOLDS, "a": {"initial": {"recipe": "ferplus_cnn5_z"}}},
            "ferplus_cnn5_z has learned from all fer2013",
        ),
        (
            {"z": FOLDS, "kdef": LATER, "a": {"initial": {"recipe": "kdef_cnn5_kdef"}}},
            "ferplus_cnn5_z has learned from all fer2013",
        ),
        (
            {"z": FOLDS, "a": {"distil": {"teachers": ["ferplus_cnn5_z"]}}},
            "ferplus_cnn5_z has learned",
        ),
    ],
    ids=["grandparent", "of all rows", "of all rows before", "teacher of all rows"],
)
def test_nobody_is_tested_on_what_an_ancestor_has_learned_by_leaving_out(
    tmp_path, recipes, message
):
    with pytest.raises(RecipeError, match=f"_a.yaml: {message}"):
        load_all(_folder(tmp_path, **recipes))


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


def test_aliases_that_would_unfold_without_end_are_refused(tmp_path):
    path = tmp_path / "ferplus_cnn5.yaml"
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    path.write_text("\n".join(["a0: &a0 x", *levels, "data: *a8"]), encoding="utf-8")
    with pytest.raises(RecipeError, match=r"ferplus_cnn5\.yaml: .*aliases"):
        load(path)


def test_a_key_that_is_there_twice_is_refused(tmp_path):
    path = _written(tmp_path, "epochs", 3)
    assert load(path).epochs == 3
    path.write_text(path.read_text() + "epochs: 4\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="'epochs' is there twice"):
        load(path)


def test_the_file_name_says_data_and_model(tmp_path):
    path = _written(tmp_path, "epochs", 3)
    assert load(path.rename(tmp_path / "ferplus_cnn5_short.yaml")).epochs == 3
    with pytest.raises(RecipeError, match=r"must be called ferplus_cnn5\.yaml"):
        load((tmp_path / "ferplus_cnn5_short.yaml").rename(tmp_path / "affectnet_cnn5.yaml"))


def test_only_values_that_change_the_weights_are_training_values():
    same = tiny.recipe(description="other", seeds=[7], evaluate_on=["jpeg-1"], test_views="one")
    assert training_values(same) == training_values(tiny.recipe())
    views = [
        training_values(tiny.recipe(calibrated=True, test_views=name)) for name in ("one", "flip")
    ]
    assert views[0] != views[1]  # the temperature is that of their mean
    for name in set(Recipe.model_fields) - {*NOT_IN_THE_WEIGHTS, "test_views"}:
        assert name in training_values(same)


def test_loading_recipes_needs_no_torch():
    code = (
        "import sys; from emotion_pipeline.training.recipe_files import load_all; load_all(); "
        "assert not {'torch', 'lightning', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
