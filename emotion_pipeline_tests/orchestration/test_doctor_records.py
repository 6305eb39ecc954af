"""What the doctor sees in Dagster's records, in order and out of order, for real."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat

from emotion_pipeline.orchestration.doctor import diagnose
from emotion_pipeline.orchestration.doctor.records import LARGE_BYTES, dagster_records
from emotion_pipeline.orchestration.home import open_instance
from emotion_pipeline.orchestration.turns import TAG
from emotion_pipeline_tests.orchestration.doctor_findings import levels
from emotion_pipeline_tests.orchestration.sensor_state import switch_on


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
