import math
import shutil
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emotion_pipeline.datasets import affectnet, affectnet_rows
from emotion_pipeline.datasets.affectnet_labels import landmarks_in_text
from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.raw_files import SourceRefused
from emotion_pipeline_tests.raw_fakes import affectnet as fake
from emotion_pipeline_tests.raw_fakes.picture_folders import scan

N = 16
LISTS = "AffectNet/Manually_Annotated_file_lists"


@pytest.fixture(scope="module")
def as_written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("affectnet")
    fake.write_official(folder / "AffectNet", fake.pictures(N))
    return folder


@pytest.fixture
def root(as_written, tmp_path):
    """A raw root with 16 pictures: 0 to 7 in `training.csv`, 8 to 15 in `validation.csv`."""
    return shutil.copytree(as_written, tmp_path / "raw")


def write(root, name, *lines, end="\n"):
    (root / LISTS / name).write_text(end.join(lines) + end, newline="")


def training(**changed):
    """Header and rows of `training.csv`; the first row is changed."""
    rows = [fake.csv_row(one) for one in fake.pictures(8)]
    return [fake.HEADER, fake.csv_row(fake.pictures(1)[0], **changed), *rows[1:]]


def read(root):
    """Samples by number of the picture, and rejects as (source, row, reason)."""
    raw = scan(affectnet.DATASET, root)
    made = affectnet.DATASET.to_samples(raw.good)
    samples = {int(row["sample_id"][-8:], 16): row for row in made.good.to_pylist()}
    rejects = raw.rejects + made.rejects
    assert all(one.detail.isprintable() and len(one.detail) < 200 for one in rejects)
    return samples, [(one.source.rpartition("/")[2], one.row, one.reason) for one in rejects]


@pytest.mark.parametrize("name", ["Training.CSV", "Manually_annotated_file_list_training.csv"])
def test_the_lists_are_known_by_a_word_in_their_name(root, name):
    (root / LISTS / "training.csv").rename(root / "AffectNet" / name)
    assert len(read(root)[0]) == N


def in_other_order(line):
    fields = line.split(",")
    return ",".join([*fields[5:], "more", *reversed(fields[:5])])


@pytest.mark.parametrize(
    ("spoil", "end"),
    [
        (lambda lines: lines[1:], "\n"),
        (lambda lines: [f"\ufeff{lines[0]}", *lines[1:]], "\r\n"),
        (lambda lines: [lines[0].upper().replace(",", " , "), *lines[1:]], "\n"),
        (lambda lines: [in_other_order(line) for line in lines], "\n"),
        (lambda lines: ['"' + line.replace(",", '","') + '"' for line in lines], "\n"),
        (lambda lines: [*lines[:4], "", " ", *lines[4:]], "\n"),
    ],
    ids=["no header", "as Excel saves it", "header in capitals", "other order", "quoted", "blanks"],
)
def test_rows_are_the_same_however_the_list_is_written(root, spoil, end):
    expected = read(root)
    write(root, "training.csv", *spoil(training()), end=end)
    assert read(root) == expected
    assert len(expected[0]) == N


REJECTED = {
    "none": ({"expression": 8}, "no_emotion"),
    "uncertain": ({"expression": 9}, "no_emotion"),
    "no face": ({"expression": 10}, "no_emotion"),
    "code 11": ({"expression": 11}, "unknown_emotion"),
    "a negative code": ({"expression": -1}, "unknown_emotion"),
    "half a code": ({"expression": 1.5}, "unknown_emotion"),
    "no code": ({"expression": ""}, "unknown_emotion"),
    "a name": ({"expression": "happy"}, "unknown_emotion"),
    "an Arabic digit": ({"expression": "\u0663"}, "unknown_emotion"),
    "valence too high": ({"valence": 1.001}, "value_out_of_range"),
    "valence -1.5": ({"valence": -1.5}, "value_out_of_range"),
    "arousal NaN": ({"arousal": "nan"}, "value_out_of_range"),
    "arousal infinite": ({"arousal": "-inf"}, "value_out_of_range"),
    "arousal overflows": ({"arousal": "1e999"}, "value_out_of_range"),
    "no arousal": ({"arousal": ""}, "value_out_of_range"),
    "landmarks too few": ({"facial_landmarks": ";".join(["1.5"] * 135)}, "bad_landmarks"),
    "landmarks too many": ({"facial_landmarks": ";".join(["1.5"] * 137)}, "bad_landmarks"),
    "a landmark NaN": ({"facial_landmarks": ";".join(["nan"] * 136)}, "bad_landmarks"),
    "a landmark far away": ({"facial_landmarks": ";".join(["1e30"] * 136)}, "bad_landmarks"),
    "no width": ({"face_width": 0}, "bad_box"),
    "a negative height": ({"face_height": -3}, "bad_box"),
    "half a pixel": ({"face_x": 1.5}, "bad_box"),
    "an enormous box": ({"face_width": 10**12}, "bad_box"),
    "a box outside": ({"face_x": 32}, "bad_box"),
    "another picture": ({"subDirectory_filePath": "0/nothing.jpg"}, "picture_missing"),
    "no path": ({"subDirectory_filePath": ""}, "picture_missing"),
    "a path that escapes": ({"subDirectory_filePath": "../../../x.jpg"}, "picture_missing"),
    "a name with a comma": ({"subDirectory_filePath": "0/a,b.jpg"}, "wrong_field_count"),
    "an open quote": ({"subDirectory_filePath": '"0/a.jpg'}, "bad_row"),
}


@pytest.mark.parametrize(("changed", "reason"), REJECTED.values(), ids=REJECTED.keys())
def test_a_bad_row_is_named_and_every_other_row_is_read(root, changed, reason):
    write(root, "training.csv", *training(**changed))
    samples, rejects = read(root)
    assert set(samples) == set(range(1, N))
    assert [one[2] for one in rejects if one[2] != "not_listed"] == [reason]
    in_the_scan = [one for one in rejects if one[0] == "training.csv"]
    assert all(row == 0 for _, row, _ in in_the_scan)


GOOD = {
    "not available": ({"valence": -2, "arousal": "-2.0"}, {"valence": None, "arousal": None}),
    "the limits": ({"valence": -1, "arousal": "+1.0"}, {"valence": -1.0, "arousal": 1.0}),
    "no landmarks": ({"facial_landmarks": ""}, {"landmarks_px": None}),
    "contempt": ({"expression": "7"}, {"emotion": "contempt"}),
    "fear": ({"expression": "4"}, {"emotion": "fear"}),
    "a box over the edge": (
        {"face_x": -3, "face_width": 50},
        {"face_box": {"left_px": 0, "top_px": 2, "right_px": 32, "bottom_px": 32}},
    ),
    "a longer path": ({"subDirectory_filePath": "Manual/0/00000000.jpg"}, {"split": "train"}),
}


@pytest.mark.parametrize(("changed", "expected"), GOOD.values(), ids=GOOD.keys())
def test_unusual_but_good_values_are_read(root, changed, expected):
    write(root, "training.csv", *training(**changed))
    samples, rejects = read(root)
    assert rejects == []
    assert {name: samples[0][name] for name in expected} == expected


def test_no_file_is_opened_that_only_a_csv_names(root):
    outside = root / "secret.jpg"
    outside.write_bytes(fake.pictures(1)[0].data)
    for path in ("../secret.jpg", str(outside), "AffectNet/../../secret.jpg"):
        write(root, "training.csv", *training(subDirectory_filePath=path))
        samples, rejects = read(root)
        assert set(samples) == set(range(1, N))
        assert rejects[0] == ("training.csv", 0, "picture_missing")


def test_a_picture_that_is_listed_twice_is_read_once_and_stays_in_the_test_part(root):
    again = [fake.csv_row(one) for one in (fake.pictures(9)[8], fake.pictures(9)[0])]
    write(root, "training.csv", *training(), *again)
    samples, rejects = read(root)
    assert len(samples) == N
    assert samples[8]["split"] == "test"
    assert [reason for _, _, reason in rejects] == ["same_name_twice"] * 2


def test_pictures_in_no_list_are_rejects(root):
    extra = root / "AffectNet" / "Manually_Annotated_Images" / "9" / "more.jpg"
    extra.parent.mkdir()
    extra.write_bytes(b"")
    samples, rejects = read(root)
    assert len(samples) == N
    assert rejects == [("more.jpg", None, "not_listed")]


def test_automatically_annotated_pictures_count_only_with_their_list(root):
    folder = root / "AffectNet" / "Automatically_Annotated_Images" / "7"
    folder.mkdir(parents=True)
    more = fake.pictures(N + 2, seed=1)[N:]
    for one in more:
        (folder / f"{one.number:08x}.jpg").write_bytes(one.data)
    assert [len(one) for one in read(root)] == [N, 0]
    path = f"7/{more[0].number:08x}.jpg"
    row = fake.csv_row(more[0], subDirectory_filePath=path)
    write(root, "automatically_annotated.csv", fake.HEADER, row)
    samples, rejects = read(root)
    assert rejects == [(f"{more[1].number:08x}.jpg", None, "not_listed")]
    assert samples[N]["annotation"] == "automatic"
    assert samples[N]["split"] in ("train", "validation")
    assert samples[0]["annotation"] == "manual"


def test_a_picture_is_taken_from_the_folders_of_its_kind(root):
    manual = root / "AffectNet" / "Manually_Annotated_Images" / "0" / "00000000.jpg"
    automatic = root / "AffectNet" / "Automatically_Annotated_Images" / "0" / "00000000.jpg"
    automatic.parent.mkdir(parents=True)
    automatic.write_bytes(fake.pictures(1, seed=9)[0].data)
    assert read(root)[0][0]["image"]["bytes"] == manual.read_bytes()


WHOLLY_WRONG = {
    "empty": b"",
    "HTML": b"<!DOCTYPE html>\n<html>Sign in</html>\n",
    "binary": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "UTF-16": fake.HEADER.encode("utf-16"),
    "a column less": fake.HEADER.replace(",arousal", "").encode() + b"\n",
    "no text further on": fake.HEADER.encode() + b"\n" + b"\xff" * 20_000,
    "an endless line": fake.HEADER.encode() + b"\n" + b"1," * 100_000,
    "another headerless table": b"1,2,3\n4,5,6\n",
}


@pytest.mark.parametrize("content", WHOLLY_WRONG.values(), ids=WHOLLY_WRONG.keys())
def test_a_file_that_is_something_else_is_refused_by_name(root, content):
    path = root / LISTS / "training.csv"
    path.write_bytes(content)
    with pytest.raises(SourceRefused) as refusal:
        read(root)
    assert str(path) in str(refusal.value)
    assert str(refusal.value).isprintable()


TELLING = st.text(st.sampled_from('0123456789.-+eE;,"\n nainf\u0663'), max_size=30)
ANYTHING = TELLING | st.text(max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(fake.HEADER.split(",")),
        ANYTHING | st.integers(-12, 40) | st.floats(-3, 3) | st.floats(),
        max_size=4,
    )
)
@example({"face_x": "\U0010ffff" * 40})  # each takes ten characters when it is told
def test_whatever_a_row_says_no_impossible_value_comes_out(as_written, changed):
    lists = as_written / LISTS / "training.csv"
    text = "\n".join(training(**changed))
    lists.write_bytes(text.encode("utf-8", "replace"))
    samples, rejects = read(as_written)
    assert len(samples) + len([one for one in rejects if one[2] != "not_listed"]) >= N
    for row in samples.values():
        assert row["emotion"] in affectnet.DATASET.emotions
        for name in ("valence", "arousal"):
            assert row[name] is None or -1 <= row[name] <= 1
        left, top, right, bottom = row["face_box"].values()
        assert 0 <= left < right <= 32
        assert 0 <= top < bottom <= 32
        for point in row["landmarks_px"] or ():
            assert len(point) == 2
            assert all(math.isfinite(value) for value in point)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | TELLING.map(str.encode))
def test_no_bytes_crash_the_reader_of_lists(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzzed.csv"
    for content in (data, fake.HEADER.encode() + b"\n" + data):
        path.write_bytes(content)
        try:
            rows = list(affectnet_rows.lines(path))
        except SourceRefused:
            continue
        for number, (row, line, layout) in enumerate(rows):
            assert row == number
            with suppress(Unusable):
                assert len(layout.fields(line)) == len(affectnet_rows.COLUMNS)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(-1e5, 1e5), min_size=136, max_size=136),
    st.integers(0, 135),
    ANYTHING,
)
def test_landmarks_are_read_as_written_or_not_at_all(values, place, spoilt):
    texts = [repr(value) for value in values]
    points = landmarks_in_text(";".join(texts))
    assert [value for point in points for value in point] == values
    texts[place] = spoilt
    try:
        points = landmarks_in_text(";".join(texts))
    except Unusable:
        return
    assert len(points) == 68
    assert points[place // 2][place % 2] == float(spoilt)
    assert all(abs(value) <= 1e5 for point in points for value in point)
