"""What is told to be removable, in a lake of one dataset and one recipe with seeds 1 and 2."""

import os
import time

import pytest

from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import housekeeping
from emotion_pipeline.stages.base import Needs, Produced, Stage, Workspace
from emotion_pipeline_tests import s3_server

RECIPE = "ferplus_net"


def stage(key, dimension="", partitions=(), version=lambda *_: "1"):
    return Stage(
        key,
        "",
        "code",
        (Needs("raw/kdef"),),
        lambda *_: Produced("1", ""),
        version,
        dimension,
        partitions,
    )


@pytest.fixture
def workspace(tmp_path):
    return Workspace(Settings(lake=tmp_path / "lake", raw=tmp_path / "lake" / "raw"))


@pytest.fixture(scope="module")
def server():
    with s3_server.running() as address:
        yield address


@pytest.fixture(params=["folder", "store"])
def anywhere(request, workspace):
    """With the lake in its folder, or in an object store."""
    if request.param == "folder":
        return workspace
    store = s3_server.empty_lake(request.getfixturevalue("server"))
    return Workspace(workspace.settings.model_copy(update={"lake_store": store}))


@pytest.fixture
def graph():
    stages = [
        stage("samples/kdef"),
        stage("degraded/kdef", "domain", ("jpeg-1", "jpeg-2")),
        stage(f"models/{RECIPE}", "seed", ("1", "2")),
    ]
    return {one.key: one for one in stages}


def put(workspace, name, age_s=0.0):
    path = workspace.lake.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"1")
    then = time.time() - age_s
    for one in (path, path.parent):
        os.utime(one, (then, then))
    return path


def put_where_it_belongs(workspace, name):
    """In the store, if there is one, but for what only this machine needs."""
    if name.startswith((".scratch", "raw", "model_files")):
        put(workspace, name)
    else:
        with workspace.lake.storage.draft(workspace.lake.root / name) as unfinished:
            unfinished.write_bytes(b"1")


def names(workspace, paths):
    return {path.relative_to(workspace.lake.root).as_posix() for path in paths}


def test_a_lake_that_is_not_there_has_nothing_to_remove(workspace, graph):
    assert housekeeping.stray_files(workspace) == {}
    assert housekeeping.finished_training_scratch(workspace, graph) == {}
    assert housekeeping.orphans(workspace, graph) == {}
    assert housekeeping.forgotten_receipts(workspace, graph) == {}


def test_unfinished_files_are_strays_but_not_those_of_raw_and_model_files(workspace):
    two_days_s = 2 * housekeeping.STRAY_AFTER_S
    old = put(workspace, "degraded/kdef/domain=jpeg-1/.b.parquet.1.unfinished", two_days_s)
    put(workspace, "degraded/kdef/domain=jpeg-1/.c.parquet.1.unfinished")
    put(workspace, "raw/kdef/.a.unfinished", two_days_s)
    put(workspace, "model_files/.a.unfinished", two_days_s)
    assert housekeeping.stray_files(workspace) == {old: 1}


def test_checkpoints_are_removable_once_the_weights_are_there_and_newer(workspace, graph):
    for seed in ("1", "2"):
        put(workspace, f".scratch/training/{RECIPE}/{seed}/whole/last.ckpt", age_s=100)
        os.utime(workspace.lake.scratch / "training" / RECIPE / seed, (0, 0))
    put(workspace, f"models/{RECIPE}/seed=1/weights", age_s=50)
    put(workspace, f"models/{RECIPE}/seed=2/weights", age_s=200)  # it is being trained again
    found = housekeeping.finished_training_scratch(workspace, graph)
    assert names(workspace, found) == {f".scratch/training/{RECIPE}/1"}


def test_checkpoints_stay_where_the_weights_are_not_whole(workspace):
    broken = {f"models/{RECIPE}": stage(f"models/{RECIPE}", "seed", ("1",), lambda *_: None)}
    put(workspace, f".scratch/training/{RECIPE}/1/whole/last.ckpt", age_s=100)
    put(workspace, f"models/{RECIPE}/seed=1/weights", age_s=50)
    assert housekeeping.finished_training_scratch(workspace, broken) == {}


def test_orphans_are_what_the_graph_does_not_know_of_the_kinds_that_it_makes(anywhere, graph):
    orphans = {
        "samples/gone",
        "rejects/gone",
        "quality/gone",
        "models/gone",
        "degraded/kdef/domain=sepia-1",
        f"models/{RECIPE}/seed=3",
        ".scratch/training/gone/1",
        f".scratch/training/{RECIPE}/3",
    }
    known = {
        "samples/kdef",
        "rejects/kdef",
        "quality/kdef/data_docs",
        "degraded/kdef/domain=jpeg-1",
        f"models/{RECIPE}/seed=1",
        f".scratch/training/{RECIPE}/1",
        ".scratch/observed",
        "raw/gone",
        "model_files/gone",
        "notes_of_mine/gone",
    }
    for name in orphans | known:
        put_where_it_belongs(anywhere, f"{name}/file")
    found = housekeeping.orphans(anywhere, graph)
    assert names(anywhere, found) == orphans
    assert set(found.values()) == {1}


def test_receipts_are_forgotten_only_where_neither_graph_nor_lake_knows_what_they_tell_of(
    anywhere, graph
):
    put_where_it_belongs(anywhere, "models/still_here/seed=1/weights")
    forgotten = {".receipts/models/gone/1.json", ".receipts/degraded/kdef/sepia-1.json"}
    kept = {
        ".receipts/models/still_here/1.json",
        ".receipts/samples/kdef/whole.json",  # its files are gone, but it is known
        ".receipts/degraded/kdef/jpeg-1.json",
    }
    for name in forgotten | kept:
        put_where_it_belongs(anywhere, name)
    found = names(anywhere, housekeeping.forgotten_receipts(anywhere, graph))
    assert found == forgotten
