import pytest

from emotion_pipeline.labels import EMOTIONS, LABEL_SPACES, Emotion, nearest

FERPLUS_COLUMNS = [
    *("neutral", "happiness", "surprise", "sadness"),
    *("anger", "disgust", "fear", "contempt"),
]


def test_the_canonical_order_is_that_of_the_ferplus_columns():
    assert list(EMOTIONS) == FERPLUS_COLUMNS
    assert [str(emotion) for emotion in Emotion] == FERPLUS_COLUMNS


def test_label_spaces_are_known_by_their_names_and_keep_the_canonical_order():
    assert {name: space.n_classes for name, space in LABEL_SPACES.items()} == {
        "eight_emotions": 8,
        "seven_emotions": 7,
        "six_emotions": 6,
        "four_emotions": 4,
    }
    for name, space in LABEL_SPACES.items():
        assert space.name == name
        assert list(space.emotions) == [one for one in FERPLUS_COLUMNS if one in space.emotions]
    assert "contempt" not in LABEL_SPACES["seven_emotions"].emotions
    assert {"contempt", "neutral"}.isdisjoint(LABEL_SPACES["six_emotions"].emotions)


@pytest.mark.parametrize("space", LABEL_SPACES.values(), ids=LABEL_SPACES.keys())
def test_an_index_is_the_position_in_the_space(space):
    assert [space.index(emotion) for emotion in space.emotions] == [*range(space.n_classes)]
    assert space.index(Emotion.SADNESS) == space.emotions.index("sadness")


@pytest.mark.parametrize(
    ("space", "emotion"),
    [("seven_emotions", "contempt"), ("six_emotions", "neutral"), ("eight_emotions", "happy")],
)
def test_an_emotion_that_is_not_in_the_space_has_no_index(space, emotion):
    with pytest.raises(ValueError, match="not in tuple"):
        LABEL_SPACES[space].index(emotion)


def test_a_wrong_name_is_answered_with_the_nearest_right_one():
    answer = nearest("hapiness", EMOTIONS)
    assert "'hapiness'" in answer
    assert "did you mean 'happiness'" in answer
    assert "contempt" not in answer


def test_a_name_near_to_none_is_answered_with_all_in_order_of_the_alphabet():
    answer = nearest("xyz", ["second", "first"])
    assert answer == "unknown name 'xyz'; did you mean 'first' or 'second'?"
