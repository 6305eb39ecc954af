import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion_pipeline import schema
from emotion_pipeline.datasets import personal
from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK, SourceMissing, SourceRefused
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline_tests.raw_fakes import personal as fake
from emotion_pipeline_tests.raw_fakes.picture_folders import content, scan, write_picture

N_PICTURES = len(fake.TAKES) * fake.N_FRAMES + len(fake.LOOSE)


def read(raw_root):
    return scan(personal.DATASET, raw_root)


def rejected(rows):
    return sorted((reject.source, reject.reason) for reject in rows.rejects)


def by_source(rows):
    return {row["source"]: row for row in rows.good.to_pylist()}


@pytest.mark.parametrize("folder", ["personal", "Personal", "PERSONAL"])
def test_every_picture_is_found_and_nothing_else(tmp_path, folder):
    fake.write(tmp_path, folder=folder)
    rows = read(tmp_path)
    assert (rows.good.num_rows, rows.rejects) == (N_PICTURES, [])


@pytest.mark.parametrize("there", [".", "personal", "personal/happy"])
def test_no_recordings_is_answered_with_folder_layout_and_where_to_get_them(tmp_path, there):
    (tmp_path / there).mkdir(exist_ok=True, parents=True)
    with pytest.raises(SourceMissing) as missing:
        personal.find(tmp_path)
    parts = (
        str(tmp_path / "personal"),
        "<person>_<take>_<frame>.jpg",
        "Get it from your own camera",
    )
    for part in parts:
        assert part in str(missing.value)


def test_rows_of_a_recorder_have_person_take_and_frame(tmp_path):
    fake.write(tmp_path)
    rows = by_source(read(tmp_path))
    row = rows["sad/jean-luc_001_0002.jpg"]
    assert row["sample_id"] == "personal-sadness/jean-luc_001_0002"
    assert (row["emotion"], row["synthetic"]) == ("sadness", False)
    assert (row["person_id"], row["take_id"], row["frame"]) == ("jean-luc", "jean-luc-001", 2)
    assert rows["Angry/jean-luc_002_0000.jpg"]["emotion"] == "anger"
    assert rows["contempt/p7_12_0001.jpg"]["take_id"] == "p7-12"


def test_pictures_with_names_of_their_own_stand_alone(tmp_path):
    fake.write(tmp_path)
    rows = by_source(read(tmp_path))
    for emotion, name in fake.LOOSE:
        row = rows[f"{emotion}/{name}"]
        assert (row["person_id"], row["frame"]) == (None, None)
        assert row["take_id"] == name.rsplit(".", 1)[0]


def test_frames_of_one_take_are_in_one_split_whatever_the_emotion(tmp_path):
    for number in range(30):
        for frame, emotion in enumerate(("happy", "happy", "sad")):
            name = f"anna_{number:03d}_{frame:04d}.jpg"
            write_picture(tmp_path / "personal" / emotion / name, 3 * number + frame)
    rows = read(tmp_path).good.to_pylist()
    pairs = {(row["take_id"], row["split"]) for row in rows}
    assert len(pairs) == 30
    assert {split for _, split in pairs} == set(schema.SPLITS)
    assert personal.DATASET.own_splits
    assert personal.DATASET.apart == ("take_id",)


def test_shares_of_the_splits_are_70_15_and_15_percent():
    splits = [personal.split_of(f"anna-{take}") for take in range(5000)]
    shares = [splits.count(split) / 5000 for split in schema.SPLITS]
    assert shares == pytest.approx([0.7, 0.15, 0.15], abs=0.02)


@pytest.mark.parametrize(
    ("folder", "meant"), [("hapy", "happy"), ("Contemt", "contempt"), ("recordings", None)]
)
def test_a_folder_of_no_emotion_is_refused_with_the_nearest_and_all_known_names(
    tmp_path, folder, meant
):
    top = fake.write(tmp_path)
    (top / folder).mkdir()
    assert read(tmp_path).good.num_rows == N_PICTURES
    write_picture(top / folder / "anna_001_0001.jpg")
    answer = rf"; did you mean {meant!r}\?" if meant else r"\. "
    with pytest.raises(SourceRefused, match=repr(folder) + answer) as refusal:
        read(tmp_path)
    for part in (str(top), "contemptuous", "neutral", "afraid"):
        assert part in str(refusal.value)


def test_pictures_in_no_or_a_deeper_folder_are_rejects(tmp_path):
    top = fake.write(tmp_path)
    write_picture(top / "anna_001_0001.jpg")
    write_picture(top / "happy" / "more" / "anna_001_0001.jpg")
    rows = read(tmp_path)
    assert rejected(rows) == [
        ("anna_001_0001.jpg", "unknown_place"),
        ("happy/more/anna_001_0001.jpg", "unknown_place"),
    ]
    assert {"expected <emotion>/anna_001_0001.jpg" in one.detail for one in rows.rejects} == {True}
    assert rows.good.num_rows == N_PICTURES


@pytest.mark.parametrize("second", ["happy/anna_001_0000.png", "happiness/anna_001_0000.jpg"])
def test_a_name_that_comes_twice_for_one_emotion_is_a_reject(tmp_path, second):
    top = fake.write(tmp_path)
    write_picture(top / second, 77)
    rows = read(tmp_path)
    assert [reason for _, reason in rejected(rows)] == ["same_name_twice"]
    assert rows.good.num_rows == N_PICTURES


def test_samples_keep_the_bytes_and_damaged_pictures_are_rejects(tmp_path):
    top = fake.write(tmp_path)
    (top / "happy" / "anna_001_0009.jpg").write_bytes(b"")
    made = personal.to_samples(read(tmp_path).good)
    assert rejected(made) == [("happy/anna_001_0009.jpg", "undecodable")]
    assert set(made.good.schema.names) == set(personal.SCHEMA.names) - {"input_digest"}
    assert made.good.num_rows == N_PICTURES
    for row in made.good.to_pylist():
        assert row["image"]["bytes"] == (top / row["image"]["path"]).read_bytes()


@pytest.mark.parametrize(
    ("stem", "person", "take", "frame"),
    [
        ("anna_003_0012", "anna", "anna-003", 12),
        ("A7-b_1_0", "A7-b", "A7-b-1", 0),
        ("jürgen_02_3", "jürgen", "jürgen-02", 3),
        (unicodedata.normalize("NFD", "jürgen_02_3"), "jürgen", "jürgen-02", 3),
        ("anna_003_2147483647", "anna", "anna-003", 2**31 - 1),
        ("anna_003_1700000000000", "anna", "anna-003", None),
    ],
)
def test_the_names_of_a_recorder_are_read(stem, person, take, frame):
    assert personal.recorded(stem) == {"person_id": person, "take_id": take, "frame": frame}


@pytest.mark.parametrize(
    "stem",
    [
        "anna",
        "anna_003",
        "anna_003_",
        "_003_0012",
        "anna_x_0012",
        "anna_003_x",
        "anna_b_003_0012",
        "anna_003_0012 (1)",
        "anna 2_003_0012",
        "anna_003_0012\n",
        "anna_٣_0012",
        "anna_-3_12",
    ],
)
def test_any_other_name_is_a_take_of_its_own(stem):
    assert personal.recorded(stem) == {"person_id": None, "take_id": stem, "frame": None}


PERSONS = st.from_regex(r"[A-Za-z0-9éß-]{1,12}", fullmatch=True)
DIGITS = st.from_regex(r"[0-9]{1,9}", fullmatch=True)


@given(PERSONS, DIGITS, DIGITS)
def test_what_a_recorder_writes_is_read_again(person, take, frame):
    found = personal.recorded(f"{person}_{take}_{frame}")
    assert found == {"person_id": person, "take_id": f"{person}-{take}", "frame": int(frame)}


@settings(max_examples=200)
@given(
    st.text(max_size=60)
    | st.from_regex(r"\w+_\w+_\w+", fullmatch=True).filter(lambda t: len(t) < 255)
)
def test_no_name_crashes_and_none_is_read_that_no_recorder_writes(stem):
    found = personal.recorded(stem)
    assert personal.split_of(found["take_id"]) in schema.SPLITS
    if found["person_id"] is None:
        assert found["take_id"] == unicodedata.normalize("NFC", stem)
        assert found["frame"] is None
    else:
        assert all(letter.isalnum() or letter == "-" for letter in found["person_id"])
        assert re.fullmatch(r"[0-9]+", found["take_id"].removeprefix(found["person_id"] + "-"))
        assert found["frame"] is None or 0 <= found["frame"] < 2**31


@pytest.mark.parametrize("seed", range(3))
def test_drawn_recordings_are_read_without_rejects_in_all_splits(tmp_path, seed):
    personal.DATASET.draw(tmp_path, 60, seed)
    assert (tmp_path / "personal" / SYNTHETIC_MARK).is_file()
    rows = read(tmp_path)
    made = personal.to_samples(rows.good)
    assert rows.rejects == made.rejects == []
    assert made.good.num_rows >= 15
    assert set(made.good["synthetic"].to_pylist()) == {True}
    assert set(made.good["split"].to_pylist()) == set(schema.SPLITS)
    assert len(set(made.good["person_id"].to_pylist())) == 3
    takes = made.good["take_id"].to_pylist()
    assert 1 < takes.count(takes[0]) < len(takes)
    sizes = {*made.good["width_px"].to_pylist(), *made.good["height_px"].to_pylist()}
    assert sizes == {240}
    assert set(made.good["color_mode"].to_pylist()) == {"rgb"}


def test_many_drawn_recordings_show_every_emotion(tmp_path):
    personal.DATASET.draw(tmp_path, 400, 1)
    assert set(read(tmp_path).good["emotion"].to_pylist()) == set(EMOTIONS)


def test_the_seed_decides_the_drawn_recordings(tmp_path):
    for folder, seed in (("one", 5), ("again", 5), ("other", 6)):
        personal.DATASET.draw(tmp_path / folder, 60, seed)
    assert content(tmp_path / "one") == content(tmp_path / "again") != content(tmp_path / "other")
