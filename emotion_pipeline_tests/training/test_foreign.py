import pytest
from pydantic import ValidationError

from emotion_pipeline.domains import DOMAINS
from emotion_pipeline.foreign import deepface_emotions
from emotion_pipeline.training.foreign import EMOTIONS_OF, ForeignRecipe

VALUES = {
    "task": "foreign",
    "description": "somebody else's model",
    "predictor": "deepface",
    "data": {"labels": "ferplus", "pictures": "fer2013", "label_space": "seven_emotions"},
}
SPOKEN = {"deepface": deepface_emotions.EMOTIONS}


def test_few_values_make_a_recipe_of_one_seed_for_all_domains():
    recipe = ForeignRecipe.model_validate(VALUES)
    assert recipe.seeds == (0,)
    assert recipe.evaluate_on == DOMAINS
    assert recipe.data.labels == "ferplus"


@pytest.mark.parametrize("predictor", EMOTIONS_OF)
def test_the_label_space_of_a_predictor_is_the_one_it_answers_in(predictor):
    data = {**VALUES["data"], "label_space": EMOTIONS_OF[predictor]}
    recipe = ForeignRecipe.model_validate({**VALUES, "predictor": predictor, "data": data})
    assert recipe.emotions == SPOKEN[predictor]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "emotion"}, "task"),
        ({"predictor": "deepfake"}, "did you mean 'deepface'"),
        ({"seeds": [1]}, "seeds"),
        ({"model": {"name": "cnn5"}}, "model"),
        ({"data": {**VALUES["data"], "sampler": "balanced"}}, "data.sampler is up to deepface"),
        ({"data": {**VALUES["data"], "vote_rule": "distribution"}}, "data.vote_rule is up to"),
        ({"data": {**VALUES["data"], "label_space": "eight_emotions"}}, "seven_emotions"),
        ({"data": {"labels": "kdef", "pictures": "kdef"}}, "label_space: seven_emotions"),
        ({"evaluate_on": ["sepia"]}, "sepia"),
    ],
)
def test_what_a_foreign_model_cannot_be_told_is_refused(changes, words):
    with pytest.raises(ValidationError) as refused:
        ForeignRecipe.model_validate({**VALUES, **changes})
    assert words in str(refused.value)
