import os
import time

import pytest

from emotion_pipeline.lake.cleaning import last_change, remove, size_of, strays

DAY_S = 24 * 3600


@pytest.fixture
def lake(tmp_path):
    for name in ("faces/kdef/bucket.parquet", "raw/kdef/a.jpg", "models/net/seed=1/weights"):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_bytes(b"12345")
    return tmp_path


def put(path, age_s=0.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"1234567")
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def test_sizes_are_those_of_all_files_and_links_count_as_themselves(lake):
    (lake / "faces" / "link").symlink_to(lake / "models")
    assert size_of(lake / "models") == 5
    assert size_of(lake / "faces" / "kdef" / "bucket.parquet") == 5
    assert size_of(lake / "absent") == 0
    assert size_of(lake / "faces") == 5 + (lake / "faces" / "link").lstat().st_size


def test_a_folder_is_as_old_as_the_newest_thing_in_it(lake):
    folder = lake / "models"
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (100, 100))
    assert last_change(folder) == 100
    os.utime(folder / "net" / "seed=1" / "weights", (200, 200))
    assert last_change(folder) == 200


def test_strays_are_unfinished_and_old_and_not_the_users(lake):
    old = put(lake / "faces" / "kdef" / ".bucket.parquet.host-1.unfinished", 2 * DAY_S)
    put(lake / "faces" / "kdef" / ".bucket.parquet.host-2.unfinished")
    put(lake / "faces" / "kdef" / "bucket-2.parquet", 2 * DAY_S)
    put(lake / "raw" / ".kdef.unfinished", 2 * DAY_S)
    written_to = lake / "models" / "net" / ".seed=2.7.unfinished"
    put(written_to / "old", 2 * DAY_S)
    put(written_to / "new")
    assert list(strays(lake, DAY_S, [lake / "raw"])) == [old]
    assert set(strays(lake, -1, [lake / "raw"])) >= {old, written_to}
    assert list(strays(lake / "absent", DAY_S, [])) == []


def test_removing_takes_folders_that_are_empty_then_and_no_others(lake):
    remove(lake / "models" / "net" / "seed=1", lake, [])
    assert not (lake / "models").exists()
    remove(put(lake / "faces" / "kdef" / ".stray"), lake, [])
    assert (lake / "faces" / "kdef" / "bucket.parquet").is_file()


@pytest.mark.parametrize("name", ["raw", "raw/kdef", "raw/kdef/a.jpg", ".", "..", "../elsewhere"])
def test_what_is_not_the_lakes_is_never_removed(lake, name):
    with pytest.raises(ValueError, match="not the lake's"):
        remove(lake / name, lake, [lake / "raw"])
    assert (lake / "raw" / "kdef" / "a.jpg").is_file()


def test_what_a_link_leads_to_elsewhere_is_never_removed(lake, tmp_path_factory):
    file = put(tmp_path_factory.mktemp("elsewhere") / "file")
    (lake / "faces" / "link").symlink_to(file.parent)
    with pytest.raises(ValueError, match="not the lake's"):
        remove(lake / "faces" / "link" / "file", lake, [])
    remove(lake / "faces" / "link", lake, [])
    assert file.is_file()
    assert not (lake / "faces" / "link").is_symlink()


def test_what_holds_a_folder_of_the_user_is_never_removed(lake):
    with pytest.raises(ValueError, match="not the lake's"):
        remove(lake / "raw", lake, [lake / "raw" / "kdef"])
