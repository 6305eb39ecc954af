import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.kdef_names import MISNAMED, shot_of
from emotion_pipeline_tests.raw_fakes import kdef as fake

PERSONS = [f"{gender}{number:02d}" for gender in "FM" for number in range(1, 36)]
ALL_NAMES = [
    name for session in "AB" for person in PERSONS for name in fake.names_of(f"{session}{person}")
]
KNOWN = {*ALL_NAMES, *MISNAMED}
SUFFIXES = (".JPG", ".jpg", ".Jpeg", ".png")


def reason_of(path: str) -> tuple[str, str]:
    with pytest.raises(Unusable) as caught:
        shot_of(path)
    reason, detail = caught.value.args
    return reason, detail


def test_all_4900_published_names_are_read_and_are_different():
    assert len({shot_of(f"{name}.JPG") for name in ALL_NAMES}) == 4900


@given(st.sampled_from(ALL_NAMES), st.sampled_from(SUFFIXES), st.data())
def test_a_name_in_any_case_is_read_back_as_it_was_published(name, suffix, data):
    mixed = "".join(data.draw(st.sampled_from((one.lower(), one))) for one in name)
    assert shot_of(mixed + suffix).name == name


@settings(max_examples=200)
@given(st.text(max_size=12) | st.text(string.ascii_uppercase + string.digits, max_size=9))
@example("AF00ANS")
@example("AF36ANS")
@example("AF1ANS")
@example("AF001ANS")
@example("AF０1ANS")
@example("AF01ANſ")
@example("AF01ANSS")
@example("AF01ANS ")
@example("AF01ANS\n")
@example("CF01ANS")
@example("AF01XXS")
@example("AF01AN")
@example("../../etc/passwd")
@example("\udcff")
@example("")
def test_any_other_text_is_unusable_and_never_crashes(text):
    if text.rpartition("/")[2].upper() in KNOWN and text.isascii():
        return
    reason, detail = reason_of(f"{text}.JPG")
    assert reason in ("unknown_name", "averaged_face")
    assert detail


@settings(max_examples=200)
@given(st.sampled_from(ALL_NAMES), st.integers(0, 7), st.characters())
def test_one_changed_character_gives_another_known_name_or_none(name, position, character):
    changed = name[:position] + character + name[position + 1 :]
    try:
        read = shot_of(f"{changed}.JPG").name
    except Unusable:
        assert changed not in KNOWN
    else:
        assert read == changed.upper()
        assert read in KNOWN


def test_af_is_session_and_gender_at_the_start_and_an_emotion_in_the_middle():
    afraid = shot_of("AF07AFS.JPG")
    assert (afraid.session, afraid.gender, afraid.emotion) == ("A", "F", "AF")
    happy = shot_of("AF07HAS.JPG")
    assert (happy.session, happy.gender, happy.emotion) == ("A", "F", "HA")


def test_both_sessions_show_one_person_and_folders_tell_them_apart():
    first, second = shot_of("AM07HAS.JPG"), shot_of("BM07HAS.JPG")
    assert first.person_id == second.person_id == "M07"
    assert (first.folder, second.folder) == ("AM07", "BM07")


@pytest.mark.parametrize(("published", "meant"), [("AF31V", "AF31SAHL"), ("AM31H", "AM31SUHR")])
def test_the_two_names_that_were_cut_off_are_completed(published, meant):
    assert shot_of(f"{published}.JPG").name == meant
    assert shot_of(f"{published[:4]}/{published.lower()}.jpg").name == meant


@pytest.mark.parametrize(
    "name", ["AF31H", "AM31V", "BF31V", "BM31H", "AF30V", "AF31", "AF31VV", "AF31SV"]
)
def test_no_other_name_is_completed(name):
    assert reason_of(f"{name}.JPG")[0] == "unknown_name"


def test_an_unknown_name_is_answered_with_what_was_expected():
    reason, detail = reason_of("AF01/IMG_2041.JPG")
    assert reason == "unknown_name"
    for part in ("'IMG_2041'", "AF01ANFL", "01 to 35", "AF AN DI HA NE SA SU", "FL HL S HR FR"):
        assert part in detail


def test_a_long_name_is_not_repeated_in_full():
    assert len(reason_of(f"{'x' * 5000}.JPG")[1]) < 300


@pytest.mark.parametrize("gender", ["F", "M"])
def test_all_averaged_faces_are_told_from_persons(gender):
    for shown in fake.names_of(""):
        reason, detail = reason_of(f"{gender}{shown}.JPG")
        assert reason == "averaged_face"
        assert "AKDEF" in detail


@pytest.mark.parametrize("folder", ["AF02", "BF01", "AM01", "af02", "KDEF/AF02"])
def test_a_picture_in_the_folder_of_somebody_else_is_unusable(folder):
    reason, detail = reason_of(f"{folder}/AF01ANS.JPG")
    assert reason == "wrong_folder"
    assert "AF01" in detail
    assert folder[-4:].upper() in detail


@pytest.mark.parametrize("folder", ["AF01", "af01", "KDEF", "AF99", "AF36", "AF02/faces", "."])
def test_a_picture_in_its_own_folder_or_in_one_that_is_nobodys_is_read(folder):
    assert shot_of(f"{folder}/AF01ANS.JPG").name == "AF01ANS"
