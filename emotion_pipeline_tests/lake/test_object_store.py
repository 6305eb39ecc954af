"""A lake in an object store is as a lake in folders is; one body of tests for both."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from joblib.externals.loky import get_reusable_executor
from pydantic import ValidationError

from emotion_pipeline import schema
from emotion_pipeline.lake import Lake
from emotion_pipeline.lake.compute import Engine, RowMap, run
from emotion_pipeline.lake.receipts import Receipt
from emotion_pipeline.lake.tables import DamagedTable, bucket_of
from emotion_pipeline.settings import Settings
from emotion_pipeline_tests import s3_server
from emotion_pipeline_tests.lake.tables_made_up import (
    ALONE,
    FACES,
    N_BUCKETS,
    names_in,
    pictures,
    upside_down,
    write,
)
from emotion_pipeline_tests.lake.test_artifacts import filled, texts
from emotion_pipeline_tests.lake.test_compute import Recorder

RECEIPT = Receipt("version", "code", {"faces/fer2013": "a"})


@pytest.fixture(scope="module")
def server():
    with s3_server.running() as address:
        yield address


@pytest.fixture(params=["folders", "store"])
def lake(request, tmp_path):
    if request.param == "folders":
        return Lake(tmp_path / "lake")
    return Lake(tmp_path / "lake", s3_server.empty_lake(request.getfixturevalue("server")))


@pytest.fixture
def in_store(server, tmp_path):
    return Lake(tmp_path / "lake", s3_server.empty_lake(server))


def elsewhere(lake: Lake, tmp_path: Path) -> Lake:
    """The same lake as another machine sees it."""
    return Lake(tmp_path / "another machine", lake.store)


def derivation(lake: Lake, faces=FACES, function=upside_down) -> RowMap:
    """`upside_down` of these faces; the faces are written anew."""
    source = write(lake.table("faces/toy", schema.PICTURES, N_BUCKETS), pictures(faces))
    target = lake.table("degraded/toy", schema.PICTURES, N_BUCKETS, domain="jpeg-1")
    return RowMap(source, target, function, "v1", keyed_by=("image_digest",))


def again(lake: Lake, faces=FACES) -> tuple[list[int], list[str]]:
    """Derive once more: the buckets that were written, and the names that were computed."""
    calls = Recorder()
    return run(derivation(lake, faces, calls), ALONE).rewritten_buckets, sorted(calls.seen)


def overwrite(lake: Lake, path: Path, data: bytes) -> None:
    with lake.storage.draft(path) as draft:
        draft.write_bytes(data)


def test_rows_come_back_as_they_were_written(lake):
    table = derivation(lake).source
    assert table.read_all(["sample_id"])["sample_id"].to_pylist() == [
        name for bucket in range(N_BUCKETS) for name in names_in(bucket)
    ]
    assert table.stored_schema().names == schema.PICTURES.names
    assert table.provenance(0).made_from("inputs", "code")


def test_a_table_that_was_never_written_has_no_version(lake):
    table = lake.table("faces/toy", schema.PICTURES, N_BUCKETS)
    assert table.provenance(0) is None
    assert table.version() is None
    with pytest.raises(DamagedTable, match=r"toy/bucket-000-of-004\.parquet is not there"):
        table.read(0)


def test_the_same_rows_are_the_same_version_in_both(in_store, tmp_path):
    there, here = derivation(in_store), derivation(Lake(tmp_path / "folders"))
    run(there, ALONE)
    run(here, ALONE)
    assert there.target.version() == here.target.version() is not None


def test_a_second_run_writes_nothing(lake):
    assert again(lake) == (list(range(N_BUCKETS)), sorted(FACES))
    assert again(lake) == ([], [])


def test_a_changed_row_costs_one_row_and_one_bucket(lake):
    again(lake)
    changed = {**FACES, "face-07": 1007}
    assert again(lake, changed) == ([bucket_of("face-07", N_BUCKETS)], ["face-07"])


@pytest.mark.parametrize("data", [b"", b"PAR1", "half"])
def test_a_damaged_bucket_is_made_again(lake, data):
    again(lake)
    path = derivation(lake).target.path(2)
    whole = lake.storage.read(path)
    overwrite(lake, path, whole[: len(whole) // 2] if data == "half" else data)
    assert derivation(lake).target.version() is None
    assert again(lake) == ([2], names_in(2))


def test_files_that_are_not_of_the_table_are_removed(lake):
    again(lake)
    target = derivation(lake).target
    overwrite(lake, target.folder / "bucket-000-of-999.parquet", b"old")
    (target.folder / ".bucket-000-of-004.parquet.there-7.unfinished").write_bytes(b"half")
    version = target.version()
    assert again(lake) == ([], [])
    assert len(lake.storage.sizes(target.folder)) == N_BUCKETS
    assert not list(target.folder.glob(".*"))
    assert target.version() == version


def test_an_error_leaves_the_old_bucket(lake):
    again(lake)
    version = derivation(lake).target.version()
    name = names_in(1)[0]
    with pytest.raises(RuntimeError, match="cannot turn"):
        run(derivation(lake, {**FACES, name: 5000}, Recorder(fails_at=name)), ALONE)
    assert derivation(lake).target.version() == version


def test_workers_of_other_processes_write_the_same(lake):
    get_reusable_executor().shutdown()  # idle workers know the server of an earlier test
    run(derivation(lake), Engine("loky", 2))
    assert again(lake) == ([], [])


def test_an_artifact_is_replaced_as_a_whole(lake):
    artifact = filled(lake.artifact("models/x", seed=1), weights="1 2 3", curves="down")
    first = artifact.version()
    filled(artifact, weights="4 5 6")
    assert artifact.version() not in (None, first)
    assert texts(artifact) == {"weights": "4 5 6"}
    assert set(lake.storage.sizes(artifact.folder)) == {"weights.txt", "provenance.json"}


def test_an_artifact_with_a_file_of_another_size_is_no_artifact(lake):
    artifact = filled(lake.artifact("models/x"), weights="1 2 3")
    overwrite(lake, artifact.folder / "weights.txt", b"1 2")
    assert artifact.version() is None


def test_receipts_come_back_and_are_known(lake):
    lake.receipts.write("degraded/toy", "jpeg-1", RECEIPT)
    lake.receipts.write("degraded", None, RECEIPT)
    assert lake.receipts.read("degraded/toy", "jpeg-1") == RECEIPT
    assert lake.receipts.read("degraded/toy", "jpeg-2") is None
    assert lake.receipts.known("degraded/toy", ["jpeg-2", "jpeg-1"]) == ["jpeg-1"]
    assert lake.receipts.known("degraded", [None]) == [None]
    assert lake.receipts.known("faces", [None]) == []


def test_another_machine_sees_the_same_lake(in_store, tmp_path):
    again(in_store)
    artifact = filled(in_store.artifact("models/x"), weights="1 2 3", empty="")
    other = elsewhere(in_store, tmp_path)
    assert other.address == in_store.address
    assert again(other) == ([], [])
    assert other.artifact("models/x").version() == artifact.version()
    assert texts(other.artifact("models/x")) == {"weights": "1 2 3", "empty": ""}


def test_an_artifact_is_brought_again_when_it_was_replaced_or_its_copy_is_not_whole(
    in_store, tmp_path
):
    artifact = filled(in_store.artifact("models/x"), weights="1 2 3")
    copy = elsewhere(in_store, tmp_path).artifact("models/x")
    assert texts(copy) == {"weights": "1 2 3"}
    filled(artifact, weights="4 5 6")
    assert texts(copy) == {"weights": "4 5 6"}
    (copy.place / "weights.txt").unlink()
    assert texts(copy) == {"weights": "4 5 6"}


def test_an_artifact_that_was_not_shared_to_the_end_is_none(in_store, monkeypatch):
    artifact = filled(in_store.artifact("models/x"), weights="1 2 3")
    with monkeypatch.context() as patch:
        patch.setattr(type(in_store.storage), "_put", die)
        with pytest.raises(KeyboardInterrupt):
            filled(artifact, weights="4 5 6")
    assert artifact.version() is None
    assert texts(filled(artifact, weights="4 5 6")) == {"weights": "4 5 6"}


def die(*_):
    raise KeyboardInterrupt


def test_objects_are_plain_parquet(in_store):
    from pyarrow import fs

    table = derivation(in_store).source
    files, prefix = fs.FileSystem.from_uri(in_store.store)
    assert pq.read_table(f"{prefix}/faces/toy", filesystem=files).num_rows == len(FACES)
    assert in_store.storage.address(table.path(0)) == (
        f"s3://{prefix}/faces/toy/bucket-000-of-004.parquet"
    )


@pytest.mark.parametrize("of", ["server", "bucket"])
def test_a_store_that_fails_is_not_taken_for_an_empty_one(server, tmp_path, of):
    url = (
        s3_server.empty_lake("127.0.0.1:1")
        if of == "server"
        else s3_server.empty_lake(server, "no-such-bucket")
    )
    with pytest.raises(Exception, match="EMOTION_PIPELINE_LAKE_STORE") as caught:
        derivation(Lake(tmp_path, url))
    assert not isinstance(caught.value, OSError)


@pytest.mark.parametrize(
    "store",
    ["s3://", "s3:/bucket", "gs://bucket/lake", "/folder", "s3://key:secret@bucket/lake"],
)
def test_what_is_no_address_of_a_store_is_refused(monkeypatch, store):
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE_STORE", store)
    with pytest.raises(ValidationError, match="should be 's3://bucket/prefix'"):
        Settings()


@pytest.mark.parametrize("store", ["s3://bucket", "s3://my.bucket/some/lake?scheme=http"])
def test_the_address_of_a_store_is_taken_as_it_is(monkeypatch, store):
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE_STORE", store)
    assert Settings().lake_store == store


def test_a_store_in_place_of_the_folder_is_told_its_own_variable(monkeypatch):
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE", "s3://bucket/lake")
    with pytest.raises(ValidationError, match="EMOTION_PIPELINE_LAKE_STORE"):
        Settings()


DIES = """
import os, signal, sys
from pathlib import Path
from emotion_pipeline.lake import Lake
from emotion_pipeline.lake.compute import run
from emotion_pipeline.lake.object_store import ObjectStore
from emotion_pipeline_tests.lake.tables_made_up import *
from emotion_pipeline_tests.lake.test_object_store import derivation

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def dies_in_the_third_bucket(rows):
    if names_in(2)[0] in rows["sample_id"].to_pylist():
        if sys.argv[3] == "computing":
            die()
        ObjectStore._put = die
    return upside_down(rows)

run(derivation(Lake(Path(sys.argv[1]), sys.argv[2]), FACES, dies_in_the_third_bucket), ALONE)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX")
@pytest.mark.parametrize("moment", ["computing", "putting"])
def test_a_killed_run_loses_one_bucket_and_the_next_run_finishes(in_store, moment):
    command = [sys.executable, "-c", DIES, str(in_store.root), in_store.store, moment]
    root = Path(__file__).resolve().parents[2]
    died = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)})
    assert died.returncode == -signal.SIGKILL
    assert again(in_store) == ([2, 3], sorted(names_in(2) + names_in(3)))
    assert not list(in_store.folder("degraded/toy", domain="jpeg-1").iterdir())
