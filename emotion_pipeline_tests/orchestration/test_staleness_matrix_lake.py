"""Damage the lake, and exactly what is damaged is made again, to what it was."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

from emotion_pipeline_tests.orchestration.finished import ASKED_FOR, check

TABLES = {
    "samples/fer2013": "samples/fer2013",
    "samples/ferplus": "rejects/ferplus",
    "duplicates/fer2013": "duplicates/fer2013",
    "grayscale/fer2013": "grayscale/fer2013",
    ASKED_FOR: "degraded/fer2013_folder/domain=fading-1",
    "predictions/ferplus_cnn5[jpeg-1]": "predictions/ferplus_cnn5/domain=jpeg-1/seed=2",
}
"""Assets by a folder that belongs to them."""
NO_ROWS = {"samples/ferplus", "duplicates/fer2013"}
"""Those of which the folder holds a table without rows: no rejects, no copies."""
PREDICTIONS = {
    f"predictions/ferplus_cnn5[{domain}]" for domain in ("original", "grayscale", "jpeg-1")
}
ARTIFACTS = {
    "exploration/ferplus": "exploration/ferplus",
    "models/ferplus_cnn5[2]": "models/ferplus_cnn5/seed=2",
}


def a_bucket(finished, folder):
    return sorted((finished.settings.lake / folder).glob("*.parquet"))[0]


def check_damage(finished, *damaged):
    """It is mended, comes out as it was, and nothing below is made again. Dagster never knows."""
    before = {name: version(finished, name) for name in damaged}
    check(finished, set(damaged), set(damaged), unseen=damaged)
    assert {name: version(finished, name) for name in damaged} == before


def version(finished, name):
    """The digest of the content that an asset partition is known to have."""
    key, _, partition = name.rstrip("]").partition("[")
    receipts = finished.settings.lake / ".receipts"
    return json.loads((receipts / key / f"{partition or 'whole'}.json").read_text())["version"]


@pytest.mark.parametrize(("name", "folder"), TABLES.items(), ids=TABLES)
def test_a_deleted_bucket_is_made_again_and_nothing_else(finished, name, folder):
    a_bucket(finished, folder).unlink()
    check_damage(finished, name)


@pytest.mark.parametrize(("name", "folder"), ARTIFACTS.items(), ids=ARTIFACTS)
def test_a_deleted_artifact_is_made_again_and_nothing_else(finished, name, folder):
    shutil.rmtree(finished.settings.lake / folder)
    check_damage(finished, name)


def test_what_is_deleted_at_several_places_is_made_again_there(finished):
    lost = ["samples/fer2013_folder", "grayscale/fer2013"]
    for folder in lost:
        shutil.rmtree(finished.settings.lake / folder)
    check_damage(finished, *lost)


@pytest.mark.parametrize("keep", [0, -1])
def test_a_truncated_bucket_is_made_again_and_nothing_else(finished, keep):
    file = a_bucket(finished, "grayscale/fer2013")
    file.write_bytes(file.read_bytes()[:keep])
    check_damage(finished, "grayscale/fer2013")


def test_a_truncated_artifact_is_made_again_and_nothing_else(finished):
    file = finished.settings.lake / "models" / "ferplus_cnn5" / "seed=2" / "meta.json"
    file.write_bytes(file.read_bytes()[:-1])
    check_damage(finished, "models/ferplus_cnn5[2]")


@pytest.mark.parametrize("note", ["inputs", "content"])
def test_a_footer_that_says_something_else_is_not_believed(finished, note):
    file = a_bucket(finished, "grayscale/fer2013")
    data = file.read_bytes()
    place = data.rindex(f"emotion_pipeline.{note}".encode()) + len(f"emotion_pipeline.{note}") + 4
    file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    check_damage(finished, "grayscale/fer2013")


@pytest.mark.parametrize("name", [*sorted(TABLES.keys() - NO_ROWS), *ARTIFACTS])
def test_a_changed_byte_is_made_good_and_nothing_else(finished, name):
    """Among the rows or the weights; neither the file's size nor its footer tells."""
    folder = finished.settings.lake / (TABLES | ARTIFACTS)[name]
    kinds = (".parquet", ".safetensors", ".html")
    files = (path for path in folder.rglob("*") if path.suffix in kinds)
    file = max(files, key=lambda path: path.stat().st_size)
    data = bytearray(file.read_bytes())
    data[a_place_among_values(file)] ^= 1
    file.write_bytes(data)
    check_damage(finished, name)


def a_place_among_values(file):
    """In the middle of the largest column of a table, or of anything else."""
    if file.suffix != ".parquet":
        return file.stat().st_size // 2
    rows = pq.read_metadata(file).row_group(0)
    columns = [rows.column(number) for number in range(rows.num_columns)]
    largest = max(columns, key=lambda column: column.total_compressed_size)
    return largest.data_page_offset + largest.total_compressed_size // 2


def test_provenance_of_an_artifact_that_says_something_else_is_not_believed(finished):
    name = "exploration/fer2013"
    file = finished.settings.lake / name / "provenance.json"
    notes = json.loads(file.read_text())
    file.write_text(json.dumps(notes | {"content": notes["content"][::-1]}))
    check_damage(finished, name)


def test_a_bucket_of_another_table_is_made_as_it_was(finished):
    """Until then `status` also names what follows from it, which is made of something else now."""
    name = "grayscale/fer2013"
    before = version(finished, name)
    a_bucket(finished, name).write_bytes(a_bucket(finished, f"{name}_folder").read_bytes())
    assert finished.status() == {name, *PREDICTIONS}
    assert finished.unsynced() == set()
    assert finished.refresh(unseen=[name]) == [name]
    assert version(finished, name) == before
    check(finished, set(), set())


def test_a_lost_verdict_is_named_and_given_again(finished):
    shutil.rmtree(finished.settings.lake / "quality" / "fer2013")
    check_damage(finished, "samples/fer2013")


def test_lost_receipts_of_what_was_asked_for_are_no_reason_to_forget_it(finished):
    shutil.rmtree(finished.settings.lake / ".receipts" / "degraded" / "fer2013_folder")
    check(finished, {ASKED_FOR}, {ASKED_FOR}, unseen={ASKED_FOR})


def test_lost_receipts_cost_a_look_and_nothing_below(finished):
    shutil.rmtree(finished.settings.lake / ".receipts" / "faces")
    lost = {"faces/fer2013", "faces/fer2013_folder"}
    check(finished, lost, lost, unseen=lost)
