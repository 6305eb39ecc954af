from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_pipeline.datasets.emotion_folders import FOLDERS, NAMES, emotion_of, unknown_folder
from emotion_pipeline.labels import EMOTIONS

ALIASES = {
    "neutral": "neutral",
    "happy": "happiness",
    "happiness": "happiness",
    "surprise": "surprise",
    "surprised": "surprise",
    "sad": "sadness",
    "sadness": "sadness",
    "angry": "anger",
    "anger": "anger",
    "disgust": "disgust",
    "disgusted": "disgust",
    "fear": "fear",
    "fearful": "fear",
    "afraid": "fear",
    "contempt": "contempt",
    "contemptuous": "contempt",
}


@pytest.mark.parametrize(("name", "emotion"), ALIASES.items())
def test_a_folder_means_the_same_in_any_case(name, emotion):
    assert {emotion_of(name), emotion_of(name.upper()), emotion_of(name.title())} == {emotion}


@pytest.mark.parametrize("name", ["", "hapy", "happy2", "3", "happy/sad", "none", "faces", "hаppy"])
def test_no_other_name_is_an_emotion(name):
    assert emotion_of(name) is None


@given(st.text(max_size=20))
def test_no_name_crashes_or_gives_anything_but_an_emotion(name):
    assert emotion_of(name) in (None, *EMOTIONS)
    assert repr(name) in str(unknown_folder(name, Path("personal")))


def test_every_emotion_has_names_that_no_other_has():
    assert tuple(NAMES) == tuple(FOLDERS) == EMOTIONS
    names = [name for names in NAMES.values() for name in names]
    assert sorted(names) == sorted(ALIASES)
    assert [emotion_of(folder) for folder in FOLDERS.values()] == list(EMOTIONS)


def test_a_typo_is_answered_with_place_the_nearest_name_and_all_known_ones():
    message = str(unknown_folder("Hapy", Path("raw/personal")))
    for part in ("raw/personal", "'Hapy'", "did you mean 'happy'", "contemptuous"):
        assert part in message


def test_only_the_emotions_of_the_dataset_are_offered():
    message = str(unknown_folder("contempt", Path("raw"), ("happiness", "sadness")))
    assert "Known names: happy, happiness, sad, sadness." in message
    assert "contemptuous" not in message
