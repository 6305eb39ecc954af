from collections import Counter
from pathlib import Path

import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.kdef import SPLIT_OF
from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK, SourceMissing, SourceRefused
from emotion_pipeline.digests import digest_file
from emotion_pipeline.schema import SPLITS
from emotion_pipeline_tests.raw_fakes import kdef as fake

KDEF = get_dataset("kdef")


def scan(raw_root):
    files = [
        file._replace(digest=bytes.fromhex(digest_file(Path(file.path))))
        for file in KDEF.find(raw_root)
    ]
    return KDEF.scan(files, None)


def reasons_of(found):
    return {reject.source: reject.reason for reject in found.rejects}


@pytest.mark.parametrize("root", ["KDEF", "kdef", "KDEF_and_AKDEF", "Kdef_And_Akdef"])
@pytest.mark.parametrize("inside", ["AF01/", "KDEF/AF01/", ""])
def test_pictures_are_found_in_every_layout_and_nothing_else_is(tmp_path, root, inside):
    paths = [f"{inside}AF01ANFL.JPG", f"{inside}AF01ANHL.jpg", f"{inside}AF01ANS.Jpeg"]
    fake.write(tmp_path, *paths, root=root)
    assert [file.name for file in KDEF.find(tmp_path)] == paths
    assert scan(tmp_path).good["sample_id"].to_pylist() == [
        "kdef-AF01ANFL",
        "kdef-AF01ANHL",
        "kdef-AF01ANS",
    ]


@pytest.mark.parametrize("folder", ["AKDEF", "akdef", "more/AKDEF"])
def test_the_folder_of_averaged_faces_is_left_out(tmp_path, folder):
    fake.write(tmp_path, "AF01/AF01ANS.JPG", f"{folder}/FAFFL.JPG")
    assert [file.name for file in KDEF.find(tmp_path)] == ["AF01/AF01ANS.JPG"]


def test_a_second_folder_is_looked_into_when_the_first_has_no_picture(tmp_path):
    (tmp_path / "KDEF").mkdir()
    fake.write(tmp_path, "KDEF/AF01/AF01ANS.JPG", root="KDEF_and_AKDEF")
    assert [file.name for file in KDEF.find(tmp_path)] == ["KDEF/AF01/AF01ANS.JPG"]


@pytest.mark.parametrize("there", [".", "KDEF", "KDEF/AF01", "KDEF/AKDEF", "elsewhere"])
def test_a_folder_without_a_picture_is_missing_and_says_what_was_expected(tmp_path, there):
    raw_root = tmp_path / "raw"
    (raw_root / there).mkdir(parents=True)
    if there == "KDEF/AKDEF":
        (raw_root / there / "FAFFL.JPG").write_bytes(fake.picture())
    with pytest.raises(SourceMissing) as caught:
        KDEF.find(raw_root)
    for part in (str(raw_root / "KDEF"), "AF01ANFL.JPG", "https://kdef.se", "sample"):
        assert part in str(caught.value)


def test_a_row_says_what_its_name_says(tmp_path):
    paths = fake.write(tmp_path, "AF01/AF01AFFL.JPG", "BM32/bm32sus.jpg")
    found = scan(tmp_path)
    assert found.rejects == []
    female, male = found.good.to_pylist()
    assert female == {
        "source": "AF01/AF01AFFL.JPG",
        "file": str(paths[0]).encode(),
        "file_digest": bytes.fromhex(digest_file(paths[0])),
        "sample_id": "kdef-AF01AFFL",
        "split": SPLIT_OF["F01"],
        "emotion": "fear",
        "person_id": "F01",
        "gender": "female",
        "session": "A",
        "angle": "full_left",
        "synthetic": False,
    }
    assert male["sample_id"] == "kdef-BM32SUS"
    assert [male[name] for name in ("emotion", "person_id", "gender", "session", "angle")] == [
        "surprise",
        "M32",
        "male",
        "B",
        "straight",
    ]


def test_a_person_shows_each_emotion_from_each_angle(tmp_path):
    fake.write(tmp_path)
    rows = scan(tmp_path).good.to_pylist()
    shown = {row["sample_id"][9:11]: row["emotion"] for row in rows}
    assert shown == {
        "AF": "fear",
        "AN": "anger",
        "DI": "disgust",
        "HA": "happiness",
        "NE": "neutral",
        "SA": "sadness",
        "SU": "surprise",
    }
    assert set(shown.values()) == set(KDEF.emotions)
    angles = {row["sample_id"][11:]: row["angle"] for row in rows}
    assert angles == {
        "FL": "full_left",
        "HL": "half_left",
        "S": "straight",
        "HR": "half_right",
        "FR": "full_right",
    }
    assert len({(row["emotion"], row["angle"]) for row in rows}) == len(rows) == 35


def test_pictures_that_are_not_persons_become_rejects_and_the_others_stay(tmp_path):
    fake.write(
        tmp_path, "AF01/AF01ANS.JPG", "AF01/AF02ANS.JPG", "FAFFL.JPG", "me.png", "AF31/AF31V.JPG"
    )
    found = scan(tmp_path)
    assert reasons_of(found) == {
        "AF01/AF02ANS.JPG": "wrong_folder",
        "FAFFL.JPG": "averaged_face",
        "me.png": "unknown_name",
    }
    assert found.good["sample_id"].to_pylist() == ["kdef-AF01ANS", "kdef-AF31SAHL"]


@pytest.mark.parametrize("twin", ["copy/AF31SAHL.JPG", "AF31/AF31SAHL.png", "AF31/AF31V.JPG"])
def test_a_second_picture_of_a_name_is_a_reject(tmp_path, twin):
    fake.write(tmp_path, "AF31/AF31SAHL.JPG", twin)
    found = scan(tmp_path)
    assert found.good["sample_id"].to_pylist() == ["kdef-AF31SAHL"]
    assert reasons_of(found) == {twin: "same_name_twice"}


def test_a_folder_without_any_kdef_name_is_refused_with_what_was_found(tmp_path):
    fake.write(tmp_path, "train/happy/1.jpg", "train/sad/2.jpg")
    with pytest.raises(SourceRefused) as caught:
        scan(tmp_path)
    for part in (str(tmp_path / "KDEF"), "train/happy/1.jpg", "AF01ANFL"):
        assert part in str(caught.value)


def test_of_each_gender_25_persons_are_for_training_and_5_for_either_other():
    assert set(SPLIT_OF) == {f"{gender}{number:02d}" for gender in "FM" for number in range(1, 36)}
    counts = Counter((person[0], split) for person, split in SPLIT_OF.items())
    for gender in "FM":
        assert [counts[gender, split] for split in SPLITS] == [25, 5, 5]


def test_who_is_in_which_split_is_fixed_for_ever():
    kept_from_training = {person: split for person, split in SPLIT_OF.items() if split != "train"}
    assert kept_from_training == {
        **dict.fromkeys(["F07", "F11", "F13", "F28", "F35"], "validation"),
        **dict.fromkeys(["M06", "M11", "M16", "M23", "M28"], "validation"),
        **dict.fromkeys(["F15", "F18", "F21", "F32", "F33"], "test"),
        **dict.fromkeys(["M08", "M15", "M20", "M25", "M29"], "test"),
    }


def test_a_person_is_in_one_split_with_both_sessions_whoever_else_is_there(tmp_path):
    persons = ["F07", "F15", "M01", "M06"]
    paths = [f"{session}{person}HAS.JPG" for person in persons for session in "AB"]
    fake.write(tmp_path / "all", *paths, content=b"unopened")
    together = {row["sample_id"]: row["split"] for row in scan(tmp_path / "all").good.to_pylist()}
    assert [together[f"kdef-A{person}HAS"] for person in persons] == [
        "validation",
        "test",
        "train",
        "validation",
    ]
    for path in paths:
        fake.write(tmp_path / path, path, content=b"unopened")
        (alone,) = scan(tmp_path / path).good.to_pylist()
        other_session = "kdef-" + {"A": "B", "B": "A"}[path[0]] + path[1:-4]
        assert alone["split"] == together[alone["sample_id"]] == together[other_session]


def test_samples_hold_the_files_as_they_are(tmp_path):
    paths = fake.write(tmp_path, "AF01/AF01ANS.JPG", "BM01/BM01HAS.JPG")
    made = KDEF.to_samples(scan(tmp_path).good)
    assert made.rejects == []
    assert set(made.good.column_names) == set(KDEF.schema.names) - {"input_digest"}
    for row, path in zip(made.good.to_pylist(), paths, strict=True):
        assert row["image"]["bytes"] == path.read_bytes()
        assert (row["width_px"], row["height_px"]) == KDEF.size_px
        assert row["color_mode"] == "rgb"
        assert row["person_id"] == path.name[1:4]


def test_a_bucket_without_rows_still_has_its_columns(tmp_path):
    fake.write(tmp_path, "AF01ANS.JPG")
    made = KDEF.to_samples(scan(tmp_path).good.slice(0, 0))
    assert made.good.num_rows == 0
    assert set(made.good.column_names) == set(KDEF.schema.names) - {"input_digest"}


def test_the_pictures_that_are_known_to_be_black_are_rejected_for_what_they_show(tmp_path):
    fake.write(tmp_path, *(f"{name}.JPG" for name in fake.DAMAGED), content=fake.black_picture())
    fake.write(tmp_path, "AF01ANS.JPG", "AM20DIHL.JPG")
    made = KDEF.to_samples(scan(tmp_path).good)
    assert {Path(reject.source).stem for reject in made.rejects} == set(fake.DAMAGED)
    assert {reject.reason for reject in made.rejects} == {"blank"}
    assert made.good["sample_id"].to_pylist() == ["kdef-AF01ANS", "kdef-AM20DIHL"]


def test_a_file_that_is_no_picture_is_a_reject_and_the_others_stay(tmp_path):
    fake.write(tmp_path, "AF01ANS.JPG")
    fake.write(tmp_path, "AF01HAS.JPG", content=b"<html>Please sign in</html>")
    fake.write(tmp_path, "AF01SAS.JPG", content=fake.picture()[:2000])
    made = KDEF.to_samples(scan(tmp_path).good)
    assert {(reject.source, reject.reason) for reject in made.rejects} == {
        ("AF01HAS.JPG", "undecodable"),
        ("AF01SAS.JPG", "undecodable"),
    }
    assert made.good["sample_id"].to_pylist() == ["kdef-AF01ANS"]


def test_every_column_that_decides_a_sample_is_in_a_raw_row(tmp_path):
    fake.write(tmp_path, "AF01ANS.JPG")
    columns = set(scan(tmp_path).good.column_names)
    assert columns - set(KDEF.keyed_by) == {"file", "sample_id"}
    assert set(KDEF.keyed_by) <= columns


def test_published_counts_add_up_to_4900():
    assert KDEF.published_total == 4900
    assert set(KDEF.published_counts["train+validation+test"]) == set(KDEF.emotions)


def drawn(raw_root, seed):
    """The content of every drawn file by its path."""
    KDEF.draw(raw_root, 60, seed)
    files = [path for path in (raw_root / "kdef").rglob("*") if path.is_file()]
    return {path.relative_to(raw_root): path.read_bytes() for path in files}


def test_drawn_samples_are_whole_folders_of_all_splits_and_both_genders(tmp_path):
    drawn(tmp_path, seed=5)
    assert KDEF.find(tmp_path)[-1].name == SYNTHETIC_MARK
    found = scan(tmp_path)
    made = KDEF.to_samples(found.good)
    assert found.rejects == made.rejects == []
    rows = made.good.to_pylist()
    assert {row["synthetic"] for row in rows} == {True}
    assert {(row["width_px"], row["height_px"]) for row in rows} == {KDEF.size_px}
    assert {row["split"] for row in rows} == set(SPLITS)
    assert {row["gender"] for row in rows} == {"female", "male"}
    folders = Counter(Path(row["image"]["path"]).parent.name for row in rows)
    assert list(folders.values()) == [35, 35, 35]


def test_the_seed_decides_the_drawn_samples(tmp_path):
    one = drawn(tmp_path / "a", seed=5)
    assert drawn(tmp_path / "b", seed=5) == one
    assert drawn(tmp_path / "c", seed=6) != one
