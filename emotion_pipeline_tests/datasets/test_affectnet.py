import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from emotion_pipeline.datasets import affectnet
from emotion_pipeline.datasets.affectnet_labels import VALIDATION_SHARE, clipped, split_of
from emotion_pipeline.datasets.base import Unusable
from emotion_pipeline.datasets.picture_files import share_of
from emotion_pipeline.datasets.raw_files import (
    SYNTHETIC_MARK,
    RawFile,
    SourceMissing,
    SourceRefused,
)
from emotion_pipeline.digests import digest_bytes, row_digests
from emotion_pipeline.imaging.codec import Measured, decode
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import SPLITS
from emotion_pipeline_tests.raw_fakes import affectnet as fake
from emotion_pipeline_tests.raw_fakes.picture_folders import content, found, scan

EVERY_LAYOUT = pytest.mark.parametrize("layout", fake.LAYOUTS)


def find(raw_root):
    return found(affectnet.DATASET, raw_root)


def read(raw_root):
    """Samples by name, and all rejects as (source, reason)."""
    raw = scan(affectnet.DATASET, raw_root)
    made = affectnet.DATASET.to_samples(raw.good)
    rejects = raw.rejects + made.rejects
    samples = {row["sample_id"]: row for row in made.good.to_pylist()}
    return samples, sorted((reject.source, reject.reason) for reject in rejects)


def expected_split(picture):
    if picture.is_test:
        return "test"
    kept = share_of(digest_bytes(picture.data).hex()) < 0.05
    return "validation" if kept else "train"


@EVERY_LAYOUT
@pytest.mark.parametrize("place", ["AffectNet", "affectnet", "AFFECTNET/affectnet/AffectNet (1)"])
def test_every_layout_gives_the_same_pictures_emotions_and_splits(tmp_path, layout, place):
    pictures = fake.pictures()
    fake.LAYOUTS[layout](tmp_path / place, pictures)
    samples, rejects = read(tmp_path)
    assert rejects == []
    labels = {row["image"]["bytes"]: (row["emotion"], row["split"]) for row in samples.values()}
    assert labels == {one.data: (one.emotion, expected_split(one)) for one in pictures}
    assert {split for _, split in labels.values()} == set(SPLITS)
    assert {emotion for emotion, _ in labels.values()} == set(affectnet.DATASET.emotions)


NAMES = {
    "official": {"affectnet-0/00000000", "affectnet-2/00000008"},
    "mini": {"affectnet-train_set/0", "affectnet-val_set/8"},
    "folders": {"affectnet-train/neutral/image0000000", "affectnet-test/neutral/image0000008"},
}


@EVERY_LAYOUT
@pytest.mark.parametrize("place", ["AffectNet", "affectnet/deep/er", "affectnet/test/train"])
def test_the_name_of_a_sample_depends_on_nothing_above_its_layout(tmp_path, layout, place):
    pictures = fake.pictures()
    fake.LAYOUTS[layout](tmp_path / place, [pictures[0], pictures[8]])
    assert set(read(tmp_path)[0]) == NAMES[layout]


@EVERY_LAYOUT
def test_samples_hold_the_bytes_as_published_and_what_their_layout_knows(tmp_path, layout):
    fake.LAYOUTS[layout](tmp_path / "AffectNet", fake.pictures(20))
    samples = affectnet.DATASET.to_samples(scan(affectnet.DATASET, tmp_path).good).good
    assert set(samples.column_names) == set(affectnet.SCHEMA.names) - {"input_digest"}
    by_digest = {row["image_digest"]: row for row in samples.to_pylist()}
    for picture in fake.pictures(20):
        row = by_digest[digest_bytes(picture.data)]
        assert row["image"]["bytes"] == picture.data
        assert (row["width_px"], row["height_px"], row["color_mode"]) == (32, 32, "rgb")
        assert row["synthetic"] is False
        box = {"left_px": 1, "top_px": 2, "right_px": 21, "bottom_px": 32}
        assert row["face_box"] == (box if layout == "official" else None)
        assert row["annotation"] == (None if layout == "folders" else "manual")
        if layout == "folders":
            assert row["valence"] is row["arousal"] is row["landmarks_px"] is None
        else:
            np.testing.assert_allclose(row["landmarks_px"], picture.landmarks)
            affect = [row["valence"], row["arousal"]]
            np.testing.assert_allclose(affect, [picture.valence, picture.arousal], rtol=1e-6)


@EVERY_LAYOUT
def test_a_bucket_without_rows_still_has_its_columns(tmp_path, layout):
    fake.LAYOUTS[layout](tmp_path / "AffectNet", fake.pictures(16))
    made = affectnet.DATASET.to_samples(scan(affectnet.DATASET, tmp_path).good.slice(0, 0))
    assert made.good.num_rows == 0
    assert made.good.schema.field("landmarks_px").type == pa.list_(pa.list_(pa.float32(), 2))


@EVERY_LAYOUT
def test_a_picture_that_cannot_be_decoded_is_a_reject_and_costs_no_other(tmp_path, layout):
    pictures = fake.pictures(16)
    fake.LAYOUTS[layout](tmp_path / "AffectNet", pictures)
    spoilt = next(file for file in find(tmp_path) if file.is_picture)
    Path(spoilt.path).write_bytes(b"<html>not found</html>")
    samples, rejects = read(tmp_path)
    assert rejects == [(spoilt.name, "undecodable")]
    assert len(samples) == 15


def test_only_files_that_the_layout_reads_are_listed(tmp_path):
    for layout, write in fake.LAYOUTS.items():
        root = tmp_path / layout / "AffectNet"
        write(root, fake.pictures(16))
        (root / SYNTHETIC_MARK).write_text("drawn")
        fake.write_npy(root / "elsewhere", 1, "exp", 3)
        suffixes = {file.suffix for file in find(tmp_path / layout)}
        more = {"official": {".csv"}, "mini": {".npy"}, "folders": set()}[layout]
        assert suffixes == {".jpg", ".txt", *more}
        assert set(scan(affectnet.DATASET, tmp_path / layout).good["synthetic"].to_pylist()) == {
            True
        }


def test_the_layout_that_says_most_is_read_where_there_are_several(tmp_path):
    first, second, third = (fake.pictures(16, seed) for seed in range(3))
    writers = (fake.write_folders, fake.write_mini, fake.write_official)
    passed_over = (None, "outside_layout", "not_listed")
    for number, (write, shown) in enumerate(zip(writers, (first, second, third), strict=True)):
        write(tmp_path / "AffectNet" / f"{number}", shown)
        samples, rejects = read(tmp_path)
        assert {row["image"]["bytes"] for row in samples.values()} == {one.data for one in shown}
        assert {reason for _, reason in rejects} == {passed_over[number]} - {None}
        assert len(rejects) == 16 * number


def test_pictures_in_no_known_layout_are_refused_with_the_three_that_are_expected(tmp_path):
    folder = tmp_path / "AffectNet"
    folder.mkdir()
    for name in ("1.jpg", "2.png"):
        (folder / name).write_bytes(fake.pictures(1)[0].data)
    with pytest.raises(SourceRefused, match=re.escape(str(folder))) as refusal:
        scan(affectnet.DATASET, tmp_path)
    for word in ("training.csv", "train_set", "Train"):
        assert word in str(refusal.value)


def test_a_copy_without_one_usable_picture_is_refused_with_a_reason(tmp_path):
    folders, mini, official = (tmp_path / name / "AffectNet" for name in "fmo")
    picture = fake.pictures(1)[0].data
    for path in (folders / "Train/1.jpg", mini / "val_set/images/1.jpg", official / "1/2.jpg"):
        path.parent.mkdir(parents=True)
        path.write_bytes(picture)
    (official / "training.csv").write_text(fake.HEADER)
    for root, reason in ((folders, "outside_layout"), (mini, "no_label"), (official, "not_listed")):
        with pytest.raises(SourceRefused, match=reason) as refusal:
            scan(affectnet.DATASET, root.parent)
        assert str(root) in str(refusal.value)
    (official / "1").rename(official / "Automatically_Annotated")
    with pytest.raises(SourceRefused, match=r"Found Automatically_Annotated/2.jpg"):
        scan(affectnet.DATASET, official.parent)


@pytest.mark.parametrize("there", [".", "AffectNet", "AffectNet/Train/anger", "elsewhere"])
def test_a_folder_without_pictures_is_a_missing_source(tmp_path, there):
    (tmp_path / "raw" / there).mkdir(parents=True)
    (tmp_path / "raw" / there / "training.csv").write_text(fake.HEADER)
    with pytest.raises(SourceMissing) as missing:
        affectnet.DATASET.find(tmp_path / "raw")
    for part in (str(tmp_path / "raw" / "AffectNet"), "train_set", "http://mohammadmahoor.com"):
        assert part in str(missing.value)


def test_five_of_a_hundred_training_pictures_are_kept_for_validation_and_none_of_the_test_part():
    file = RawFile("a.jpg", "/a.jpg", 1, 1)
    files = [file._replace(digest=digest_bytes(b"%d" % number)) for number in range(4000)]
    kept = [split_of("train", one) for one in files].count("validation") / 4000
    assert kept == pytest.approx(VALIDATION_SHARE, abs=0.015)
    assert {split_of("test", one) for one in files} == {"test"}


def test_a_box_is_clipped_to_the_picture():
    picture = Measured(32, 24, "rgb", 0, 255, 60.0)
    names = ("left_px", "top_px", "right_px", "bottom_px")
    box = dict(zip(names, (-5, 3, 40, 90), strict=True))
    assert tuple(clipped(box, picture).values()) == (0, 3, 32, 24)
    for outside in ((32, 3, 40, 9), (-9, 3, 0, 9), (3, 24, 9, 30), (3, -9, 9, 0)):
        with pytest.raises(Unusable):
            clipped(dict(zip(names, outside, strict=True)), picture)


def test_place_content_and_every_label_decide_a_sample(tmp_path):
    keys = affectnet.DATASET.keyed_by
    fake.write_official(tmp_path / "one" / "AffectNet", fake.pictures(16))
    fake.write_official(tmp_path / "two" / "AffectNet" / "deeper", fake.pictures(16))
    one, two = (scan(affectnet.DATASET, tmp_path / name).good for name in ("one", "two"))
    assert one["sample_id"] == two["sample_id"]
    assert not set(row_digests(one, keys)) & set(row_digests(two, keys))
    assert {*keys, "sample_id", "file", "annotations"} == set(one.column_names)


def drawn(raw_root, n, seed):
    affectnet.DATASET.draw(raw_root, n, seed)
    return content(raw_root)


@pytest.mark.parametrize("seed", range(3))
def test_drawn_samples_are_marked_read_cleanly_and_have_all_splits_and_emotions(tmp_path, seed):
    drawn(tmp_path, 60, seed)
    samples, rejects = read(tmp_path)
    assert rejects == []
    assert len(samples) == 30
    assert {row["split"] for row in samples.values()} == set(SPLITS)
    assert {row["emotion"] for row in samples.values()} == set(EMOTIONS)
    assert {row["synthetic"] for row in samples.values()} == {True}
    shape = decode(samples["affectnet-train/neutral/image0000000"]["image"]["bytes"]).shape
    assert shape == (96, 96, 3)


def test_the_seed_decides_the_drawn_samples(tmp_path):
    one, again = drawn(tmp_path / "a", 32, seed=5), drawn(tmp_path / "b", 32, seed=5)
    assert one == again
    assert drawn(tmp_path / "c", 32, seed=6) != one
