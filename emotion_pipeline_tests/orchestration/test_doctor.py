"""Every check of the doctor, with what it looks at in order and out of order, for real."""

import hashlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.fetching.model_files import YUNET
from emotion_pipeline.orchestration.doctor import CHECKS, diagnose
from emotion_pipeline.orchestration.doctor.machine import gpu, memory_bytes, processor
from emotion_pipeline.orchestration.doctor.packages import mediapipe, opencv, python, requirements
from emotion_pipeline.orchestration.doctor.places import (
    LEAST_FREE_BYTES,
    lake_file_system,
    lake_folder,
    lake_store,
    model_files,
    raw_data,
)
from emotion_pipeline.orchestration.doctor.records import LARGE_BYTES, dagster_records
from emotion_pipeline.orchestration.doctor.servers import engine, postgres
from emotion_pipeline.orchestration.home import open_instance
from emotion_pipeline.orchestration.turns import TAG
from emotion_pipeline.settings import Settings
from emotion_pipeline_tests import s3_server
from emotion_pipeline_tests.orchestration.sensor_state import switch_on


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    for name in [name for name in os.environ if name.startswith("EMOTION_PIPELINE_")]:
        monkeypatch.delenv(name)
    return Settings(lake=tmp_path / "lake", dagster_home=tmp_path / "home")


def with_(settings, **changes):
    return settings.model_copy(update=changes)


def levels(found, check=None):
    return {one.level.value for one in found if check in (None, one.check)}


def alarming(found):
    return [one for one in found if one.level != "ok"]


def test_every_finding_that_is_not_ok_says_what_to_do_and_checks_change_nothing(settings, tmp_path):
    found = list(diagnose(settings))
    assert {one.check for one in found} >= {"python", "requirements", "lake_folder", "disk", "gpu"}
    assert all(one.remedy for one in alarming(found))
    assert not any(one.remedy for one in found if one.level == "ok")
    assert list(tmp_path.iterdir()) == []


def test_a_check_that_breaks_is_a_problem_and_hides_no_other(settings):
    def broken(_):
        raise OSError("the disk is on fire")
        yield

    first, *others = diagnose(settings, (broken, python))
    assert first.level == "problem"
    assert "the disk is on fire" in first.what
    assert [one.check for one in others] == ["python"]


def test_checks_have_names_of_their_own():
    assert len({check.__name__ for check in CHECKS}) == len(CHECKS)


def test_the_present_python_is_fine_and_an_older_one_is_not(settings, monkeypatch):
    assert levels(python(settings)) == {"ok"}
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    assert levels(python(settings)) == {"problem"}


def fake_package(folder, name, version, *, requires=(), files=()):
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {one}" for one in requires]
    (info / "METADATA").write_text("\n".join(lines) + "\n")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def test_packages_that_agree_are_fine_and_others_are_named(settings, tmp_path, monkeypatch):
    assert levels(requirements(settings)) == {"ok"}
    fake_package(tmp_path / "site", "dagster-shared", "0.0.1")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    faults = [one.what for one in requirements(settings) if one.level == "problem"]
    assert faults
    assert all("dagster-shared" in fault and "0.0.1" in fault for fault in faults)


def test_a_second_owner_of_cv2_is_a_problem(settings, tmp_path, monkeypatch):
    assert levels(opencv(settings)) == {"ok"}
    fake_package(tmp_path / "site", "opencv-python", "4.0.0", files=["cv2/__init__.py"])
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    (found,) = opencv(settings)
    assert found.level == "problem"
    assert "opencv-python" in found.what
    assert "opencv-contrib-python-headless" in found.what
    assert "pip uninstall" in found.remedy


def test_a_missing_extra_is_a_warning_that_names_it(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [])
    (found,) = mediapipe(settings)
    assert found.level == "warning"
    assert "emotion-pipeline[landmarks]" in found.remedy


def test_more_workers_than_cores_are_a_warning(settings):
    enough = memory_bytes() >= 4e9
    assert levels(processor(with_(settings, workers=1))) == ({"ok"} if enough else {"warning"})
    assert levels(processor(with_(settings, workers=10_000))) == {"warning"}


def test_a_device_that_is_not_there_is_a_problem(settings):
    import torch

    assert "problem" not in levels(gpu(settings))
    missing = "mps" if torch.cuda.is_available() else "cuda"
    assert "problem" in levels(gpu(with_(settings, device=missing)))


def test_a_lake_that_cannot_be_written_is_a_problem(settings, tmp_path):
    assert levels(lake_folder(settings)) == {"ok"}
    file = tmp_path / "file"
    file.write_text("")
    assert levels(lake_folder(with_(settings, lake=file / "lake"))) == {"problem"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_lake_without_the_right_to_write_is_a_problem(settings, tmp_path):
    settings.lake.mkdir()
    settings.lake.chmod(0o500)
    assert levels(lake_folder(settings)) == {"problem"}


def test_a_store_that_answers_is_fine_and_one_that_does_not_is_a_problem(settings):
    assert levels(lake_store(settings)) == set()
    with s3_server.running() as server:
        there = with_(settings, lake_store=s3_server.empty_lake(server))
        assert levels(lake_store(there)) == {"ok"}
        nowhere = with_(settings, lake_store=s3_server.empty_lake(server, bucket="no-bucket"))
        assert levels(lake_store(nowhere)) == {"problem"}


def test_a_lake_on_a_network_file_system_is_a_warning(settings, tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"disk / ext4 rw 0 0\nserver:/home {tmp_path} nfs4 rw 0 0\n")
    assert levels(lake_file_system(settings, mounts)) == {"warning"}
    mounts.write_text(f"server:/home / nfs4 rw 0 0\ndisk {tmp_path} ext4 rw 0 0\n")
    assert levels(lake_file_system(settings, mounts)) == {"ok"}
    assert list(lake_file_system(settings, tmp_path / "absent")) == []


def test_absent_datasets_are_fine_and_present_ones_are_counted(settings):
    all_datasets()["fer2013"].draw(settings.raw_root, 20, 1)
    found = [one.what for one in raw_data(settings) if one.check == "raw_data"]
    assert any(what.startswith("fer2013 is drawn: 2 files") for what in found)
    assert any(what.startswith("kdef is absent") for what in found)


def test_less_free_disk_than_there_is_raw_data_is_a_warning(settings):
    n_free = shutil.disk_usage(settings.lake.parent).free
    wanted = {"ok"} if n_free >= LEAST_FREE_BYTES else {"warning"}
    assert levels(raw_data(settings), "disk") == wanted
    all_datasets()["fer2013"].draw(settings.raw_root, 20, 1)
    with (settings.raw_root / "fer2013" / "fer2013.csv").open("rb+") as file:
        file.truncate(n_free * 2)  # of a sparse file
    assert levels(raw_data(settings), "disk") == {"warning"}


def test_a_model_file_of_other_bytes_is_a_problem_and_a_missing_one_is_not(settings):
    assert levels(model_files(settings)) == {"ok"}
    file = settings.model_files_root / YUNET.source.file
    file.parent.mkdir(parents=True)
    file.write_bytes(b"something else")
    (found,) = alarming(model_files(settings))
    assert found.level == "problem"
    assert str(file) in found.what
    assert hashlib.sha256(b"something else").hexdigest() in found.what


@pytest.mark.parametrize(
    ("check", "name", "address"),
    [
        (postgres, "postgres_url", "postgresql+psycopg2://me:secret@127.0.0.1:{port}/dagster"),
        (engine, "engine", "dask://127.0.0.1:{port}"),
        (engine, "engine", "ray://127.0.0.1:{port}"),
    ],
)
def test_a_server_that_does_not_answer_is_a_problem(settings, check, name, address):
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        there = with_(settings, **{name: address.format(port=port)})
        assert levels(check(there)) == {"ok"}
    (found,) = check(there)
    assert found.level == "problem"
    assert "secret" not in found.what + found.remedy


def test_without_servers_there_is_nothing_to_reach(settings):
    assert list(postgres(settings)) == []
    assert levels(engine(settings)) == {"ok"}


def test_no_records_are_made_by_looking_for_them(settings):
    assert levels(dagster_records(settings)) == {"ok"}
    assert not settings.dagster_home.exists()


@pytest.fixture
def instance(settings):
    with open_instance(settings) as found:
        yield found


def test_sound_records_are_fine(settings, instance):
    found = list(dagster_records(settings))
    assert levels(found) == {"ok"}
    checks = {"dagster_records", "dagster_schema", "dagster_size", "dagster_runs", "dagster_daemon"}
    assert {one.check for one in found} >= checks


def test_records_that_do_not_open_are_a_problem(settings):
    settings.dagster_home.mkdir()
    (settings.dagster_home / "dagster.yaml").write_text("storage: {nonsense: {}}\n")
    assert levels(diagnose(settings, (dagster_records,))) == {"problem"}


def test_tables_of_another_version_are_a_problem(settings, instance):
    (file,) = Path(settings.dagster_home).rglob("runs.db")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("update alembic_version set version_num = '0'")
    assert levels(dagster_records(settings), "dagster_schema") == {"problem"}


def beat(instance):
    for kind in instance.get_required_daemon_types():
        now = datetime.now(UTC).timestamp()
        instance.add_daemon_heartbeat(DaemonHeartbeat(now, kind, None, None))


def test_runs_that_nobody_runs_are_a_warning(settings, instance):
    job = dg.job(name="empty")(lambda: None)
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert levels(dagster_records(settings), "dagster_runs") == {"warning"}
    beat(instance)
    assert levels(dagster_records(settings), "dagster_runs") == {"ok"}


def test_a_run_whose_process_ended_before_a_restart_is_a_warning(settings, instance):
    beat(instance)
    job = dg.job(name="empty")(lambda: None)
    run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    instance.report_engine_event(f"Started process for run (pid: {os.getpid()}).", run)
    assert levels(dagster_records(settings), "dagster_runs") == {"ok"}
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    instance.report_engine_event(f"Started process for run (pid: {process.pid}).", run)
    assert levels(dagster_records(settings), "dagster_runs") == {"warning"}


def test_a_run_of_a_killed_refresh_is_a_warning(settings, instance):
    beat(instance)
    run = instance.create_run_for_job(
        dg.job(name="empty")(lambda: None), status=dg.DagsterRunStatus.STARTED
    )
    instance.add_run_tags(run.run_id, {TAG: str(settings.lake)})
    assert levels(dagster_records(settings), "dagster_runs") == {"warning"}


def test_a_pool_that_lets_nobody_work_is_a_warning(settings, instance):
    instance.event_log_storage.set_concurrency_slots("training", 1)
    assert levels(dagster_records(settings), "dagster_pools") == {"ok"}
    instance.event_log_storage.set_concurrency_slots("training", 0)
    assert levels(dagster_records(settings), "dagster_pools") == {"warning"}


def test_a_large_folder_is_a_warning(settings, instance):
    with (settings.dagster_home / "large").open("wb") as file:
        file.truncate(LARGE_BYTES + 1)  # sparse
    assert levels(dagster_records(settings), "dagster_size") == {"warning"}


def test_a_sensor_that_waits_for_a_daemon_is_a_warning(settings, instance):
    assert levels(dagster_records(settings), "dagster_daemon") == {"ok"}
    switch_on(instance, "watch_raw_files")
    (found,) = (one for one in dagster_records(settings) if one.check == "dagster_daemon")
    assert found.level == "warning"
    assert "watch_raw_files" in found.what
    beat(instance)
    assert levels(dagster_records(settings), "dagster_daemon") == {"ok"}
