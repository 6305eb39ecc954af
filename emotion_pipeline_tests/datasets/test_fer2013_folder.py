import pytest

from emotion_pipeline import schema
from emotion_pipeline.datasets import fer2013_folder
from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK, SourceMissing, SourceRefused
from emotion_pipeline_tests.raw_fakes import fer2013
from emotion_pipeline_tests.raw_fakes import fer2013_folder as fake
from emotion_pipeline_tests.raw_fakes.picture_folders import content, scan, write_picture

N_PICTURES = sum(fake.N_PER_FOLDER.values()) * len(fake.FOLDERS)


def read(raw_root):
    return scan(fer2013_folder.DATASET, raw_root)


def rejected(rows):
    return sorted((reject.source, reject.reason) for reject in rows.rejects)


@pytest.mark.parametrize(
    "folder",
    ["fer2013_folder", "fer2013", "fer-2013", "FER2013", "FER-2013", "fer2013/archive"],
)
def test_the_folders_are_found_under_every_name_and_one_level_deeper(tmp_path, folder):
    fake.write(tmp_path, folder=folder)
    rows = read(tmp_path)
    assert (rows.good.num_rows, rows.rejects) == (N_PICTURES, [])


def test_only_the_pictures_in_train_and_test_are_listed(tmp_path):
    top = fake.write(tmp_path, folder="fer2013")
    before = [file.name for file in fer2013_folder.find(tmp_path)]
    fer2013.write(tmp_path)
    write_picture(top / "FER2013Train" / "fer0000000.png")
    write_picture(top / "example.jpg")
    write_picture(top / "a" / "b" / "train" / "angry" / "1.jpg")
    assert [file.name for file in fer2013_folder.find(tmp_path)] == before
    assert len(before) == N_PICTURES


def test_a_folder_with_only_the_csv_is_passed_over(tmp_path):
    fer2013.write(tmp_path)
    with pytest.raises(SourceMissing) as missing:
        fer2013_folder.find(tmp_path)
    for part in (str(tmp_path / "fer2013_folder"), "`train`", "`angry`", "kaggle.com"):
        assert part in str(missing.value)
    fake.write(tmp_path, folder="fer-2013")
    assert read(tmp_path).good.num_rows == N_PICTURES


def test_rows_have_the_name_split_and_emotion_of_their_path(tmp_path):
    fake.write(tmp_path)
    for row in read(tmp_path).good.to_pylist():
        part, folder, name = row["source"].split("/")
        assert row["sample_id"] == f"fer2013_folder-{part}/{folder}/{name.removesuffix('.jpg')}"
        assert row["emotion"] == fake.FOLDERS[folder]
        if part == "test":
            assert row["split"] == "test"
        else:
            assert row["split"] == fer2013_folder.split_of("train", row["file_digest"].hex())
        assert row["synthetic"] is False


def test_other_names_of_the_same_folders_give_the_same_names_and_emotions(tmp_path):
    names = ("Anger", "DISGUST", "Fear", "happiness", "Neutral", "Sadness", "Surprise")
    fake.write(tmp_path / "published")
    fake.write(tmp_path / "other", folders=dict(zip(names, fake.FOLDERS.values(), strict=True)))
    published, other = (read(tmp_path / name).good for name in ("published", "other"))
    columns = ["sample_id", "split", "emotion"]
    assert sorted(published.select(columns).to_pylist(), key=str) == sorted(
        other.select(columns).to_pylist(), key=str
    )


@pytest.mark.parametrize(
    ("folder", "answer"),
    [("hapy", "did you mean 'happy'"), ("contempt", "Known names: neutral"), ("3", "Known names")],
)
def test_a_folder_of_no_known_emotion_is_refused_by_name(tmp_path, folder, answer):
    top = fake.write(tmp_path)
    (top / "train" / folder).mkdir()
    assert read(tmp_path).good.num_rows == N_PICTURES
    write_picture(top / "train" / folder / "1.jpg")
    with pytest.raises(SourceRefused, match=f"{folder!r}.*{answer}") as refusal:
        read(tmp_path)
    assert str(top / "train") in str(refusal.value)


def test_pictures_in_no_or_a_deeper_folder_are_rejects(tmp_path):
    top = fake.write(tmp_path)
    write_picture(top / "train" / "1.jpg")
    write_picture(top / "test" / "sad" / "more" / "2.jpg")
    rows = read(tmp_path)
    assert rejected(rows) == [
        ("test/sad/more/2.jpg", "unknown_place"),
        ("train/1.jpg", "unknown_place"),
    ]
    assert "expected train/<emotion>/1.jpg" in " ".join(one.detail for one in rows.rejects)
    assert rows.good.num_rows == N_PICTURES


def test_pictures_without_any_emotion_folder_are_refused_with_what_was_expected(tmp_path):
    write_picture(tmp_path / "fer2013" / "train" / "1.jpg")
    with pytest.raises(SourceRefused, match=r"fer2013: none .*`angry`.*train/1\.jpg"):
        read(tmp_path)


def test_a_name_that_comes_twice_is_a_reject(tmp_path):
    top = fake.write(tmp_path)
    write_picture(top / "Train" / "Angry" / "train_0.jpeg", 7)
    rows = read(tmp_path)
    assert [reason for _, reason in rejected(rows)] == ["same_name_twice"]
    assert rows.good.num_rows == N_PICTURES


def test_samples_keep_the_bytes_and_damaged_pictures_are_rejects(tmp_path):
    top = fake.write(tmp_path)
    (top / "test" / "sad" / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
    made = fer2013_folder.to_samples(read(tmp_path).good)
    assert rejected(made) == [("test/sad/bad.jpg", "undecodable")]
    assert set(made.good.schema.names) == set(schema.SAMPLES.names) - {"input_digest"}
    for row in made.good.to_pylist():
        assert row["image"]["bytes"] == (top / row["image"]["path"]).read_bytes()
        assert (row["width_px"], row["height_px"], row["color_mode"]) == (48, 48, "gray")


def test_a_tenth_of_train_and_nothing_of_test_is_validation():
    digests = [f"{number:032x}" for number in range(5000)]
    train = [fer2013_folder.split_of("train", digest) for digest in digests]
    assert set(train) == {"train", "validation"}
    assert train.count("validation") / 5000 == pytest.approx(0.1, abs=0.02)
    assert {fer2013_folder.split_of("test", digest) for digest in digests} == {"test"}


def test_equal_pictures_of_train_are_in_one_split(tmp_path):
    top = tmp_path / "fer2013"
    for number in range(40):
        write_picture(top / "train" / "happy" / f"{number}.jpg", number)
        write_picture(top / "train" / "sad" / f"copy_of_{number}.jpg", number)
    split = {row["source"]: row["split"] for row in read(tmp_path).good.to_pylist()}
    for number in range(40):
        assert split[f"train/happy/{number}.jpg"] == split[f"train/sad/copy_of_{number}.jpg"]
    assert set(split.values()) == {"train", "validation"}


def test_test_is_both_published_test_sets_and_nothing_more_is_claimed():
    counts = fer2013_folder.DATASET.published_counts
    assert {split: sum(row.values()) for split, row in counts.items()} == {
        "train+validation": 28_709,
        "test": 7_178,
    }
    assert counts["test"]["disgust"] == 111
    assert counts["train+validation"]["happiness"] == 7_215
    assert set(counts["test"]) == set(fer2013_folder.DATASET.emotions)
    assert fer2013_folder.DATASET.title == "FER2013, folder version"
    assert "PublicTest and PrivateTest together" in fer2013_folder.DATASET.expects


@pytest.mark.parametrize("seed", range(4))
def test_drawn_samples_are_read_without_rejects_in_all_splits(tmp_path, seed):
    fer2013_folder.DATASET.draw(tmp_path, 60, seed)
    assert (tmp_path / "fer2013_folder" / SYNTHETIC_MARK).is_file()
    rows = read(tmp_path)
    made = fer2013_folder.to_samples(rows.good)
    assert rows.rejects == made.rejects == []
    assert made.good.num_rows >= 30
    assert set(made.good["synthetic"].to_pylist()) == {True}
    assert set(made.good["split"].to_pylist()) == set(schema.SPLITS)
    assert set(made.good["emotion"].to_pylist()) <= set(fer2013_folder.DATASET.emotions)
    assert set(made.good["width_px"].to_pylist()) == {48}
    assert set(made.good["color_mode"].to_pylist()) == {"gray"}


def test_the_seed_decides_the_drawn_samples(tmp_path):
    for folder, seed in (("one", 5), ("again", 5), ("other", 6)):
        fer2013_folder.DATASET.draw(tmp_path / folder, 60, seed)
    assert content(tmp_path / "one") == content(tmp_path / "again") != content(tmp_path / "other")
