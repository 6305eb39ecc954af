import os
import signal
from functools import partial

import dagster as dg
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.events import RunFailureReason
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.scheduler.instigation import TickStatus

from emotion_pipeline.orchestration.home import OURS, open_instance, prepare, serve
from emotion_pipeline.settings import Settings


def test_runs_are_kept_in_a_folder_of_the_project_by_default(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    with open_instance(Settings(dagster_home=tmp_path / "home")) as instance:
        assert instance.root_directory == str(tmp_path / "home")
        event = dg.AssetObservation("raw", tags={"dagster/data_version": "1"})
        instance.report_runless_asset_event(event)
    assert any((tmp_path / "home").rglob("*.db"))


def test_a_postgres_url_is_read_from_the_environment_and_not_written_down(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    address = "postgresql+psycopg2://somebody:secret@127.0.0.1/dagster"
    home = prepare(Settings(dagster_home=tmp_path, postgres_url=address))
    text = (home / "dagster.yaml").read_text()
    assert "secret" not in text
    url = yaml.safe_load(text)["storage"]["postgres"]["postgres_url"]
    assert url == {"env": "EMOTION_PIPELINE_POSTGRES_URL"}


def test_what_is_up_to_date_is_not_written_again_and_changes_are_whole(tmp_path, monkeypatch):
    """Others may be reading the file at that moment, so it is replaced, never cut and filled."""
    monkeypatch.setenv("DAGSTER_HOME", "")
    file = prepare(Settings(dagster_home=tmp_path)) / "dagster.yaml"
    with file.open() as being_read:
        before = file.stat()
        prepare(Settings(dagster_home=tmp_path))
        after = file.stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        address = "postgresql+psycopg2://somebody@127.0.0.1/dagster"
        prepare(Settings(dagster_home=tmp_path, postgres_url=address))
        assert "postgres" not in being_read.read()
    assert "postgres" in file.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["dagster.yaml"]


def test_the_ui_can_be_ended_though_it_was_started_in_the_background(tmp_path, monkeypatch):
    """Shells let what they start there ignore SIGINT, which Dagster would ask at SIGTERM, too."""
    monkeypatch.setenv("DAGSTER_HOME", "")
    found = []
    monkeypatch.setattr(os, "execv", lambda *_: found.append(signal.getsignal(signal.SIGINT)))
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        serve(Settings(dagster_home=tmp_path), "127.0.0.1", 3000)
    finally:
        signal.signal(signal.SIGINT, before)
    assert found == [signal.SIG_DFL]


def test_a_configuration_of_ones_own_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    prepare(Settings(dagster_home=tmp_path))
    file = tmp_path / "dagster.yaml"
    mine = file.read_text().removeprefix(OURS) + "run_monitoring: {enabled: true}\n"
    file.write_text(mine)
    prepare(Settings(dagster_home=tmp_path))
    assert file.read_text() == mine


def test_a_killed_worker_is_retried_and_a_failed_step_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    with open_instance(Settings(dagster_home=tmp_path)) as instance:
        job = dg.job(name="empty")(lambda: None)
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.FAILURE)
        should_retry = partial(auto_reexecution_should_retry_run, instance, run)
        assert should_retry(RunFailureReason.RUN_EXCEPTION)
        assert should_retry(None)
        assert not should_retry(RunFailureReason.STEP_FAILURE)


def test_ticks_of_schedules_and_sensors_are_not_kept_for_ever(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")
    with open_instance(Settings(dagster_home=tmp_path)) as instance:
        for kind in InstigatorType:
            days = instance.get_tick_retention_settings(kind)
            assert set(days) == set(TickStatus)
            assert all(1 <= n_days <= 90 for n_days in days.values())
