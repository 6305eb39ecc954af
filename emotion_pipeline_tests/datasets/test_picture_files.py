import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from emotion_pipeline.datasets import picture_files
from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.drawn_pictures import write
from emotion_pipeline.datasets.picture_files import raw_rows, share_of, to_samples
from emotion_pipeline.datasets.raw_files import RawFile, listed
from emotion_pipeline.digests import digest_bytes
from emotion_pipeline.schema import SAMPLES, samples_with

LABELS = {"sample_id": pa.string(), "emotion": pa.string(), "person_id": pa.string()}
SCHEMA = samples_with(person_id=pa.string())


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def observed(folder: Path) -> list[RawFile]:
    """Pictures of a folder with their digests."""
    return [
        file._replace(digest=digest_bytes(Path(file.path).read_bytes()))
        for file in listed(folder, ".png", ".jpg")
    ]


def rows_of(files: list[RawFile]) -> pa.Table:
    labels = [{"sample_id": file.name.partition(".")[0], "emotion": "anger"} for file in files]
    return raw_rows(files, labels, LABELS).good


@pytest.fixture
def folder(tmp_path):
    """A colour JPEG and a gray PNG."""
    write(tmp_path / "a.jpg", noise(0, 20, 30, 3))
    write(tmp_path / "b.png", noise(1, 12, 10))
    return tmp_path


def only_reject(folder: Path, files: list[RawFile] | None = None, **options):
    """The one reject of a folder in which `a.jpg` is bad and `b.png` is good."""
    made = to_samples(rows_of(files or observed(folder)), SCHEMA, **options)
    assert made.good["sample_id"].to_pylist() == ["b"]
    (reject,) = made.rejects
    assert (reject.source, reject.row) == ("a.jpg", None)
    return reject.reason, reject.detail


def test_raw_rows_say_where_the_picture_is_and_what_its_labels_are(folder):
    files = observed(folder)
    labels = [{"sample_id": "one", "emotion": "fear"}, {"sample_id": "two", "person_id": "p"}]
    found = raw_rows(files, labels, LABELS)
    assert found.rejects == []
    assert found.good.to_pylist() == [
        {
            "source": file.name,
            "file": os.fsencode(file.path),
            "file_digest": file.digest,
            **dict.fromkeys(LABELS),
            **given,
        }
        for file, given in zip(files, labels, strict=True)
    ]


def test_a_name_that_comes_twice_is_a_reject_and_the_first_stays(folder):
    found = raw_rows(observed(folder), [{"sample_id": "same"}] * 2, LABELS)
    assert found.good["source"].to_pylist() == ["a.jpg"]
    (reject,) = found.rejects
    assert (reject.source, reject.reason) == ("b.png", "same_name_twice")
    assert "a.jpg" in reject.detail


def test_files_and_labels_have_to_be_as_many(folder):
    with pytest.raises(ValueError, match="shorter"):
        raw_rows(observed(folder), [{"sample_id": "one"}], LABELS)


def test_the_bytes_pass_untouched_with_what_was_measured(folder):
    files = observed(folder)
    made = to_samples(rows_of(files), SCHEMA)
    assert made.rejects == []
    for row, file in zip(made.good.to_pylist(), files, strict=True):
        assert row["image"] == {"bytes": Path(file.path).read_bytes(), "path": file.name}
        assert row["image_digest"] == file.digest
        assert row["emotion"] == "anger"
        assert row["person_id"] is None
    sizes = made.good.select(["width_px", "height_px", "color_mode"]).to_pylist()
    assert [tuple(size.values()) for size in sizes] == [(30, 20, "rgb"), (10, 12, "gray")]
    gray = noise(1, 12, 10)
    last = made.good.to_pylist()[1]
    assert (last["pixel_min"], last["pixel_max"]) == (gray.min(), gray.max())
    assert last["pixel_sd"] == pytest.approx(gray.std(), rel=1e-5)


@pytest.mark.parametrize("n_rows", [0, 2])
def test_every_column_of_the_schema_is_there_with_its_type_also_without_rows(folder, n_rows):
    made = to_samples(rows_of(observed(folder)).slice(0, n_rows), SCHEMA)
    assert made.good.num_rows == n_rows
    types = dict(zip(made.good.schema.names, made.good.schema.types, strict=True))
    assert types == {field.name: field.type for field in SCHEMA if field.name != "input_digest"}
    assert set(types) == {*SAMPLES.names, "person_id"} - {"input_digest"}


def test_a_bucket_of_nothing_but_bad_files_has_its_columns_too(folder):
    rows = rows_of(observed(folder))
    for path in folder.iterdir():
        path.unlink()
    made = to_samples(rows, SCHEMA)
    assert made.good.num_rows == 0
    assert [reject.reason for reject in made.rejects] == ["unreadable"] * 2
    assert set(made.good.column_names) == set(SCHEMA.names) - {"input_digest"}


def test_a_file_that_is_gone_or_no_file_any_more_is_unreadable(folder):
    files = observed(folder)
    (folder / "a.jpg").unlink()
    assert only_reject(folder, files) == ("unreadable", "No such file or directory")
    (folder / "a.jpg").mkdir()
    assert only_reject(folder, files) == ("unreadable", "Is a directory")


def test_a_file_with_other_content_than_was_observed_is_not_taken_for_it(folder):
    files = observed(folder)
    write(folder / "a.jpg", noise(7, 20, 30, 3))
    reason, detail = only_reject(folder, files)
    assert reason == "changed_while_read"
    assert "refresh again" in detail


def test_a_file_that_is_too_large_is_not_read_whole(folder):
    path = str(folder / "b.png")
    n_bytes = Path(path).stat().st_size
    assert len(picture_files.read_limited(path, n_bytes)) == n_bytes
    with pytest.raises(Unusable) as caught:
        picture_files.read_limited(path, n_bytes - 1)
    assert caught.value.args == ("too_large", f"more than {n_bytes - 1:,} bytes")


@pytest.mark.parametrize("data", [b"", b"hello", bytes(3000), b"GIF89a" + bytes(40)])
def test_a_file_that_is_no_picture_is_undecodable(folder, data):
    (folder / "a.jpg").write_bytes(data)
    reason, detail = only_reject(folder)
    assert reason == "undecodable"
    assert "empty" in detail or "neither PNG nor JPEG" in detail


def test_a_file_that_is_cut_off_is_undecodable(folder):
    data = (folder / "a.jpg").read_bytes()
    (folder / "a.jpg").write_bytes(data[: len(data) // 2])
    assert only_reject(folder) == ("undecodable", "cut off: the JPEG has no end")


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_of_one_gray_value_is_blank(folder, level):
    write(folder / "a.jpg", np.full((20, 30, 3), level, np.uint8))
    reason, detail = only_reject(folder)
    assert reason == "blank"
    assert f"from {level} to {level}" in detail


def test_how_little_contrast_is_blank_is_up_to_the_dataset(folder):
    near_black = np.random.default_rng(2).normal(4, 1, (20, 30)).clip(0, 255).astype(np.uint8)
    write(folder / "a.jpg", near_black)
    assert only_reject(folder)[0] == "blank"
    made = to_samples(rows_of(observed(folder)), SCHEMA, blank_sd=0.5)
    assert made.rejects == []
    assert only_reject(folder, blank_sd=3.0)[0] == "blank"


def test_labels_that_need_the_picture_are_completed_from_it(folder):
    def complete(row, picture):
        assert set(row) == {"source", "file", "file_digest", *LABELS}
        return {"person_id": f"{row['sample_id']} {picture.width_px}", "emotion": "fear"}

    made = to_samples(rows_of(observed(folder)), SCHEMA, complete)
    assert made.good["person_id"].to_pylist() == ["a 30", "b 10"]
    assert made.good["emotion"].to_pylist() == ["fear", "fear"]


def test_what_cannot_be_completed_is_a_reject_with_its_reason(folder):
    def complete(row, picture):
        if picture.width_px == 30:
            raise Unusable("box_outside", "a box at 40 px in a picture 30 px wide")
        return {}

    expected = ("box_outside", "a box at 40 px in a picture 30 px wide")
    assert only_reject(folder, complete=complete) == expected


def test_a_name_that_is_not_utf_8_is_read_and_shown_escaped(folder):
    (folder / "a.jpg").rename(folder / os.fsdecode(b"\xff.jpg"))
    files = observed(folder)
    labels = [{"sample_id": f"s{number}"} for number in range(2)]
    made = to_samples(raw_rows(files, labels, LABELS).good, SCHEMA)
    assert made.rejects == []
    assert [row["path"] for row in made.good["image"].to_pylist()] == ["\\xff.jpg", "b.png"]


def test_a_key_has_its_share_for_ever():
    assert share_of("anger/1.jpg") == 0.09182292724911699
    assert share_of("") == 0.8931675160897388


def test_shares_are_spread_evenly():
    shares = np.array([share_of(f"{number}.jpg") for number in range(10_000)])
    counts, _ = np.histogram(shares, bins=10, range=(0, 1))
    assert abs(counts - 1000).max() < 130  # more than four standard deviations
    assert 0 <= shares.min() < shares.max() < 1
