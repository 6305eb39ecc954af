import re

import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from emotion_pipeline import schema
from emotion_pipeline.datasets import fer2013
from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK, SourceMissing, SourceRefused
from emotion_pipeline.digests import digest_bytes
from emotion_pipeline.imaging.codec import decode_gray
from emotion_pipeline_tests.raw_fakes import fer2013 as fake
from emotion_pipeline_tests.raw_fakes.pictures import paths_found
from emotion_pipeline_tests.shared_data import shared_file

PUBLISHED_NAMES = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"]
SPLIT_OF = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}


def scan(raw_root):
    return fer2013.DATASET.scan(fer2013.DATASET.find(raw_root), None)


@pytest.mark.parametrize("folder", ["fer2013", "FER2013", "Fer2013"])
@pytest.mark.parametrize("name", ["fer2013.csv", "icml_face_data.csv", "FER2013.CSV"])
def test_the_file_is_found_whatever_the_case_of_its_name_and_folder(tmp_path, folder, name):
    path = fake.write(tmp_path, folder=folder, name=name)
    assert paths_found(fer2013.DATASET, tmp_path) == [path]


def test_the_challenge_file_comes_before_the_other_and_a_folder_of_its_name_is_no_file(tmp_path):
    other = fake.write(tmp_path, name="icml_face_data.csv")
    (tmp_path / "fer2013" / "fer2013.csv").mkdir()
    assert paths_found(fer2013.DATASET, tmp_path) == [other]
    (tmp_path / "fer2013" / "fer2013.csv").rmdir()
    challenge = fake.write(tmp_path)
    assert paths_found(fer2013.DATASET, tmp_path) == [challenge]


def test_a_second_folder_is_looked_into_when_the_first_is_empty(tmp_path):
    (tmp_path / "FER2013").mkdir()
    path = fake.write(tmp_path, folder="fer2013")
    assert paths_found(fer2013.DATASET, tmp_path) == [path]


@pytest.mark.parametrize("there", [".", "fer2013", "fer2013/fer2013.csv", "elsewhere"])
def test_a_missing_file_is_answered_with_folder_file_and_source(tmp_path, there):
    raw_root = tmp_path / "raw"
    (raw_root / there).mkdir(parents=True)
    with pytest.raises(SourceMissing) as missing:
        fer2013.DATASET.find(raw_root)
    message = str(missing.value)
    for part in (str(raw_root / "fer2013"), "fer2013.csv", "https://www.kaggle.com/", "sample"):
        assert part in message


def test_a_raw_root_that_does_not_exist_is_a_missing_source_too(tmp_path):
    with pytest.raises(SourceMissing, match=re.escape(str(tmp_path / "nowhere" / "fer2013"))):
        fer2013.DATASET.find(tmp_path / "nowhere")


@pytest.mark.parametrize("style", fake.STYLES.values(), ids=fake.STYLES.keys())
def test_rows_have_the_name_split_emotion_and_pixels_of_their_line(tmp_path, style):
    fake.write(tmp_path, style=style)
    found = scan(tmp_path)
    pictures = fake.pictures()
    assert found.rejects == []
    assert found.good.to_pylist() == [
        {
            "sample_id": f"fer2013-{row:06d}",
            "split": SPLIT_OF[picture.usage],
            "emotion": PUBLISHED_NAMES[picture.code],
            "pixels": picture.pixels.tobytes(),
            "synthetic": False,
        }
        for row, picture in enumerate(pictures)
    ]
    assert set(found.good["emotion"].to_pylist()) == set(fer2013.DATASET.emotions)
    assert set(found.good["split"].to_pylist()) == set(schema.SPLITS)


def test_samples_are_png_of_exactly_these_pixels_with_their_size_and_digest(tmp_path):
    pictures = fake.pictures()
    pictures[4].pixels[:] = 0
    pictures[5].pixels[:] = 255
    fake.write(tmp_path, pictures)
    samples = fer2013.DATASET.to_samples(scan(tmp_path).good).good
    assert set(samples.column_names) == set(schema.SAMPLES.names) - {"input_digest"}
    for row, picture in zip(samples.to_pylist(), pictures, strict=True):
        image = row["image"]
        assert image["path"] == f"{row['sample_id']}.png"
        assert image["bytes"].startswith(b"\x89PNG")
        decoded = decode_gray(image["bytes"])
        np.testing.assert_array_equal(decoded, picture.pixels.reshape(48, 48))
        assert (row["width_px"], row["height_px"]) == (48, 48)
        assert row["image_digest"] == digest_bytes(image["bytes"])
    again = fer2013.DATASET.to_samples(scan(tmp_path).good).good
    assert again.equals(samples)


def test_a_bucket_without_rows_still_has_its_columns(tmp_path):
    fake.write(tmp_path)
    samples = fer2013.DATASET.to_samples(scan(tmp_path).good.slice(0, 0)).good
    assert samples.num_rows == 0
    assert set(samples.column_names) == set(schema.SAMPLES.names) - {"input_digest"}


def test_bad_rows_are_rejects_and_the_others_keep_the_names_of_their_rows(tmp_path):
    lines = [fake.line(picture) for picture in fake.pictures(10)]
    lines[0] = lines[0].replace(b"Training", b"Test")
    lines[6] = b"9" + lines[6][1:]
    fake.write(tmp_path, lines)
    found = scan(tmp_path)
    assert [(reject.row, reject.reason) for reject in found.rejects] == [
        (0, "unknown_usage"),
        (6, "unknown_emotion"),
    ]
    assert found.good["sample_id"].to_pylist() == [
        f"fer2013-{row:06d}" for row in range(10) if row not in (0, 6)
    ]
    pixels = [picture.pixels.tobytes() for picture in fake.pictures(10)]
    assert found.good["pixels"].to_pylist() == [*pixels[1:6], *pixels[7:]]


def test_a_file_that_is_something_else_is_refused(tmp_path):
    (tmp_path / "fer2013").mkdir()
    (tmp_path / "fer2013" / "fer2013.csv").write_text("<html>Please sign in</html>")
    with pytest.raises(SourceRefused, match="expected a header line"):
        scan(tmp_path)


def test_equal_pixels_have_equal_digests_and_one_changed_pixel_another(tmp_path):
    pictures = fake.pictures(4)
    pictures[1].pixels[:] = pictures[0].pixels
    pictures[2].pixels[:] = pictures[0].pixels
    pictures[2].pixels[77] ^= 1
    fake.write(tmp_path, pictures)
    digests = fer2013.DATASET.to_samples(scan(tmp_path).good).good["image_digest"].to_pylist()
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


def drawn(raw_root, n, seed):
    fer2013.DATASET.draw(raw_root, n, seed)
    return (raw_root / "fer2013" / "fer2013.csv").read_bytes()


def test_drawn_samples_scan_cleanly_and_are_marked_synthetic(tmp_path):
    drawn(tmp_path, 40, seed=5)
    files = fer2013.DATASET.find(tmp_path)
    assert [path.name for path in files] == ["fer2013.csv", SYNTHETIC_MARK]
    found = fer2013.DATASET.scan(files, None)
    assert found.rejects == []
    assert found.good["synthetic"].to_pylist() == [True] * 40
    splits = found.good["split"].to_pylist()
    assert splits == ["train"] * 32 + ["validation"] * 4 + ["test"] * 4
    assert len(set(found.good["emotion"].to_pylist())) > 3
    samples = fer2013.DATASET.to_samples(found.good).good
    assert samples["synthetic"].to_pylist() == [True] * 40


def test_the_seed_decides_the_drawn_samples(tmp_path):
    one, again = drawn(tmp_path / "a", 40, seed=5), drawn(tmp_path / "b", 40, seed=5)
    assert one == again
    assert drawn(tmp_path / "c", 40, seed=6) != one


def test_published_counts_add_up_to_the_published_sizes():
    sizes = {split: sum(counts.values()) for split, counts in fer2013.PUBLISHED_COUNTS.items()}
    assert sizes == {"train": 28_709, "validation": 3_589, "test": 3_589}
    assert fer2013.PUBLISHED_COUNTS["train"]["happiness"] == 7_215
    assert fer2013.PUBLISHED_COUNTS["test"]["disgust"] == 55


@pytest.fixture(scope="module")
def real_table():
    return pq.read_table(shared_file("data/fer2013/fer2013.parquet"))


@pytest.fixture(scope="module")
def real_pixels(real_table):
    """The published pictures (35,887, 48, 48)."""
    encoded = real_table["png"].to_pylist()
    return np.stack([cv2.imdecode(np.frombuffer(png, np.uint8), 0) for png in encoded])


@pytest.fixture
def real_root(tmp_path, real_table, real_pixels):
    """A raw folder with the whole `fer2013.csv`, as published."""
    numbers = [f"{value} ".encode().ljust(4, b"\0") for value in range(256)]
    padded = np.frombuffer(b"".join(numbers), np.uint8).reshape(256, 4)
    path = tmp_path / "fer2013" / "fer2013.csv"
    path.parent.mkdir()
    labels = zip(real_table["emotion"].to_pylist(), real_table["usage"].to_pylist(), strict=True)
    with path.open("wb") as file:
        file.write(b"emotion,pixels,Usage\n")
        for (emotion, usage), pixels in zip(labels, real_pixels, strict=True):
            text = padded[pixels.ravel()].tobytes().replace(b"\0", b"")
            file.write(b"%d,%s,%s\n" % (emotion, text[:-1], usage.encode()))
    yield tmp_path
    path.unlink()  # 300 MB


@pytest.mark.slow
@pytest.mark.real_data
def test_every_row_of_the_real_file_is_decoded_exactly(real_root, real_pixels, real_table):
    found = scan(real_root)
    assert found.rejects == []
    assert found.good.num_rows == 35_887
    buffer = found.good["pixels"].combine_chunks().buffers()[1]
    decoded = np.frombuffer(buffer, np.uint8).reshape(-1, 48, 48)
    np.testing.assert_array_equal(decoded, real_pixels)
    names = [PUBLISHED_NAMES[code] for code in real_table["emotion"].to_pylist()]
    assert found.good["emotion"].to_pylist() == names
    for split, counts in fer2013.PUBLISHED_COUNTS.items():
        rows = [row for row, of in enumerate(found.good["split"].to_pylist()) if of == split]
        assert {name: [names[row] for row in rows].count(name) for name in counts} == counts
