import random
from dataclasses import replace
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from emotion_pipeline import schema
from emotion_pipeline.datasets import fer2013, ferplus
from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK, SourceMissing, SourceRefused
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.votes import VOTE_CLASSES
from emotion_pipeline_tests.raw_fakes import fer2013 as fake_pictures
from emotion_pipeline_tests.raw_fakes import ferplus as fake
from emotion_pipeline_tests.raw_fakes.pictures import paths_found, pictures_of

SPLIT_OF = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}


@pytest.fixture
def raw_root(tmp_path):
    """A raw folder with a whole FER2013; the votes are up to each test."""
    fake_pictures.write(tmp_path)
    return tmp_path


def scan(raw_root):
    return ferplus.DATASET.scan(ferplus.DATASET.find(raw_root), pictures_of(raw_root))


def votes_of(rows):
    """Sample name to its ten votes."""
    columns = [rows[f"votes_{name}"].to_pylist() for name in VOTE_CLASSES]
    return dict(zip(rows["sample_id"].to_pylist(), zip(*columns, strict=True), strict=True))


def by_row(lines, *left_out):
    return {
        f"fer2013-{row:06d}": line.votes for row, line in enumerate(lines) if row not in left_out
    }


@pytest.mark.parametrize("folder", ["ferplus", "FERPlus", "FER+", "fer_plus", "FER2013"])
@pytest.mark.parametrize("name", ["fer2013new.csv", "FER2013New.CSV"])
def test_the_table_is_found_whatever_the_case_of_its_name_and_folder(tmp_path, folder, name):
    path = fake.write(tmp_path, folder=folder, name=name)
    assert paths_found(ferplus.DATASET, tmp_path) == [path]


def test_the_table_in_its_own_folder_comes_before_one_beside_the_pictures(tmp_path):
    fake.write(tmp_path, folder="fer2013")
    own = fake.write(tmp_path, folder="ferplus")
    assert paths_found(ferplus.DATASET, tmp_path) == [own]


@pytest.mark.parametrize("there", [".", "ferplus", "fer2013", "ferplus/fer2013new.csv"])
def test_a_missing_table_is_answered_with_folder_file_and_source(tmp_path, there):
    (tmp_path / there).mkdir(parents=True, exist_ok=True)
    with pytest.raises(SourceMissing) as missing:
        ferplus.DATASET.find(tmp_path)
    parts = (str(tmp_path / "ferplus"), str(tmp_path / "fer2013"), "fer2013new.csv", "github.com")
    assert [part for part in parts if part not in str(missing.value)] == []


@pytest.mark.parametrize(
    "form",
    [{}, {"newline": "\r\n"}, {"byte_order_mark": True}, {"final_newline": False}],
    ids=["as published", "CRLF", "byte order mark", "no final line feed"],
)
def test_every_picture_gets_the_votes_of_its_row(raw_root, form):
    fake.write(raw_root, **form)
    found = scan(raw_root)
    lines = fake.vote_lines()
    assert found.rejects == []
    assert votes_of(found.good) == by_row(lines)
    assert found.good["split"].to_pylist() == [SPLIT_OF[line.usage] for line in lines]
    assert found.good["synthetic"].to_pylist() == [False] * len(lines)


def test_names_decide_nothing(raw_root):
    lines = fake.vote_lines()
    fake.write(raw_root, lines)
    honest = scan(raw_root).good
    names = [line.name for line in lines]
    random.Random(1).shuffle(names)
    fake.write(
        raw_root, [replace(line, name=name) for line, name in zip(lines, names, strict=True)]
    )
    assert scan(raw_root).good.equals(honest)
    fake.write(raw_root, [replace(line, name="") for line in lines])
    assert scan(raw_root).good.equals(honest)


def test_changed_votes_do_change_the_rows(raw_root):
    lines = fake.vote_lines()
    lines[5], lines[6] = lines[6], lines[5]
    fake.write(raw_root, lines)
    assert votes_of(scan(raw_root).good) == by_row(lines) != by_row(fake.vote_lines())


@pytest.mark.parametrize("n_rows", [29, 31])
def test_a_table_with_another_number_of_rows_is_refused(raw_root, n_rows):
    fake.write(raw_root, [*fake.vote_lines(), *fake.vote_lines()][:n_rows])
    with pytest.raises(SourceRefused, match=f"{n_rows} rows, the picture file of FER2013 30"):
        scan(raw_root)


def test_a_table_whose_usage_differs_in_one_row_is_refused_and_the_row_named(raw_root):
    lines = fake.vote_lines()
    lines[7] = replace(lines[7], usage="PrivateTest")
    fake.write(raw_root, lines)
    with pytest.raises(SourceRefused, match=r"row 7 belongs to test.* FER2013 to train"):
        scan(raw_root)


def test_the_votes_on_a_rejected_picture_are_rejected_and_all_others_stay_in_place(raw_root):
    lines = [fake_pictures.line(picture) for picture in fake_pictures.pictures()]
    lines[4] = lines[4].replace(b" ", b"  ", 1)
    fake_pictures.write(raw_root, lines)
    fake.write(raw_root)
    found = scan(raw_root)
    assert [vars(reject) for reject in found.rejects] == [
        {
            "source": "fer2013new.csv",
            "row": 4,
            "reason": "picture_rejected",
            "detail": "see rejects/fer2013",
        }
    ]
    assert votes_of(found.good) == by_row(fake.vote_lines(), 4)


BAD_ROWS = {
    "another usage": ("unknown_usage", "Test,a.png,1,1,1,1,1,1,1,1,1,1"),
    "ten fields": ("wrong_field_count", "Training,1,1,1,1,1,1,1,1,1"),
    "thirteen fields": ("wrong_field_count", "Training,a.png,1,1,1,1,1,1,1,1,1,1,1"),
    "one field": ("wrong_field_count", "Training"),
    "a fraction": ("not_a_number", "Training,a.png,1.5,1,1,1,1,1,1,1,1,1"),
    "a minus": ("not_a_number", "Training,a.png,-1,1,1,1,1,1,1,1,1,1"),
    "an empty count": ("not_a_number", "Training,a.png,,1,1,1,1,1,1,1,1,1"),
    "an Arabic digit": ("not_a_number", "Training,a.png,\u0663,1,1,1,1,1,1,1,1,1"),
    "eleven votes for one": ("votes_out_of_range", "Training,a.png,11,0,0,0,0,0,0,0,0,0"),
    "a count of many digits": ("votes_out_of_range", f"Training,a.png,{'9' * 5000},0{',0' * 8}"),
    "no votes": ("no_votes", "Training,a.png,0,0,0,0,0,0,0,0,0,0"),
}


@pytest.mark.parametrize(("reason", "text"), BAD_ROWS.values(), ids=BAD_ROWS.keys())
def test_a_bad_row_is_named_and_all_others_stay_in_place(raw_root, reason, text):
    lines = fake.vote_lines()
    texts = [line.text() for line in lines]
    texts[2] = text
    fake.write(raw_root, texts)
    found = scan(raw_root)
    assert [(reject.source, reject.row, reject.reason) for reject in found.rejects] == [
        ("fer2013new.csv", 2, reason)
    ]
    assert votes_of(found.good) == by_row(lines, 2)


WHOLLY_WRONG = {
    "empty": b"",
    "binary": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "HTML": b"<!DOCTYPE html>\n<html></html>\n",
    "the picture file": b"emotion,pixels,Usage\n0,1 2 3,Training\n",
    "columns in another order": fake.HEADER.replace(
        "neutral,happiness", "happiness,neutral"
    ).encode(),
    "header only": fake.HEADER.encode(),
    "all rows bad": f"{fake.HEADER}\nTraining,a.png\n".encode(),
    "one open quote": f'{fake.HEADER}\n"{"Training,a.png,1" * 20_000}'.encode(),
}


@pytest.mark.parametrize("content", WHOLLY_WRONG.values(), ids=WHOLLY_WRONG.keys())
def test_a_file_that_is_something_else_is_refused_by_name(raw_root, content):
    path = fake.write(raw_root)
    path.write_bytes(content)
    with pytest.raises(SourceRefused, match=r"fer2013new\.csv: (expected the header|not)"):
        scan(raw_root)


def test_a_file_of_unlikely_size_is_refused_unread(raw_root):
    path = fake.write(raw_root)
    with path.open("r+b") as file:
        file.truncate(200 << 20)
    with pytest.raises(SourceRefused, match="larger than"):
        scan(raw_root)


def test_votes_without_pictures_are_refused(raw_root):
    fake.write(raw_root)
    with pytest.raises(ValueError, match="FER2013"):
        ferplus.DATASET.scan(ferplus.DATASET.find(raw_root), None)


def samples_of(votes):
    """Samples of vote rows (n, 10)."""
    counts = np.array(votes, dtype=np.int16)
    columns = {f"votes_{name}": counts[:, number] for number, name in enumerate(VOTE_CLASSES)}
    return ferplus.DATASET.to_samples(
        pa.table({"sample_id": [f"fer2013-{row:06d}" for row in range(len(counts))], **columns})
    ).good


def test_samples_have_the_majority_or_the_reason_why_there_is_none(raw_root):
    fake.write(raw_root)
    samples = ferplus.DATASET.to_samples(scan(raw_root).good).good
    assert set(samples.column_names) == set(schema.VOTES.names) - {"input_digest"}
    emotion, undecided = samples["emotion"].to_pylist(), samples["undecided"].to_pylist()
    assert emotion[:8] == list(EMOTIONS)
    assert undecided[:8] == [None] * 8
    for row, reason in {
        fake.TIE: "tie",
        fake.NO_MAJORITY: "no_majority",
        fake.UNKNOWN: "unknown",
        fake.NOT_A_FACE: "not_a_face",
        fake.UNNAMED_ROWS[1]: "not_a_face",
    }.items():
        assert (emotion[row], undecided[row]) == (None, reason)
    assert all(
        (one is None) != (other is None) for one, other in zip(emotion, undecided, strict=True)
    )
    assert samples.schema.field("undecided").type == pa.string()


@pytest.mark.parametrize("each", [5, 4, 2, 1])
def test_a_tie_between_any_two_emotions_is_never_decided(each):
    votes = []
    for pair in combinations(range(8), 2):
        row = [0] * 10
        row[pair[0]] = row[pair[1]] = each
        row[9] = min(each, 10 - 2 * each)
        votes.append(row)
    samples = samples_of(votes)
    assert set(samples["emotion"].to_pylist()) == {None}
    assert set(samples["undecided"].to_pylist()) == {"tie"}


@pytest.mark.parametrize(
    ("votes", "emotion", "undecided"),
    [
        ((6, 4, 0, 0, 0, 0, 0, 0, 0, 0), "neutral", None),
        ((0, 0, 0, 0, 0, 0, 0, 6, 0, 4), "contempt", None),
        # single votes are dropped first: 5 of the 9 that are left
        ((5, 4, 1, 0, 0, 0, 0, 0, 0, 0), "neutral", None),
        ((5, 3, 2, 0, 0, 0, 0, 0, 0, 0), None, "no_majority"),
        ((1, 0, 0, 0, 0, 0, 0, 0, 0, 0), None, "no_majority"),
        ((5, 0, 0, 0, 0, 0, 0, 0, 5, 0), None, "no_majority"),
        ((0, 0, 4, 0, 0, 0, 0, 0, 0, 6), None, "not_a_face"),
        ((2, 3, 0, 0, 0, 0, 0, 0, 5, 0), None, "unknown"),
        ((1, 1, 1, 1, 1, 1, 1, 1, 1, 1), None, "tie"),
    ],
)
def test_edges_between_decided_and_undecided(votes, emotion, undecided):
    samples = samples_of([votes])
    assert samples["emotion"].to_pylist() == [emotion]
    assert samples["undecided"].to_pylist() == [undecided]


def test_a_bucket_without_rows_still_has_its_columns(raw_root):
    fake.write(raw_root)
    samples = ferplus.DATASET.to_samples(scan(raw_root).good.slice(0, 0)).good
    assert samples.num_rows == 0
    assert set(samples.column_names) == set(schema.VOTES.names) - {"input_digest"}


def drawn(raw_root, n, seed):
    fer2013.DATASET.draw(raw_root, n, seed)
    ferplus.DATASET.draw(raw_root, n, seed)
    return (raw_root / "ferplus" / "fer2013new.csv").read_bytes()


def test_drawn_votes_fit_the_drawn_pictures_and_are_marked_synthetic(tmp_path):
    drawn(tmp_path, 40, seed=5)
    files = ferplus.DATASET.find(tmp_path)
    assert [path.name for path in files] == ["fer2013new.csv", SYNTHETIC_MARK]
    found = ferplus.DATASET.scan(files, pictures_of(tmp_path))
    assert found.rejects == []
    assert found.good["synthetic"].to_pylist() == [True] * 40
    assert {sum(votes) for votes in votes_of(found.good).values()} == {10}
    emotions = ferplus.DATASET.to_samples(found.good).good["emotion"].to_pylist()
    labels = pictures_of(tmp_path).samples["emotion"].to_pylist()
    agree = [one == other for one, other in zip(emotions, labels, strict=True) if one]
    assert len(agree) > 25
    assert np.mean(agree) > 0.6


def test_the_seed_decides_the_drawn_votes(tmp_path):
    one, again = drawn(tmp_path / "a", 40, seed=5), drawn(tmp_path / "b", 40, seed=5)
    assert one == again
    assert drawn(tmp_path / "c", 40, seed=6) != one
