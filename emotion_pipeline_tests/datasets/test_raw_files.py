import os
import re
import socket
from pathlib import Path

import pytest

from emotion_pipeline.datasets.raw_files import (
    SYNTHETIC_MARK,
    RawFile,
    folder_of,
    is_synthetic,
    listed,
    missing,
)


def put(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {name}")


def names(folder: Path, *suffixes: str, **options) -> list[str]:
    return [file.name for file in listed(folder, *suffixes, **options)]


def test_files_are_listed_by_name_below_the_folder_with_size_and_time(tmp_path):
    put(tmp_path, "b/2.png", "a.jpg", "b/1.png", "b/c/3.png")
    found = listed(tmp_path, ".png", ".jpg")
    assert [file.name for file in found] == ["a.jpg", "b/1.png", "b/2.png", "b/c/3.png"]
    for file in found:
        stat = (tmp_path / file.name).stat()
        assert file == RawFile(
            file.name, str(tmp_path / file.name), stat.st_size, stat.st_ctime_ns, b""
        )


def test_the_case_of_a_suffix_does_not_matter_and_other_suffixes_are_left_out(tmp_path):
    put(tmp_path, "a.JPG", "b.jpg", "c.Jpg", "d.jpeg", "jpg", "e.jpg.txt", "f", "Thumbs.db")
    assert names(tmp_path, ".jpg") == ["a.JPG", "b.jpg", "c.Jpg"]
    assert names(tmp_path, ".jpg", ".jpeg") == ["a.JPG", "b.jpg", "c.Jpg", "d.jpeg"]
    assert names(tmp_path) == []
    assert {file.suffix for file in listed(tmp_path, ".jpg")} == {".jpg"}


def test_hidden_files_and_what_macos_packs_are_left_out(tmp_path):
    put(
        tmp_path, ".a.png", "._b.png", ".cache/c.png", "__MACOSX/d.png", "x/__MACOSX/e.png", "f.png"
    )
    assert names(tmp_path, ".png") == ["f.png"]


def test_folders_without_which_the_list_is_wanted_are_left_out_at_every_depth(tmp_path):
    put(tmp_path, "AKDEF/a.png", "KDEF/b.png", "KDEF/akdef/c.png", "akdef.png")
    assert names(tmp_path, ".png", without={"akdef"}) == ["KDEF/b.png", "akdef.png"]
    assert len(names(tmp_path, ".png")) == 4


def test_links_are_not_followed_but_those_with_the_name_of_a_file_are_listed(tmp_path):
    put(tmp_path, "root/a.png", "elsewhere/b.png")
    root = tmp_path / "root"
    (root / "circle").symlink_to(root)
    (root / "folder.png").symlink_to(tmp_path / "elsewhere")
    (root / "link.png").symlink_to(tmp_path / "elsewhere" / "b.png")
    found = listed(root, ".png")
    assert {file.name: file.is_link for file in found} == {
        "a.png": False,
        "folder.png": True,
        "link.png": True,
    }
    assert found[2].path == str(root / "link.png")


def test_links_that_lead_nowhere_are_links_too(tmp_path):
    put(tmp_path, "a.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    (tmp_path / "one.png").symlink_to(tmp_path / "other.png")
    (tmp_path / "other.png").symlink_to(tmp_path / "one.png")
    links = {file.name for file in listed(tmp_path, ".png") if file.is_link}
    assert links == {"gone.png", "self.png", "one.png", "other.png"}


def test_a_linked_dataset_folder_itself_is_listed(tmp_path):
    put(tmp_path, "disk/a.png")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "KDEF").symlink_to(tmp_path / "disk")
    (folder,) = folder_of(tmp_path / "raw", "kdef")
    assert names(folder, ".png") == ["a.png"]


def test_pipes_sockets_and_folders_are_no_files(tmp_path, monkeypatch):
    put(tmp_path, "a.png", "folder.png/b.png")
    os.mkfifo(tmp_path / "pipe.png")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as plug:
        plug.bind("socket.png")
        assert names(tmp_path, ".png") == ["a.png", "folder.png/b.png"]


def test_a_name_that_is_not_utf_8_is_shown_escaped_and_its_file_can_be_opened(tmp_path):
    folder = os.fsencode(tmp_path) + b"/f\xfe"
    os.mkdir(folder)  # noqa: PTH102
    with open(folder + b"/\xff.png", "wb") as file:  # noqa: PTH123
        file.write(b"content")
    (found,) = listed(tmp_path, ".png")
    assert found.name == "f\\xfe/\\xff.png"
    assert Path(found.path).read_bytes() == b"content"
    assert RawFile.at(Path(found.path)) == found._replace(name="\\xff.png")


def test_the_order_does_not_depend_on_the_file_system(tmp_path, monkeypatch):
    put(tmp_path, "b/1.png", "b.png", "a/2.png", "B.png", "ä.png", "10.png", "9.png")
    expected = names(tmp_path, ".png")
    assert expected == ["10.png", "9.png", "B.png", "a/2.png", "b.png", "b/1.png", "ä.png"]
    forward = os.scandir
    monkeypatch.setattr(os, "scandir", lambda folder: list(forward(folder))[::-1])
    assert names(tmp_path, ".png") == expected


def test_a_folder_that_is_gone_has_no_files(tmp_path):
    put(tmp_path, "file")
    assert listed(tmp_path / "gone", ".png") == []
    assert listed(tmp_path / "file", ".png") == []


def test_the_mark_of_drawn_samples_counts_only_in_the_folder_itself(tmp_path):
    put(tmp_path, "a.png", f"deep/{SYNTHETIC_MARK}")
    assert names(tmp_path, ".png") == ["a.png"]
    assert not is_synthetic(listed(tmp_path, ".png"))
    assert not is_synthetic(listed(tmp_path, ".txt"))
    put(tmp_path, SYNTHETIC_MARK)
    assert names(tmp_path, ".png") == [SYNTHETIC_MARK, "a.png"]
    assert is_synthetic(listed(tmp_path, ".png"))
    assert not is_synthetic([])


def test_pictures_are_told_by_their_suffix(tmp_path):
    put(tmp_path, "a.PNG", "b.tiff", "labels.csv")
    found = listed(tmp_path, ".png", ".tiff", ".csv")
    assert [file.is_picture for file in found] == [True, True, False]


def test_folders_are_found_whatever_their_case_the_wanted_name_first(tmp_path):
    put(tmp_path, "CK+48/x", "kdef/x", "KDEF/x", "other/x", "CK+")
    assert folder_of(tmp_path, "KDEF") == [tmp_path / "KDEF", tmp_path / "kdef"]
    put(tmp_path, "cohn/x")
    assert folder_of(tmp_path, "Cohn", "ck+48", "CK+") == [tmp_path / "cohn", tmp_path / "CK+48"]
    assert folder_of(tmp_path, "affectnet") == []
    assert folder_of(tmp_path / "nowhere", "kdef") == []


@pytest.mark.parametrize(
    ("there", "words"),
    [
        (None, "there is no such folder"),
        ([], "the folder is empty"),
        (
            ["notes.txt", "KDEF_and_AKDEF.ZIP"],
            "there is KDEF_and_AKDEF.ZIP, which has to be unpacked",
        ),
        (["b.txt", "a.txt"], "there are a.txt, b.txt, none of which is it"),
        ([f"{n}.txt" for n in range(9)], "3.txt, 4.txt and others, none of which is it"),
    ],
)
def test_what_is_missing_is_said_with_what_is_there_instead(tmp_path, there, words):
    if there is not None:
        (tmp_path / "kdef").mkdir()
        put(tmp_path / "kdef", *there)
    message = str(missing("KDEF", tmp_path / "KDEF", "140 folders", "https://kdef.se"))
    assert re.match(r"KDEF is not in .*/KDEF: ", message)
    for part in (words, "Expected: 140 folders", "https://kdef.se", f"sample {tmp_path}"):
        assert part in message


def test_what_is_missing_is_said_also_beside_names_that_are_not_utf_8(tmp_path):
    (tmp_path / "KDEF").mkdir()
    (tmp_path / "KDEF" / os.fsdecode(b"\xff.txt")).touch()
    message = str(missing("KDEF", tmp_path / "KDEF", "140 folders", "https://kdef.se"))
    assert r"\xff.txt" in message.encode().decode()
