import pytest

from emotion_pipeline.datasets import affectnet
from emotion_pipeline.datasets.raw_files import SourceRefused
from emotion_pipeline_tests.raw_fakes.picture_folders import scan, write_picture


def emotions(root):
    return scan(affectnet.DATASET, root).good["emotion"].to_pylist()


@pytest.mark.parametrize(
    ("folder", "emotion"),
    [
        ("Anger", "anger"),
        ("angry", "anger"),
        ("HAPPY", "happiness"),
        ("happiness", "happiness"),
        ("Sad", "sadness"),
        ("sadness", "sadness"),
        ("disgusted", "disgust"),
        ("afraid", "fear"),
        ("fearful", "fear"),
        ("surprised", "surprise"),
        ("Neutral", "neutral"),
        ("Contempt", "contempt"),
        ("contemptuous", "contempt"),
    ],
)
@pytest.mark.parametrize("part", ["Train", "train", "TEST"])
def test_folders_are_known_under_all_their_names(tmp_path, folder, emotion, part):
    write_picture(tmp_path / "AffectNet" / part / folder / "image1.jpg")
    assert emotions(tmp_path) == [emotion]


@pytest.mark.parametrize("folder", ["sleepy", "0", "none", "anger2", "hapy"])
def test_a_folder_that_is_no_emotion_is_refused_with_the_known_names(tmp_path, folder):
    write_picture(tmp_path / "AffectNet" / "Train" / "anger" / "1.jpg")
    (tmp_path / "AffectNet" / "Train" / folder).mkdir()
    assert emotions(tmp_path) == ["anger"]  # without pictures it does no harm
    write_picture(tmp_path / "AffectNet" / "Train" / folder / "2.jpg")
    with pytest.raises(SourceRefused, match=repr(folder)) as refusal:
        emotions(tmp_path)
    for part in (str(tmp_path / "AffectNet" / "Train"), "contemptuous", "happy"):
        assert part in str(refusal.value)


@pytest.mark.parametrize("place", ["preview.jpg", "Train/1.jpg", "val/anger/1.jpg"])
def test_pictures_beside_the_folders_are_rejects(tmp_path, place):
    write_picture(tmp_path / "AffectNet" / "Train" / "anger" / "1.jpg")
    write_picture(tmp_path / "AffectNet" / place)
    found = scan(affectnet.DATASET, tmp_path)
    assert found.good["sample_id"].to_pylist() == ["affectnet-train/anger/1"]
    assert [(one.source, one.reason) for one in found.rejects] == [(place, "outside_layout")]


def test_of_two_pictures_that_differ_by_their_suffix_one_is_read(tmp_path):
    for name in ("1.jpg", "1.png", "2.PNG"):
        write_picture(tmp_path / "AffectNet" / "Test" / "fear" / name)
    found = scan(affectnet.DATASET, tmp_path)
    names = ["affectnet-test/fear/1", "affectnet-test/fear/2"]
    assert found.good["sample_id"].to_pylist() == names
    assert [one.reason for one in found.rejects] == ["same_name_twice"]
