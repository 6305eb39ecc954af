"""Change the raw files, and exactly what follows from them is made again."""

import os
import re

import pytest

from emotion_pipeline_tests.orchestration.finished import ASKED_FOR, check

NOTHING: set[str] = set()
OF_FOLDERS = {
    "samples/fer2013_folder",
    "duplicates/fer2013_folder",
    "exploration/fer2013_folder",
    "faces/fer2013_folder",
    "grayscale/fer2013_folder",
    ASKED_FOR,
    "models/fer2013_folder_cnn5[1]",
    "predictions/fer2013_folder_cnn5[original]",
}
OF_VOTES = {
    "samples/ferplus",
    "exploration/ferplus",
    "models/ferplus_cnn5[1]",
    "models/ferplus_cnn5[2]",
    "predictions/ferplus_cnn5[original]",
    "predictions/ferplus_cnn5[grayscale]",
    "predictions/ferplus_cnn5[jpeg-1]",
}
OF_PIXELS = (OF_VOTES - {"exploration/ferplus"}) | {
    "samples/fer2013",
    "duplicates/fer2013",
    "exploration/fer2013",
    "faces/fer2013",
    "grayscale/fer2013",
    "degraded/fer2013[jpeg-1]",
}


@pytest.fixture
def pictures(finished):
    """The folder of raw pictures."""
    return finished.settings.raw_root / "fer2013_folder"


@pytest.fixture
def table(finished):
    """The raw table of pixels."""
    return finished.settings.raw_root / "fer2013" / "fer2013.csv"


@pytest.fixture
def votes(finished):
    """The raw table of votes."""
    return finished.settings.raw_root / "ferplus" / "fer2013new.csv"


def some(folder, pattern):
    return sorted(folder.glob(pattern))


def edit_line(file, number, change):
    lines = file.read_text().splitlines(keepends=True)
    lines[number] = change(lines[number])
    file.write_text("".join(lines))


def test_nothing_is_made_twice(finished):
    check(finished, NOTHING, NOTHING)
    assert finished.refresh() == []


def test_a_touched_picture_makes_nothing_stale(finished, pictures):
    os.utime(some(pictures, "train/*/*.jpg")[0], ns=(1, 1))
    check(finished, NOTHING, NOTHING)


def test_a_changed_picture_makes_its_branch_stale(finished, pictures):
    first, second, *_ = some(pictures, "train/*/*.jpg")
    first.write_bytes(second.read_bytes())
    check(finished, {"samples/fer2013_folder"}, OF_FOLDERS)


def test_an_added_picture_makes_its_branch_stale(finished, pictures):
    first, *_ = some(pictures, "test/*/*.jpg")
    first.with_stem("PrivateTest_99999999").write_bytes(first.read_bytes())
    check(finished, {"samples/fer2013_folder"}, OF_FOLDERS)


def test_a_removed_picture_makes_its_branch_stale(finished, pictures):
    some(pictures, "train/*/*.jpg")[0].unlink()
    check(finished, {"samples/fer2013_folder"}, OF_FOLDERS)


def test_a_file_that_is_no_picture_makes_nothing_stale(finished, pictures):
    (pictures / "notes.txt").write_text("drawn")
    check(finished, NOTHING, NOTHING)


def test_a_picture_that_cannot_be_read_stops_below_what_reads_the_samples(finished, pictures):
    """The rejects are part of the samples; the faces, and all that is made of them, stay as they
    are."""
    (pictures / "train" / "happy" / "torn.jpg").write_bytes(b"\xff\xd8\xff")
    check(
        finished,
        {"samples/fer2013_folder"},
        OF_FOLDERS - {"grayscale/fer2013_folder", ASKED_FOR},
    )


def test_changed_pixels_make_stale_what_is_made_of_them_and_the_models_that_use_them(
    finished, table
):
    edit_line(table, 1, lambda line: re.sub(r" \d+,", " 7,", line))
    check(finished, {"samples/fer2013"}, OF_PIXELS)


def test_changed_votes_make_stale_what_is_about_votes(finished, votes):
    def moved(line):
        usage, name, *_ = line.split(",")
        return ",".join([usage, name, "0", "10", *["0"] * 8]) + "\n"

    edit_line(votes, 1, moved)
    check(finished, {"samples/ferplus"}, OF_VOTES)


@pytest.mark.parametrize(
    ("name", "dataset"), [("fer2013.csv", "fer2013"), ("fer2013new.csv", "ferplus")]
)
def test_the_same_rows_written_otherwise_stop_at_the_samples(finished, name, dataset):
    file = finished.settings.raw_root / dataset / name
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    check(finished, {f"samples/{dataset}"}, {f"samples/{dataset}"})


def test_files_that_come_back_as_they_were_have_made_nothing_stale(finished, pictures):
    elsewhere = pictures.rename(pictures.with_name("elsewhere"))
    check(finished, NOTHING, NOTHING)
    elsewhere.rename(pictures)
    check(finished, NOTHING, NOTHING)


def test_a_change_that_is_taken_back_before_a_refresh_makes_nothing_stale(finished, pictures):
    first, second, *_ = some(pictures, "train/*/*.jpg")
    before = first.read_bytes()
    first.write_bytes(second.read_bytes())
    assert finished.status() == finished.unsynced() == {"samples/fer2013_folder"}
    first.write_bytes(before)
    check(finished, NOTHING, NOTHING)
