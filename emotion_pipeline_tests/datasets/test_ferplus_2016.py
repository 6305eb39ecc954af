import pytest

from emotion_pipeline.datasets import ferplus_2016
from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK, SourceMissing, SourceRefused
from emotion_pipeline.votes import VOTE_CLASSES
from emotion_pipeline_tests.raw_fakes import fer2013 as fake_pictures
from emotion_pipeline_tests.raw_fakes import ferplus as fake
from emotion_pipeline_tests.raw_fakes.pictures import paths_found, pictures_of

BOX = fake.BOX
FIRST, LAST = fake.NAMED_TWICE


@pytest.fixture
def raw_root(tmp_path):
    """A raw folder with FER2013, the table of 2017 and the label files of 2016."""
    fake_pictures.write(tmp_path)
    fake.write(tmp_path)
    fake.write_2016(tmp_path)
    return tmp_path


def scan(raw_root):
    return ferplus_2016.DATASET.scan(ferplus_2016.DATASET.find(raw_root), pictures_of(raw_root))


def votes_of(rows):
    """Row of FER2013 to its ten votes."""
    columns = [rows[f"votes_{name}"].to_pylist() for name in VOTE_CLASSES]
    numbers = [int(name.removeprefix("fer2013-")) for name in rows["sample_id"].to_pylist()]
    return dict(zip(numbers, zip(*columns, strict=True), strict=True))


def named_rows():
    """The rows of FER2013 that a name stands for."""
    return [row for row in range(fake.N_ROWS) if row not in (*fake.UNNAMED_ROWS, FIRST)]


def with_votes(lines, votes):
    """Label lines with these votes instead of their own."""
    return {
        folder: [f"{line.split(',')[0]},{BOX},{','.join(map(str, votes))}" for line in rows]
        for folder, rows in lines.items()
    }


@pytest.mark.parametrize("folder", ["ferplus", "FERPlus/data", "fer+/a/b", "fer2013"])
def test_the_table_of_2017_and_the_three_files_are_found_in_split_order(tmp_path, folder):
    table = fake.write(tmp_path, folder=folder.split("/")[0])
    paths = fake.write_2016(tmp_path, folder=folder)
    assert paths_found(ferplus_2016.DATASET, tmp_path) == [
        table,
        *(paths[name] for name in ("FER2013Train", "FER2013Valid", "FER2013Test")),
    ]


@pytest.mark.parametrize("missing", ["FER2013Train", "FER2013Valid", "FER2013Test"])
def test_a_missing_label_file_is_answered_with_folder_file_and_source(tmp_path, missing):
    fake.write(tmp_path)
    fake.write_2016(tmp_path)[missing].unlink()
    with pytest.raises(SourceMissing) as error:
        ferplus_2016.DATASET.find(tmp_path)
    parts = (str(tmp_path / "ferplus"), "FER2013Train/label.csv", "github.com")
    assert [part for part in parts if part not in str(error.value)] == []


def test_the_label_files_alone_are_not_enough(tmp_path):
    fake.write_2016(tmp_path)
    with pytest.raises(SourceMissing, match=r"fer2013new\.csv"):
        ferplus_2016.DATASET.find(tmp_path)


def test_every_named_picture_gets_the_votes_of_its_line_and_split(raw_root):
    found = scan(raw_root)
    lines = fake.vote_lines()
    assert found.rejects == []
    assert votes_of(found.good) == {row: lines[row].votes for row in named_rows()}
    splits = dict(zip(votes_of(found.good), found.good["split"].to_pylist(), strict=True))
    assert [splits.get(row) for row in (0, 23, 24, 26, 27, 29)] == [
        *["train"] * 2,
        *["validation"] * 2,
        *["test"] * 2,
    ]
    assert set(found.good["synthetic"].to_pylist()) == {False}


def test_the_votes_are_those_of_2016_and_not_of_2017(raw_root):
    votes = (0, 0, 0, 0, 0, 0, 0, 9, 1, 0)
    fake.write_2016(raw_root, with_votes(fake.label_lines_2016(fake.vote_lines()), votes))
    assert votes_of(scan(raw_root).good) == dict.fromkeys(named_rows(), votes)


def test_a_name_that_occurs_twice_stands_for_its_last_row(raw_root):
    lines = fake.vote_lines()
    assert lines[FIRST].name == lines[LAST].name
    placed = votes_of(scan(raw_root).good)
    assert FIRST not in placed
    assert placed[LAST] == lines[LAST].votes != lines[FIRST].votes


def test_the_order_of_the_lines_decides_nothing(raw_root):
    before = votes_of(scan(raw_root).good)
    lines = fake.label_lines_2016(fake.vote_lines())
    fake.write_2016(raw_root, {folder: rows[::-1] for folder, rows in lines.items()})
    assert votes_of(scan(raw_root).good) == before


BAD_LINES = {
    "no such name": ("unknown_picture", f"fer9999999.png,{BOX},9,1,0,0,0,0,0,0,0,0"),
    "no name": ("unknown_picture", f",{BOX},9,1,0,0,0,0,0,0,0,0"),
    "another split": ("wrong_split", f"fer0000000.png,{BOX},9,1,0,0,0,0,0,0,0,0"),
    "another box": ("wrong_box", 'fer0000027.png,"(0, 0, 64, 64)",9,1,0,0,0,0,0,0,0,0'),
    "no box": ("wrong_box", "fer0000027.png"),
    "nine counts": ("wrong_field_count", f"fer0000027.png,{BOX},9,1,0,0,0,0,0,0,0"),
    "no number": ("not_a_number", f"fer0000027.png,{BOX},9,1,x,0,0,0,0,0,0,0"),
    "too many votes": ("votes_out_of_range", f"fer0000027.png,{BOX},11,0,0,0,0,0,0,0,0,0"),
    "no votes": ("no_votes", f"fer0000027.png,{BOX},0,0,0,0,0,0,0,0,0,0"),
}


@pytest.mark.parametrize(("reason", "text"), BAD_LINES.values(), ids=BAD_LINES.keys())
def test_a_bad_line_is_named_and_all_others_are_placed(raw_root, reason, text):
    lines = fake.label_lines_2016(fake.vote_lines())
    lines["FER2013Test"][2] = text  # fer0000027.png is the name of row 29
    fake.write_2016(raw_root, lines)
    found = scan(raw_root)
    assert [(reject.source, reject.row, reject.reason) for reject in found.rejects] == [
        ("FER2013Test/label.csv", 2, reason)
    ]
    assert sorted(votes_of(found.good)) == named_rows()[:-1]


def test_the_votes_on_a_rejected_picture_are_rejected(raw_root):
    pictures = [fake_pictures.line(picture) for picture in fake_pictures.pictures()]
    pictures[20] = b"cut"
    fake_pictures.write(raw_root, pictures)
    found = scan(raw_root)
    assert [(reject.row, reject.reason) for reject in found.rejects] == [(20, "picture_rejected")]
    assert sorted(votes_of(found.good)) == [row for row in named_rows() if row != 20]


def test_a_table_of_2017_with_another_number_of_rows_is_refused(raw_root):
    fake.write(raw_root, fake.vote_lines()[:-1])
    with pytest.raises(SourceRefused, match="29 rows, the picture file of FER2013 30"):
        scan(raw_root)


def test_label_files_without_one_usable_line_are_refused(raw_root):
    fake.write_2016(raw_root, {name: ["<html></html>"] for name in fake.FOLDERS_2016})
    with pytest.raises(SourceRefused, match="not one usable row"):
        scan(raw_root)


def test_votes_on_drawn_pictures_are_marked_synthetic(raw_root):
    (raw_root / "ferplus" / SYNTHETIC_MARK).write_text("drawn")
    assert set(scan(raw_root).good["synthetic"].to_pylist()) == {True}
