from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from emotion_pipeline.datasets import picture_files
from emotion_pipeline.datasets.base import Dataset, Reject, Rows
from emotion_pipeline.datasets.drawn_pictures import write
from emotion_pipeline.datasets.raw_files import (
    RawFile,
    SourceMissing,
    SourceRefused,
    listed,
    missing,
)
from emotion_pipeline.digests import digest_bytes
from emotion_pipeline.schema import SAMPLES
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.samples import ingest

N_FILES = 12
COLUMNS = {
    "sample_id": pa.string(),
    "split": pa.string(),
    "emotion": pa.string(),
    "synthetic": pa.bool_(),
}


def find(raw_root: Path) -> list[RawFile]:
    files = listed(raw_root / "small", ".png")
    if not files:
        raise missing("Small", raw_root / "small", "pictures", "https://example.org")
    return files


def scan(files: list[RawFile], _: object) -> Rows:
    """Files named after their emotion; any other is a reject."""
    known = [file for file in files if file.name.startswith("anger")]
    labels = [
        {
            "sample_id": file.name.removesuffix(".png"),
            "split": "train",
            "emotion": "anger",
            "synthetic": False,
        }
        for file in known
    ]
    found = picture_files.raw_rows(known, labels, COLUMNS)
    odd = [Reject(file.name, None, "unknown_name", "") for file in files if file not in known]
    return Rows(found.good, [*found.rejects, *odd])


def to_samples(rows: pa.Table) -> Rows:
    return picture_files.to_samples(rows, SAMPLES)


SMALL = Dataset(
    name="small",
    title="Small",
    homepage="https://example.org",
    licence="none",
    expects="pictures",
    n_buckets=4,
    find=find,
    scan=scan,
    to_samples=to_samples,
    keyed_by=("file_digest", "split", "emotion", "synthetic"),
    schema=SAMPLES,
    emotions=("anger",),
)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (8, 9), dtype=np.uint8)


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    # The fingerprint of the reader is that of a dataset's module; this one stands for it here.
    monkeypatch.setattr(Dataset, "module", "emotion_pipeline.datasets.picture_files")
    return Workspace(Settings(lake=tmp_path / "lake", raw=tmp_path / "raw", workers=2))


@pytest.fixture
def paths(workspace):
    """Twelve pictures, of which one cannot be decoded, one is blank, and one has another name."""
    folder = workspace.settings.raw_root / "small"
    paths = [folder / f"anger-{number:02d}.png" for number in range(N_FILES)]
    for number, path in enumerate(paths):
        write(path, noise(number))
    paths[3].write_bytes(b"not a picture")
    write(paths[5], np.zeros((8, 9), np.uint8))
    write(folder / "joy.png", noise(99))
    return paths


BAD = {
    "anger-03.png": "undecodable",
    "anger-05.png": "blank",
    "joy.png": "unknown_name",
}


def rejected(workspace: Workspace) -> dict[str, str]:
    rows = workspace.rejects(SMALL).read(0).to_pylist()
    assert len({row["source"] for row in rows}) == len(rows)
    return {row["source"]: row["reason"] for row in rows}


def held(workspace: Workspace) -> dict[str, bytes]:
    """The bytes of every sample, whose digests have to be theirs, by the name of its file."""
    rows = workspace.samples(SMALL).read_all().to_pylist()
    for row in rows:
        assert row["image_digest"] == digest_bytes(row["image"]["bytes"])
    return {row["image"]["path"]: row["image"]["bytes"] for row in rows}


def usable(paths: list[Path]) -> dict[str, bytes]:
    """What the lake has to hold for the files that are there now."""
    there = [path for path in paths if path.exists() and path.name not in BAD]
    return {path.name: path.read_bytes() for path in there}


def test_every_file_is_a_sample_or_a_reject_with_its_reason(workspace, paths):
    made = ingest(workspace, SMALL)
    assert rejected(workspace) == BAD
    assert held(workspace) == usable(paths)
    expected = {
        "rows": N_FILES - 2,
        "rejects": 3,
        **{f"rejects_{reason}": 1 for reason in BAD.values()},
        "buckets_rewritten": 4,
    }
    assert expected.items() <= made.figures.items()
    assert made.preview["rejects"].num_rows == 3


def test_a_second_ingest_computes_nothing_and_has_the_same_rejects(workspace, paths):
    first = ingest(workspace, SMALL)
    bucket_files = sorted(workspace.samples(SMALL).folder.iterdir())
    times = [path.stat().st_mtime_ns for path in bucket_files]
    again = ingest(workspace, SMALL)
    assert again.version == first.version
    assert rejected(workspace) == BAD
    assert again.figures["buckets_rewritten"] == again.figures["rows_computed"] == 0
    assert again.figures["rows"] == first.figures["rows"]
    assert [path.stat().st_mtime_ns for path in bucket_files] == times


def test_only_rows_without_a_sample_are_read_again(workspace, paths):
    ingest(workspace, SMALL)
    seen: list[str] = []

    def noted(rows: pa.Table) -> Rows:
        seen.extend(rows["source"].to_pylist())
        return to_samples(rows)

    ingest(workspace, replace(SMALL, to_samples=noted))
    assert sorted(seen) == ["anger-03.png", "anger-05.png"]


def test_a_bad_file_that_comes_is_one_reject_more_and_mended_one_less(workspace, paths):
    before = ingest(workspace, SMALL)
    good = paths[7].read_bytes()
    paths[7].write_bytes(good[:40])
    ingest(workspace, SMALL)
    assert rejected(workspace) == {**BAD, "anger-07.png": "undecodable"}
    assert "anger-07.png" not in held(workspace)
    paths[7].write_bytes(good)
    mended = ingest(workspace, SMALL)
    assert mended.version == before.version
    assert mended.figures["rows_computed"] == 1
    write(paths[3], noise(3))
    ingest(workspace, SMALL)
    assert rejected(workspace) == {name: why for name, why in BAD.items() if name != "anger-03.png"}
    assert held(workspace)["anger-03.png"] == paths[3].read_bytes()


def test_files_that_are_deleted_are_gone_from_samples_and_rejects(workspace, paths):
    ingest(workspace, SMALL)
    for path in (paths[3], paths[4]):
        path.unlink()
    ingest(workspace, SMALL)
    assert rejected(workspace) == {name: why for name, why in BAD.items() if name != "anger-03.png"}
    assert held(workspace) == usable(paths)


def disturbed(change) -> Dataset:
    """The dataset, but something happens to its files before the first of them is read."""

    def scan_then_change(files: list[RawFile], pictures: object) -> Rows:
        found = scan(files, pictures)
        change()
        return found

    return replace(SMALL, scan=scan_then_change)


def test_files_deleted_while_they_are_ingested_are_rejects_and_the_next_ingest_is_right(
    workspace, paths
):
    gone = paths[::2]
    ingest(workspace, disturbed(lambda: [path.unlink() for path in gone]))
    expected = dict.fromkeys((path.name for path in gone), "unreadable")
    assert rejected(workspace) == {**BAD, **expected}
    assert held(workspace) == usable(paths)
    ingest(workspace, SMALL)
    assert rejected(workspace) == BAD
    assert held(workspace) == usable(paths)


def test_files_changed_while_they_are_ingested_are_rejects_and_the_next_ingest_is_right(
    workspace, paths
):
    ingest(workspace, disturbed(lambda: write(paths[0], noise(50))))
    assert rejected(workspace) == {**BAD, "anger-00.png": "changed_while_read"}
    assert "anger-00.png" not in held(workspace)
    ingest(workspace, SMALL)
    assert rejected(workspace) == BAD
    assert held(workspace) == usable(paths)


def test_a_drive_that_was_away_for_a_moment_costs_no_samples(workspace, paths):
    folder = paths[0].parent
    away = folder.with_name("away")
    lost = ingest(workspace, disturbed(lambda: folder.rename(away)))
    assert lost.figures["rows"] == 0
    assert rejected(workspace)["anger-00.png"] == "unreadable"
    away.rename(folder)
    found = ingest(workspace, SMALL)
    assert rejected(workspace) == BAD
    assert held(workspace) == usable(paths)
    assert found.figures["rows"] == N_FILES - 2
    again = ingest(workspace, SMALL)
    assert again.version == found.version
    assert again.figures["buckets_rewritten"] == 0


def test_what_comes_back_late_is_what_would_have_been_made_at_once(workspace, paths, tmp_path):
    folder = paths[0].parent
    away = folder.with_name("away")
    ingest(workspace, disturbed(lambda: folder.rename(away)))
    away.rename(folder)
    late = ingest(workspace, SMALL)
    elsewhere = Workspace(Settings(lake=tmp_path / "other", raw=tmp_path / "raw", workers=2))
    assert ingest(elsewhere, SMALL).version == late.version


def test_an_absent_dataset_leaves_the_lake_as_it_was(workspace, paths):
    ingest(workspace, SMALL)
    before = held(workspace)
    paths[0].parent.rename(paths[0].parent.with_name("renamed"))
    with pytest.raises(SourceMissing, match="there is no such folder"):
        ingest(workspace, SMALL)
    assert held(workspace) == before


def test_links_are_rejects_and_what_they_lead_to_is_not_taken_in(workspace, paths, tmp_path):
    private = tmp_path / "private.png"
    write(private, noise(1))
    for place, target in ((paths[1], private), (paths[2], "/dev/zero"), (paths[4], "nowhere")):
        place.unlink()
        place.symlink_to(target)
    ingest(workspace, SMALL)
    links = {path.name: "link" for path in (paths[1], paths[2], paths[4])}
    assert rejected(workspace) == BAD | links
    assert private.read_bytes() not in held(workspace).values()


def test_a_folder_of_nothing_but_links_is_refused(workspace, tmp_path):
    folder = workspace.settings.raw_root / "small"
    folder.mkdir(parents=True)
    (folder / "anger-00.png").symlink_to(tmp_path)
    with pytest.raises(SourceRefused, match="every file is a link"):
        ingest(workspace, SMALL)
