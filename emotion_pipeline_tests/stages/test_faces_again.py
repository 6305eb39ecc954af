"""From detections to landmarks once more: what is computed anew, by whom, and after what end."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.stages import samples
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline_tests.landmarks.shared_detectors import usable_models
from emotion_pipeline_tests.stages.small_faces import (
    DATASETS,
    Made,
    files_of,
    make,
    make_from_samples,
    workspace_in,
)

pytestmark = pytest.mark.model_files

DIES = """
import os, signal, sys
from pathlib import Path
from emotion_pipeline.lake.tables import Table
from emotion_pipeline_tests.stages import small_faces

workspace, dataset = small_faces.workspace_in(Path(sys.argv[1])), small_faces.DATASETS["personal"]
write = Table.write

def dies_at_the_third_bucket(table, bucket, *rest):
    if table.folder.relative_to(workspace.settings.lake).parts[0] == sys.argv[2] and bucket == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    write(table, bucket, *rest)

Table.write = dies_at_the_third_bucket
small_faces.make_from_samples(workspace, dataset)
"""


@pytest.fixture
def copied(drawn_faces, tmp_path):
    """A workspace of its own with the pictures and tables of some datasets."""

    def copy(*names: str) -> Workspace:
        drawn = drawn_faces[0].settings
        for name in names:
            shutil.copytree(drawn.raw_root / name, tmp_path / "raw" / name)
            for folder in drawn.lake.glob(f"*/{name}"):
                shutil.copytree(folder, tmp_path / "lake" / folder.relative_to(drawn.lake))
        return workspace_in(tmp_path)

    return copy


def photos_of(workspace: Workspace) -> list[Path]:
    return sorted((workspace.settings.raw_root / "personal").glob("*/*.jpg"))


def with_a_mark(path: Path) -> np.ndarray:
    """The picture of a file with a white corner."""
    picture = cv2.imread(str(path))
    picture[:4, :4] = 255
    return picture


def names_of(workspace: Workspace, name: str) -> list[str]:
    table = workspace.landmarks(DATASETS[name], ORIGINAL)
    return sorted(table.read_all(["sample_id"])["sample_id"].to_pylist())


@pytest.mark.parametrize("name", DATASETS)
def test_a_second_run_computes_and_writes_nothing(copied, name):
    workspace = copied(name)
    before = files_of(workspace, name)
    again = make(workspace, name)
    assert set(again.rows_computed()) <= {0, None}
    assert [made.figures["buckets_rewritten"] for made in again if made] == [0] * sum(
        map(bool, again)
    )
    assert files_of(workspace, name) == before


def test_a_changed_picture_costs_one_row_of_each_table(copied):
    workspace = copied("personal")
    path = photos_of(workspace)[4]
    cv2.imwrite(str(path), with_a_mark(path))
    again = make(workspace, "personal")
    assert again.detections.figures["rows_computed"] == 1
    assert again.faces.figures["rows_computed"] <= 1  # the face itself may have come out the same
    assert again.landmarks.figures["rows_computed"] <= 1
    assert again.detections.figures["buckets_rewritten"] == 1


def test_an_added_picture_costs_one_row_of_each_table(copied):
    workspace = copied("personal")
    before = names_of(workspace, "personal")
    path = photos_of(workspace)[4]
    cv2.imwrite(str(path.with_stem(f"{path.stem}9")), with_a_mark(path))
    assert make(workspace, "personal").rows_computed() == [1, 1, 1]
    (added,) = set(names_of(workspace, "personal")) - set(before)
    assert path.stem in added


def test_a_removed_picture_costs_no_row_and_is_gone_from_each_table(copied):
    workspace = copied("personal")
    before = names_of(workspace, "personal")
    photos_of(workspace)[4].unlink()
    again = make(workspace, "personal")
    assert again.rows_computed() == [0, 0, 0]
    assert [made.figures["rows"] for made in again] == [len(before) - 1] * 3
    assert len(set(before) - set(names_of(workspace, "personal"))) == 1


def test_a_changed_street_costs_its_own_faces_only(copied):
    workspace = copied("darkface")
    dataset = DATASETS["darkface"]
    found = workspace.detections(dataset).read_all(["sample_id", "n_faces"]).to_pylist()
    number = next(int(row["sample_id"][-5:]) for row in found if row["n_faces"] > 1)
    path = workspace.settings.raw_root / "darkface" / "image" / f"{number}.png"
    cv2.imwrite(str(path), np.flip(cv2.imread(str(path)), axis=1))
    again = make(workspace, "darkface")
    own = [name for name in names_of(workspace, "darkface") if f"-{number:05d}#" in name]
    assert again.detections.figures["rows_computed"] == 1
    assert again.landmarks.figures["rows_computed"] == len(own) > 0


@pytest.mark.parametrize(("engine", "workers"), [("loky", 2), ("threading", 2)])
def test_every_engine_writes_the_same_bytes(drawn_faces, copied, tmp_path, engine, workers):
    copied("personal", "darkface")
    workspace = workspace_in(tmp_path, engine, workers)
    for kind in ("detections", "faces", "landmarks"):
        shutil.rmtree(tmp_path / "lake" / kind)
    for name in ("personal", "darkface"):
        made: Made = make_from_samples(workspace, DATASETS[name])
        assert made.rows_computed() == drawn_faces[1][name].rows_computed()
        assert files_of(workspace, name) == files_of(drawn_faces[0], name)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize("kind", ["detections", "landmarks"])
def test_a_killed_run_goes_on_where_it_was(drawn_faces, tmp_path, kind):
    usable_models()
    drawn = drawn_faces[0].settings
    shutil.copytree(drawn.raw_root / "personal", tmp_path / "raw" / "personal")
    workspace = workspace_in(tmp_path)
    dataset = DATASETS["personal"]
    samples.ingest(workspace, dataset)
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", DIES, str(tmp_path), kind]
    died = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    assert died.returncode == -signal.SIGKILL
    finished = files_of(workspace, "personal")
    assert sum(name.startswith(kind) for name in finished) == 2
    again = make_from_samples(workspace, dataset)
    after = files_of(workspace, "personal")
    assert after == files_of(drawn_faces[0], "personal")
    assert {name: after[name] for name in finished} == finished
    n_computed = getattr(again, kind).figures["rows_computed"]
    assert 0 < n_computed < len(names_of(workspace, "personal"))
    assert kind == "detections" or again.detections.figures["rows_computed"] == 0
