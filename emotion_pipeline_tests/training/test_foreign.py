import pytest
from pydantic import ValidationError

from emotion_pipeline.domains import DOMAINS, ORIGINAL
from emotion_pipeline.foreign import deepface_emotions
from emotion_pipeline.labels import EMOTIONS
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


TABLE = {
    **VALUES,
    "predictor": "table",
    "file": "friend.csv",
    "data": {"labels": "ferplus", "pictures": "fer2013"},
}
ONNX = {**TABLE, "predictor": "onnx", "file": "friend.onnx"}
NETWORK = {
    "input_px": 48,
    "color": "gray",
    "pixels": "0-1",
    "emotions": EMOTIONS[::-1],
    "outputs": "logits",
}


@pytest.mark.parametrize("values", [TABLE, ONNX, {**ONNX, "onnx": NETWORK}])
def test_a_file_of_the_user_is_tested_on_the_original_pictures_and_named_by_its_labels(values):
    recipe = ForeignRecipe.model_validate(values)
    assert recipe.is_imported
    assert recipe.evaluate_on == (ORIGINAL,)
    assert recipe.stem == "ferplus"
    assert recipe.emotions == EMOTIONS


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({**VALUES, "file": "a.csv"}, "deepface needs none"),
        ({**VALUES, "columns": {"a": "sample_id"}}, "only for `predictor: table`"),
        ({**TABLE, "file": None}, "needs the name of a file *.csv"),
        ({**TABLE, "file": "../a.csv"}, "file"),
        ({**TABLE, "file": "/etc/a.csv"}, "file"),
        ({**TABLE, "file": ".a.csv"}, "file"),
        ({**TABLE, "file": "a.onnx"}, "*.csv"),
        ({**TABLE, "onnx": NETWORK}, "only for `predictor: onnx`"),
        ({**TABLE, "evaluate_on": ["original", "grayscale"]}, "the original pictures only"),
        ({**TABLE, "claim": {"accuracy_score": 91}}, "claim.accuracy_score"),
        ({**ONNX, "evaluate_on": ["grayscale", "original"]}, "original has to come first"),
        ({**ONNX, "onnx": {**NETWORK, "emotions": EMOTIONS[:7]}}, "in any order"),
        ({**ONNX, "onnx": {**NETWORK, "mean": [0.1, 0.2]}}, "needs 1 values"),
    ],
)
def test_what_a_file_of_the_user_cannot_be_is_refused(values, words):
    with pytest.raises(ValidationError) as refused:
        ForeignRecipe.model_validate(values)
    assert words in str(refused.value)
