from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emotion_pipeline.datasets import ckplus, get_dataset
from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.ckplus import emotion_of, split_of
from emotion_pipeline.datasets.raw_files import SourceMissing, SourceRefused
from emotion_pipeline.digests import digest_file
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import SPLITS
from emotion_pipeline_tests.raw_fakes import ckplus as fake

CKPLUS = get_dataset("ckplus")
# As in the release notes of the original.
PUBLISHED_CODES = [
    *("neutral", "anger", "contempt", "disgust"),
    *("fear", "happiness", "sadness", "surprise"),
]


def scan(raw_root):
    files = [
        file._replace(digest=bytes.fromhex(digest_file(Path(file.path))))
        for file in CKPLUS.find(raw_root)
    ]
    return CKPLUS.scan(files, None)


def rejects_of(found):
    return {reject.source: reject.reason for reject in found.rejects}


def names_in(found):
    return found.good["sample_id"].to_pylist()


@pytest.fixture
def original(tmp_path):
    """The folder of the original layout, with one labelled sequence and one without a label."""
    folder = tmp_path / "ckplus"
    fake.write_stray_files(folder)
    fake.write_sequence(folder, "S005_001", 11, fake.label(3))
    fake.write_sequence(folder, "S010_002", 12)
    return folder


@pytest.mark.parametrize("folder", ["ckplus", "CKPLUS", "ck+", "CK+", "CK+48", "ckplus/CK+48"])
def test_ck48_has_three_samples_per_sequence_named_by_folder(tmp_path, folder):
    fake.write_folders(tmp_path / folder, "happy", "S010_004", 17)
    fake.write_folders(tmp_path / folder, "Anger", "S011_001", 9)
    fake.write_stray_files(tmp_path / folder)
    found = scan(tmp_path)
    assert found.rejects == []
    emotions = dict(zip(names_in(found), found.good["emotion"].to_pylist(), strict=True))
    assert emotions == {
        **{f"ckplus-S011_001_0000000{number}": "anger" for number in (7, 8, 9)},
        **{f"ckplus-S010_004_000000{number}": "happiness" for number in (15, 16, 17)},
    }


def test_of_a_labelled_sequence_of_the_original_only_the_apex_is_a_sample(tmp_path, original):
    found = scan(tmp_path)
    name = "cohn-kanade-images/S005/001/S005_001_00000011.png"
    (row,) = found.good.to_pylist()
    assert row == {
        "source": name,
        "file": str(original / name).encode(),
        "file_digest": bytes.fromhex(digest_file(original / name)),
        "sample_id": "ckplus-S005_001_00000011",
        "split": split_of("S005"),
        "emotion": "disgust",
        "person_id": "S005",
        "sequence_id": "S005_001",
        "synthetic": False,
    }


def test_a_sequence_without_a_label_is_one_reject_that_is_expected(tmp_path, original):
    (reject,) = scan(tmp_path).rejects
    assert reject.source == "cohn-kanade-images/S010/002/S010_002_00000012.png"
    assert {reject.reason} == {"no_label"} == CKPLUS.expected_rejects
    assert "S010_002_00000012_emotion.txt" in reject.detail


def test_a_label_of_an_earlier_frame_is_not_taken_for_that_of_the_apex(tmp_path, original):
    fake.write_sequence(original, "S011_001", 9, fake.label(1), about=8)
    found = scan(tmp_path)
    assert names_in(found) == ["ckplus-S005_001_00000011"]
    rejects = rejects_of(found)
    assert rejects["cohn-kanade-images/S011/001/S011_001_00000009.png"] == "no_label"
    assert rejects["Emotion/S011/001/S011_001_00000008_emotion.txt"] == "no_picture"


def test_a_label_without_its_sequence_is_a_reject(tmp_path, original):
    name = "Emotion/S999/003/S999_003_00000018_emotion.txt"
    fake.put(original / name, fake.label(1))
    assert rejects_of(scan(tmp_path))[name] == "no_picture"


def test_a_second_label_file_of_a_name_is_a_reject_and_the_first_counts(tmp_path, original):
    name = "more/Emotion/S005/001/S005_001_00000011_emotion.txt"
    fake.put(original / name, fake.label(7))
    found = scan(tmp_path)
    assert rejects_of(found)[name] == "same_name_twice"
    assert found.good["emotion"].to_pylist() == ["disgust"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [(b"", "bad_label"), (b"8.0000000e+00", "bad_label"), (b" " * 300, "too_large")],
)
def test_a_bad_label_file_is_a_reject_and_the_other_sequences_stay(
    tmp_path, original, text, reason
):
    fake.write_sequence(original, "S011_001", 9, text)
    found = scan(tmp_path)
    assert names_in(found) == ["ckplus-S005_001_00000011"]
    assert rejects_of(found)["cohn-kanade-images/S011/001/S011_001_00000009.png"] == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("happy/IMG_2041.png", "unknown_name"),
        ("happy/S05_001_00000011.png", "unknown_name"),
        ("happy/S005_001_00000011_emotion.png", "unknown_name"),
        ("happy/S00５_001_00000011.png", "unknown_name"),
        ("cohn-kanade-images/S010/002/zzz.png", "unknown_name"),
        ("joyous/S011_001_00000011.png", "unknown_folder"),
        ("S011_001_00000011.png", "unknown_folder"),
        ("cohn-kanade-images/S010/001/S011_001_00000011.png", "unknown_folder"),
    ],
)
def test_a_picture_that_is_misnamed_or_misplaced_is_a_reject(tmp_path, original, name, reason):
    fake.put(original / name, fake.picture())
    found = scan(tmp_path)
    assert rejects_of(found)[name] == reason
    assert names_in(found) == ["ckplus-S005_001_00000011"]


def test_the_same_frame_in_both_layouts_is_one_sample(tmp_path, original):
    fake.write_folders(original / "CK+48", "disgust", "S005_001", 11)
    found = scan(tmp_path)
    assert len(names_in(found)) == len(set(names_in(found))) == 3
    assert "same_name_twice" in rejects_of(found).values()


@pytest.mark.parametrize("there", [".", "ckplus", "CK+48/happy", "elsewhere"])
def test_a_folder_without_a_picture_is_missing_and_says_what_was_expected(tmp_path, there):
    raw_root = tmp_path / "raw"
    (raw_root / there).mkdir(parents=True)
    with pytest.raises(SourceMissing) as caught:
        CKPLUS.find(raw_root)
    for part in (str(raw_root / "ckplus"), "CK+48", "cohn-kanade-images", "jeffcohn.net"):
        assert part in str(caught.value)


def test_films_without_any_label_file_are_refused_with_what_was_expected(tmp_path):
    fake.write_sequence(tmp_path / "ckplus", "S005_001", 3)
    with pytest.raises(SourceRefused) as caught:
        scan(tmp_path)
    for part in (str(tmp_path / "ckplus"), "Emotion", "S005_001_00000003_emotion.txt"):
        assert part in str(caught.value)


def test_published_codes_are_read_as_published():
    assert [emotion_of(fake.label(code)) for code in range(8)] == PUBLISHED_CODES
    assert set(ckplus.CODES) == set(EMOTIONS) == set(CKPLUS.emotions)


@pytest.mark.parametrize("text", [b"3", b"3.0", b"3.", b"3e0", b"\t3.0E+00\r\n"])
def test_a_code_may_be_written_as_any_whole_number(text):
    assert emotion_of(text) == "disgust"


@settings(max_examples=200)
@given(st.binary(max_size=20) | st.floats().map(lambda number: f"  {number:.7e}\n".encode()))
@example(b"nan")
@example(b"inf")
@example(b"-0.0")
@example(b"-1.0000000e+00")
@example(b"1.5000000e+00")
@example(b"7.0000001e+00")
@example(b"1.0000000e+01")
@example(b"0_1")
@example("３".encode())
@example(b"1 2")
@example(b"1\n2")
@example(b"0x1")
@example(b"\xff\xfe")
def test_text_is_one_of_the_eight_codes_or_unusable(text):
    try:
        emotion = emotion_of(text)
    except Unusable as bad:
        assert bad.args[0] == "bad_label"  # noqa: PT017
    else:
        assert emotion == PUBLISHED_CODES[int(float(text))]
        assert float(text) in range(8)


def test_a_person_is_in_one_split_and_all_splits_have_persons():
    n_persons = Counter(split_of(f"S{number:03d}") for number in range(1000))
    assert [n_persons[split] for split in SPLITS] == pytest.approx([700, 150, 150], abs=40)
    assert [split_of(person) for person in ("S001", "S002", "S008")] == [
        "test",
        "train",
        "validation",
    ]


def test_samples_hold_the_files_as_they_are(tmp_path, original):
    fake.put(original / "happy" / "S011_001_00000007.png", fake.picture(size_px=(640, 490)))
    fake.put(original / "happy" / "S011_001_00000008.png", b"no picture")
    made = CKPLUS.to_samples(scan(tmp_path).good)
    assert rejects_of(made) == {"happy/S011_001_00000008.png": "undecodable"}
    assert set(made.good.column_names) == set(CKPLUS.schema.names) - {"input_digest"}
    for row in made.good.to_pylist():
        assert row["image"]["bytes"] == (original / row["image"]["path"]).read_bytes()
    sizes = {row["person_id"]: (row["width_px"], row["height_px"]) for row in made.good.to_pylist()}
    assert sizes == {"S005": (48, 48), "S011": (640, 490)}


def test_every_column_that_decides_a_sample_is_in_a_raw_row(tmp_path, original):
    columns = set(scan(tmp_path).good.column_names)
    assert columns - set(CKPLUS.keyed_by) == {"file", "sample_id"}
    assert set(CKPLUS.keyed_by) <= columns


def drawn(raw_root, n, seed):
    CKPLUS.draw(raw_root, n, seed)
    files = sorted(path for path in (raw_root / "ckplus").rglob("*") if path.is_file())
    return {str(path.relative_to(raw_root)): path.read_bytes() for path in files}


def test_drawn_samples_scan_cleanly_into_all_splits_with_no_person_in_two(tmp_path):
    drawn(tmp_path, 60, seed=5)
    found = scan(tmp_path)
    made = CKPLUS.to_samples(found.good)
    assert found.rejects == made.rejects == []
    rows = made.good.to_pylist()
    assert len(rows) == 60
    assert {row["synthetic"] for row in rows} == {True}
    splits_of = defaultdict(set)
    for row in rows:
        splits_of[row["person_id"]].add(row["split"])
    assert {len(splits) for splits in splits_of.values()} == {1}
    assert set.union(*splits_of.values()) == set(SPLITS)


def test_the_seed_decides_the_drawn_samples(tmp_path):
    one = drawn(tmp_path / "a", 30, seed=5)
    assert drawn(tmp_path / "b", 30, seed=5) == one
    assert drawn(tmp_path / "c", 30, seed=6) != one
