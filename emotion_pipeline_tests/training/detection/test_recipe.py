import subprocess
import sys

import pytest
from pydantic import ValidationError

from emotion_pipeline.training.detection.policies import FACE_POLICIES
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline_tests.training.detection import squares

TINY_MODEL = {"variant": "tiny"}


@pytest.mark.parametrize("policy", FACE_POLICIES)
def test_every_policy_can_be_named(policy):
    recipe = squares.recipe(augment={"policy": policy, "tile_px": 64})
    assert FaceRecipe.model_validate(recipe.model_dump(mode="json")) == recipe


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "emotions"}, "faces"),
        ({"data": {"labels": "darkface", "pictures": "kdef"}}, "must be the same dataset"),
        ({"evaluate_on": ["grayscale"]}, "original"),
        ({"model": {"variant": "resnet51"}}, "did you mean 'resnet50'"),
        ({"model": {**TINY_MODEL, "anchor_px": [8, 16, 32]}}, "at least 5"),
        ({"model": {**TINY_MODEL, "anchor_px": [8, 16, 16, 32, 64]}}, "must rise"),
        ({"model": {**TINY_MODEL, "least_side_px": 2000}}, "more than"),
        ({"augment": {"policy": "nite"}}, "did you mean 'night'"),
        ({"augment": {"tile_px": 32}}, "greater than or equal to 64"),
        ({"initial": {"imagenet": True}}, "leave out initial"),
        ({"model": {"variant": "resnet50"}, "initial": {"recipe": "other"}}, "not possible"),
        ({"ema_decay": 0.9, "swa_from": 0.5}, "not both"),
        ({"optimizer": {}}, "Extra inputs"),
    ],
)
def test_values_that_make_no_sense_are_refused_with_a_reason(changes, message):
    with pytest.raises(ValidationError, match=message):
        squares.recipe(**changes)


def test_loading_a_recipe_needs_neither_torch_nor_albumentations():
    code = (
        "import sys; import emotion_pipeline.training.detection.recipe\n"
        "assert not {'torch', 'torchvision', 'albumentations'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
