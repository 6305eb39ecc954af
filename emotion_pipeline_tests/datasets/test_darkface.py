import numpy as np
import pytest

from emotion_pipeline import schema
from emotion_pipeline.datasets import darkface, drawn_pictures
from emotion_pipeline.datasets.box_text import EDGES
from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK, SourceMissing, SourceRefused
from emotion_pipeline.digests import row_digests
from emotion_pipeline_tests.raw_fakes import darkface as fake
from emotion_pipeline_tests.raw_fakes.picture_folders import content, found, scan, write_picture

ONE_FACE = "1\n1 2 30 30\n"


def read(raw_root):
    return scan(darkface.DATASET, raw_root)


def samples(raw_root):
    return darkface.to_samples(read(raw_root).good)


def reasons(rows):
    return [(reject.source, reject.reason) for reject in rejects_by_name(rows)]


def rejects_by_name(rows):
    return sorted(rows.rejects, key=lambda reject: reject.source)


def as_boxes(edges):
    return [dict(zip(EDGES, box, strict=True)) for box in edges]


@pytest.mark.parametrize("folder", ["DarkFace", "darkface", "DARKFACE", "Dark_Face", "DARK FACE"])
@pytest.mark.parametrize(
    "names", [("image", "label"), ("Image", "LABEL"), ("train/image", "train/label")]
)
def test_the_folders_are_found_whatever_their_case_and_nesting(tmp_path, folder, names):
    fake.write(tmp_path, folder=folder, names=names)
    rows = read(tmp_path)
    assert rows.good.num_rows == len(fake.BOXES)
    assert rows.rejects == []


@pytest.mark.parametrize("without", ["", "image", "label"])
def test_a_missing_part_is_answered_with_folder_layout_and_source(tmp_path, without):
    folder = fake.write(tmp_path / "elsewhere" if not without else tmp_path)
    if without:
        (folder / without).rename(tmp_path / without)
    with pytest.raises(SourceMissing) as missing:
        darkface.find(tmp_path)
    for part in (str(tmp_path / "DarkFace"), "`image`", "`label`", "https://"):
        assert part in str(missing.value)


def test_rows_pair_a_picture_with_the_boxes_of_the_same_number(tmp_path):
    fake.write(tmp_path)
    rows = read(tmp_path)
    by_id = {row["sample_id"]: row for row in rows.good.to_pylist()}
    assert list(by_id) == sorted(by_id)
    assert rows.rejects == []
    for number, edges in fake.BOXES.items():
        row = by_id[f"darkface-{number:05d}"]
        assert row["source"] == f"image/{number}.png"
        assert row["boxes"] == as_boxes(edges)
        assert row["n_boxes_published"] == len(edges)
        assert (row["emotion"], row["synthetic"]) == (None, False)
        assert row["split"] == darkface.split_of(row["file_digest"].hex())


def test_samples_keep_the_bytes_and_clip_the_boxes(tmp_path):
    folder = fake.write(tmp_path)
    made = samples(tmp_path)
    assert made.rejects == []
    assert set(made.good.schema.names) == set(darkface.SCHEMA.names) - {"input_digest"}
    rows = {row["sample_id"]: row for row in made.good.to_pylist()}
    for number, edges in fake.BOXES.items():
        row = rows[f"darkface-{number:05d}"]
        assert row["image"]["bytes"] == (folder / f"image/{number}.png").read_bytes()
        assert (row["width_px"], row["height_px"]) == fake.SIZE_PX
        assert row["n_boxes_published"] == len(edges)
    assert rows["darkface-00002"]["boxes"] == []
    assert rows["darkface-00010"]["boxes"] == as_boxes(fake.BOXES[10])
    assert rows["darkface-00011"]["boxes"] == as_boxes([(40, 20, 54, 36), (0, 3, 9, 9)])
    assert rows["darkface-00300"]["boxes"] == as_boxes([(1, 1, 2, 2)])


def test_no_rows_still_have_their_columns(tmp_path):
    fake.write(tmp_path)
    made = darkface.to_samples(read(tmp_path).good.slice(0, 0))
    assert made.good.num_rows == 0
    assert set(made.good.schema.names) == set(darkface.SCHEMA.names) - {"input_digest"}


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("2\n1 2 30 30\n", "box_count"),
        ("", "bad_label"),
        ("0 0.5 0.5 0.1 0.1\n", "bad_label"),
        ("1\n1 2 30 30\n" + "\n" * (1 << 20), "too_large"),
    ],
)
def test_a_label_that_cannot_be_used_costs_its_picture_and_no_other(tmp_path, label, reason):
    fake.write(tmp_path, {1: ONE_FACE, 2: label})
    rows = read(tmp_path)
    assert reasons(rows) == [("label/2.txt", reason)]
    assert rows.good["sample_id"].to_pylist() == ["darkface-00001"]


def test_a_label_that_is_gone_when_it_is_read_is_a_reject(tmp_path):
    folder = fake.write(tmp_path)
    files = found(darkface.DATASET, tmp_path)
    (folder / "label/10.txt").unlink()
    rows = darkface.scan(files)
    assert reasons(rows) == [("label/10.txt", "unreadable")]
    assert rows.good.num_rows == len(fake.BOXES) - 1


def test_what_has_no_partner_is_a_reject_and_only_unlabelled_pictures_are_expected(tmp_path):
    folder = fake.write(tmp_path)
    (folder / "label/1.txt").unlink()
    (folder / "image/2.png").unlink()
    rows = read(tmp_path)
    assert reasons(rows) == [("image/1.png", "no_label"), ("label/2.txt", "picture_missing")]
    assert "1.txt" in rejects_by_name(rows)[0].detail
    assert "2.png" in rejects_by_name(rows)[1].detail
    assert darkface.DATASET.expected_rejects == {"no_label"}


def test_unlabelled_pictures_of_another_part_do_not_borrow_labels(tmp_path):
    folder = fake.write(tmp_path, names=("train/image", "train/label"))
    write_picture(folder / "test/image/1.png", 99)
    rows = read(tmp_path)
    assert reasons(rows) == [("test/image/1.png", "no_label")]
    assert "train/image/1.png" in rows.good["source"].to_pylist()


@pytest.mark.parametrize("name", ["a", "1a", "-1", "1.5", "٣", "1 (2)", "123456", "1\n"])
def test_a_name_that_is_no_plain_number_is_a_reject(tmp_path, name):
    folder = fake.write(tmp_path)
    write_picture(folder / "image" / f"{name}.png")
    (folder / "label" / f"{name}.txt").write_text(ONE_FACE)
    rows = read(tmp_path)
    assert [reason for _, reason in reasons(rows)] == ["unknown_name"] * 2
    assert rows.good.num_rows == len(fake.BOXES)


@pytest.mark.parametrize("second", ["image/00001.png", "image/1.jpg", "label/001.txt"])
def test_a_number_that_comes_twice_is_a_reject_that_names_the_other(tmp_path, second):
    folder = fake.write(tmp_path)
    write_picture(folder / second) if "image" in second else (folder / second).write_text("0\n")
    rows = read(tmp_path)
    assert [reason for _, reason in reasons(rows)] == ["same_name_twice"]
    names = {rows.rejects[0].source, rows.rejects[0].detail.split()[0]}
    assert names == {second, "image/1.png" if "image" in second else "label/1.txt"}
    assert rows.good.num_rows == len(fake.BOXES)


def test_the_same_number_in_two_labelled_parts_is_kept_once(tmp_path):
    fake.write(tmp_path, names=("a/image", "a/label"))
    fake.write(tmp_path, {1: ONE_FACE}, names=("b/image", "b/label"))
    rows = read(tmp_path)
    assert reasons(rows) == [("b/image/1.png", "same_name_twice")]
    assert rows.good.num_rows == len(fake.BOXES)


@pytest.mark.parametrize("suffix", [".xml", ".json"])
def test_labels_that_another_tool_has_turned_into_its_own_are_rejects(tmp_path, suffix):
    folder = fake.write(tmp_path)
    label = folder / "label/1.txt"
    label.rename(label.with_suffix(suffix))
    rows = read(tmp_path)
    assert reasons(rows) == [(f"label/1{suffix}", "bad_label")]
    assert "expected a .txt file" in rows.rejects[0].detail
    assert rows.good.num_rows == len(fake.BOXES) - 1


def test_a_published_label_comes_before_what_another_tool_made_of_it(tmp_path):
    folder = fake.write(tmp_path)
    (folder / "label/1.json").write_text("{}")
    rows = read(tmp_path)
    assert reasons(rows) == [("label/1.json", "same_name_twice")]
    assert rows.good.num_rows == len(fake.BOXES)


def test_a_folder_without_any_usable_label_is_refused_with_what_was_expected(tmp_path):
    folder = fake.write(tmp_path, {1: "0 0.5 0.5 0.1 0.1\n", 2: "0 0.3 0.5 0.1 0.1\n"})
    write_picture(folder / "image/3.png")
    with pytest.raises(SourceRefused, match=r"x1 y1 x2 y2.*label/1\.txt: bad_label") as refusal:
        read(tmp_path)
    assert str(folder) in str(refusal.value)


def test_a_dark_picture_is_kept_and_a_black_one_is_not(tmp_path):
    folder = fake.write(tmp_path, dict.fromkeys((1, 2, 3), ONE_FACE))
    dark = np.random.default_rng(0).integers(0, 6, (36, 54), dtype=np.uint8)
    drawn_pictures.write(folder / "image/1.png", dark)
    drawn_pictures.write(folder / "image/2.png", np.zeros_like(dark))
    (folder / "image/3.png").write_bytes(b"\x89PNG")
    made = samples(tmp_path)
    assert made.good["sample_id"].to_pylist() == ["darkface-00001"]
    assert reasons(made) == [("image/2.png", "blank"), ("image/3.png", "undecodable")]


def test_the_split_belongs_to_the_content_and_not_to_the_number(tmp_path):
    folder = fake.write(tmp_path, dict.fromkeys(range(1, 41), ONE_FACE))
    for number in range(1, 21):
        write_picture(folder / f"image/{number + 20}.png", number, fake.SIZE_PX)
    splits = read(tmp_path).good["split"].to_pylist()
    assert splits[:20] == splits[20:]
    assert len(set(splits)) > 1


def test_shares_of_the_splits_are_80_10_and_10_percent():
    splits = [darkface.split_of(f"{number:032x}") for number in range(5000)]
    shares = [splits.count(split) / 5000 for split in schema.SPLITS]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)


def test_a_changed_label_makes_another_row_and_so_does_another_place(tmp_path):
    def keys(raw_root):
        rows = read(raw_root).good
        return row_digests(rows, darkface.DATASET.keyed_by)

    fake.write(tmp_path / "a", {1: ONE_FACE, 2: ONE_FACE})
    fake.write(tmp_path / "b", {1: ONE_FACE, 2: "1\n1 2 30 31\n"})
    fake.write(tmp_path / "c", {1: ONE_FACE, 2: ONE_FACE}, names=("x/image", "x/label"))
    one, changed, moved = (keys(tmp_path / name) for name in "abc")
    assert not set(one) & set(moved)
    assert [mine == other for mine, other in zip(one, changed, strict=True)] == [True, False]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    raw_root = tmp_path_factory.mktemp("drawn")
    darkface.DATASET.draw(raw_root, 60, 5)
    return raw_root


def test_drawn_streets_are_read_without_rejects_and_are_marked_synthetic(drawn):
    assert (drawn / "darkface" / SYNTHETIC_MARK).is_file()
    rows, made = read(drawn), samples(drawn)
    assert rows.rejects == made.rejects == []
    assert made.good.num_rows >= darkface.MIN_DRAWN
    assert set(made.good["synthetic"].to_pylist()) == {True}
    assert set(made.good["split"].to_pylist()) == set(schema.SPLITS)
    sizes_px = {(row["width_px"], row["height_px"]) for row in made.good.to_pylist()}
    assert sizes_px == {darkface.DATASET.size_px}
    boxes = made.good["boxes"].to_pylist()
    assert [len(one) for one in boxes] == made.good["n_boxes_published"].to_pylist()
    assert [len(one) for one in boxes].count(0) == 1
    assert min(made.good["pixel_sd"].to_pylist()) > 2


def test_drawn_streets_are_dark_and_their_boxes_hold_faces(drawn):
    rows = samples(drawn).good.to_pylist()
    sides = [box["right_px"] - box["left_px"] for row in rows for box in row["boxes"]]
    assert 20 <= min(sides) <= max(sides) <= 110
    assert max(row["pixel_max"] for row in rows) < 128


def test_the_seed_decides_the_drawn_streets(drawn, tmp_path):
    for folder, seed in (("again", 5), ("other", 6)):
        darkface.DATASET.draw(tmp_path / folder, 60, seed)
    assert content(tmp_path / "again") == content(drawn)
    assert content(tmp_path / "other") != content(drawn)
