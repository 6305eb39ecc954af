"""A machine without power leaves half of what was being written; the next refresh mends just that.

Files that were renamed may be there with no content, or with zeros where the last pages were.
"""

import os
from datetime import timedelta

import pytest

from emotion_pipeline.orchestration.gc import collect
from emotion_pipeline_tests.orchestration.finished import check
from emotion_pipeline_tests.orchestration.test_staleness_matrix_lake import a_bucket, check_damage

N_FOOTER_BYTES = 512
DAY_S = 24 * 3600
ALWAYS = timedelta(days=1000)


def zero_the_end(file, n_bytes):
    data = file.read_bytes()
    file.write_bytes(data[:-n_bytes] + bytes(n_bytes))


def cut(file, share):
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])


def test_footers_of_zeros_are_written_again(finished):
    zero_the_end(a_bucket(finished, "grayscale/fer2013"), N_FOOTER_BYTES)
    zero_the_end(a_bucket(finished, "faces/fer2013_folder"), N_FOOTER_BYTES)
    check_damage(finished, "faces/fer2013_folder", "grayscale/fer2013")


@pytest.mark.parametrize("share", [0, 0.5])
def test_an_artifact_whose_provenance_was_cut_is_made_again(finished, share):
    cut(finished.settings.lake / "exploration" / "fer2013" / "provenance.json", share)
    check_damage(finished, "exploration/fer2013")


def test_an_artifact_without_provenance_is_made_again(finished):
    (finished.settings.lake / "models" / "ferplus_cnn5" / "seed=2" / "provenance.json").unlink()
    check_damage(finished, "models/ferplus_cnn5[2]")


@pytest.mark.parametrize("share", [0, 0.5])
def test_a_cut_receipt_costs_a_look_and_nothing_below(finished, share):
    receipt = finished.settings.lake / ".receipts" / "faces" / "fer2013" / "whole.json"
    cut(receipt, share)
    check(finished, {"faces/fer2013"}, {"faces/fer2013"}, unseen=["faces/fer2013"])


def unfinished(finished):
    """What a writer of a bucket, of an artifact and of a receipt leave, each with half a file."""
    lake = finished.settings.lake
    places = [
        lake / "grayscale" / "fer2013" / ".bucket-000-of-016.parquet.host-1.unfinished",
        lake / "models" / "ferplus_cnn5" / ".seed=2.1.unfinished" / "meta.json",
        lake / ".receipts" / "faces" / "fer2013" / ".whole.json.1.unfinished",
    ]
    for place in places:
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"{")
    return places


def test_unfinished_files_count_for_nothing_and_are_collected_after_a_day(finished):
    places = unfinished(finished)
    check(finished, set(), set())
    collect(finished.pipeline(), finished.instance, older_than=ALWAYS)
    assert all(place.is_file() for place in places)
    for place in places:
        for path in (place, place.parent):
            os.utime(path, (0, place.stat().st_mtime - 2 * DAY_S))
    collect(finished.pipeline(), finished.instance, older_than=ALWAYS)
    assert not any(place.exists() for place in places)
    check(finished, set(), set())


def test_everything_at_once_is_mended_at_once(finished):
    lake = finished.settings.lake
    a_bucket(finished, "samples/fer2013_folder").write_bytes(b"")
    zero_the_end(a_bucket(finished, "grayscale/fer2013"), N_FOOTER_BYTES)
    cut(lake / "exploration" / "ferplus" / "provenance.json", 0.5)
    cut(lake / ".receipts" / "duplicates" / "fer2013" / "whole.json", 0.5)
    unfinished(finished)
    damaged = {
        *("samples/fer2013_folder", "grayscale/fer2013"),
        *("exploration/ferplus", "duplicates/fer2013"),
    }
    check(finished, damaged, damaged, unseen=damaged)
