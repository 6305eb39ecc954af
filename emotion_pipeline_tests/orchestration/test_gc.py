"""What `gc` removes of Dagster's records and of the lake, and that nothing becomes stale by it."""

import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.scheduler.instigation import TickData, TickStatus
from filelock import FileLock

from emotion_pipeline.orchestration.gc import Refused, collect
from emotion_pipeline.orchestration.home import open_instance
from emotion_pipeline.orchestration.old_records import ended_runs
from emotion_pipeline.settings import Settings
from emotion_pipeline_tests.orchestration.sensor_state import switch_on
from emotion_pipeline_tests.orchestration.small import Small

NOW = timedelta(0)
A_MONTH = timedelta(days=30)


def run_ids(instance):
    return {run.run_id for run in instance.get_runs()}


def amounts(kinds):
    return {kind.name: kind.n for kind in kinds if kind.n}


def remake(finished, folder, name):
    """Make an asset again, so that the run that made it first is no longer needed."""
    shutil.rmtree(finished.settings.lake / folder)
    finished.refresh(unseen=[name])


def test_everybody_calls_the_same_stale_before_and_after(finished):
    """One asset was made twice; one is missing and one stale, and is so afterwards."""
    remake(finished, "grayscale/fer2013", "grayscale/fer2013")
    shutil.rmtree(finished.settings.lake / "duplicates" / "fer2013")
    recipe = finished.recipes / "fer2013_folder_cnn5.yaml"
    recipe.write_text(recipe.read_text().replace("epochs: 1", "epochs: 2"))
    before = finished.status(), finished.unsynced(), run_ids(finished.instance)
    kinds = collect(finished.pipeline(), finished.instance, NOW)
    assert amounts(kinds)["old runs of Dagster"] == 1
    assert (finished.status(), finished.unsynced()) == before[:2]
    assert before[0] == {"duplicates/fer2013", "models/fer2013_folder_cnn5[1]"}
    assert len(before[2] - run_ids(finished.instance)) == 1


def test_checks_keep_the_run_of_their_last_verdict(finished):
    pipeline = finished.pipeline()
    checks = [key for check in pipeline.checks for key in check.check_keys]
    latest = finished.instance.event_log_storage.get_latest_asset_check_execution_by_key
    before = {key: record.run_id for key, record in latest(checks).items()}
    assert before
    remake(finished, "quality/fer2013", "samples/fer2013")
    collect(pipeline, finished.instance, NOW)
    for run_id in {record.run_id for record in latest(checks).values()}:
        assert finished.instance.has_run(run_id)


@contextmanager
def opened(root):
    """A pipeline whose Dagster keeps its records in files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", "")
        with open_instance(Settings(dagster_home=root / "home")) as instance:
            yield Small(root, instance)


@pytest.fixture(scope="module")
def gray_twice(tmp_path_factory):
    """The folder of one whose gray pictures were made twice."""
    root = tmp_path_factory.mktemp("gc") / "original"
    with opened(root) as small:
        small.draw(20)
        small.refresh("grayscale/fer2013")
        shutil.rmtree(small.settings.lake / "grayscale")
        small.refresh("grayscale/fer2013")
    return root


@pytest.fixture
def on_disk(gray_twice, tmp_path):
    with opened(shutil.copytree(gray_twice, tmp_path / "copy")) as small:
        yield small


def files(instance):
    return {path for path in Path(instance.root_directory).rglob("*") if path.is_file()}


def gray_runs(instance):
    found = instance.fetch_materializations(dg.AssetKey(["grayscale", "fer2013"]), limit=9)
    return [record.run_id for record in found.records]


def test_old_runs_go_with_their_files_and_those_on_record_stay(on_disk):
    instance = on_disk.instance
    newest, oldest = gray_runs(instance)
    n_runs = len(run_ids(instance))
    kinds = collect(on_disk.pipeline(), instance, NOW)
    assert run_ids(instance) >= {newest}
    assert len(run_ids(instance)) == n_runs - 1
    assert not any(oldest in str(path) for path in files(instance))
    assert any(path.name == f"{newest}.db" for path in files(instance))
    assert amounts(kinds)["what old runs printed"] == n_runs
    assert all(kind.n_bytes > 0 for kind in kinds if kind.name == "old runs of Dagster")
    assert on_disk.due("grayscale/fer2013") == set()
    assert not on_disk.refresh("grayscale/fer2013").done


def test_a_second_time_there_is_nothing_left(on_disk):
    collect(on_disk.pipeline(), on_disk.instance, NOW)
    assert amounts(collect(on_disk.pipeline(), on_disk.instance, NOW)) == {}


def test_what_is_young_stays(on_disk):
    before = files(on_disk.instance), run_ids(on_disk.instance)
    assert "old runs of Dagster" not in amounts(
        collect(on_disk.pipeline(), on_disk.instance, A_MONTH)
    )
    assert (files(on_disk.instance), run_ids(on_disk.instance)) == before


def test_a_dry_run_says_what_would_go_and_removes_nothing(on_disk):
    stray = on_disk.settings.lake / "grayscale" / "gone" / "file"
    stray.parent.mkdir(parents=True)
    stray.write_text("1")
    before = files(on_disk.instance), run_ids(on_disk.instance)
    dry = collect(on_disk.pipeline(), on_disk.instance, NOW, with_orphans=True, dry_run=True)
    assert (files(on_disk.instance), run_ids(on_disk.instance)) == before
    assert stray.is_file()
    real = collect(on_disk.pipeline(), on_disk.instance, NOW, with_orphans=True)
    free_pages = "databases with free pages"  # known only once something has been deleted
    assert {one.name: one for one in dry if one.name != free_pages} == {
        one.name: one for one in real if one.name != free_pages
    }
    assert not stray.exists()


def test_orphans_are_listed_and_go_only_when_asked_for(on_disk):
    orphan = on_disk.settings.lake / "predictions" / "gone" / "domain=original" / "file"
    orphan.parent.mkdir(parents=True)
    orphan.write_text("12345")
    pipeline = on_disk.pipeline()
    (kind,) = (one for one in collect(pipeline, on_disk.instance, NOW) if one.name == "orphans")
    assert (kind.n, kind.n_bytes, kind.removed) == (1, 5, False)
    assert kind.shown == (str(on_disk.settings.lake / "predictions" / "gone"),)
    assert orphan.is_file()
    collect(pipeline, on_disk.instance, NOW, with_orphans=True)
    assert not orphan.exists()
    assert on_disk.due("grayscale/fer2013") == set()


def test_files_of_runs_that_are_gone_are_removed(on_disk):
    run_id = gray_runs(on_disk.instance)[1]
    on_disk.instance.delete_run(run_id)
    assert any(run_id in str(path) for path in files(on_disk.instance))
    collect(on_disk.pipeline(), on_disk.instance, NOW)
    assert not any(run_id in str(path) for path in files(on_disk.instance))


def test_runs_that_have_not_ended_stay(on_disk):
    instance = on_disk.instance
    run = instance.create_run_for_job(dg.job(name="empty")(lambda: None))
    instance.report_run_canceling(run)
    assert run.run_id not in ended_runs(instance, datetime.now(UTC))
    collect(on_disk.pipeline(), instance, NOW)
    assert instance.has_run(run.run_id)


def test_while_a_refresh_runs_nothing_is_removed(on_disk):
    before = files(on_disk.instance)
    with (
        FileLock(on_disk.settings.lake / ".scratch" / "refresh.lock"),
        pytest.raises(Refused, match="refresh is running"),
    ):
        collect(on_disk.pipeline(), on_disk.instance, NOW)
    assert files(on_disk.instance) == before


def test_old_ticks_are_purged(on_disk):
    instance = on_disk.instance
    origin, selector = switch_on(instance, "sensor")
    for days in (1, 40):
        then = (datetime.now(UTC) - timedelta(days=days)).timestamp()
        tick = TickData(
            origin,
            "sensor",
            InstigatorType.SENSOR,
            TickStatus.SKIPPED,
            then,
            selector_id=selector,
        )
        instance.create_tick(tick)
    found = amounts(collect(on_disk.pipeline(), instance, A_MONTH))
    assert found["old ticks of schedules and sensors"] == 1
    assert len(instance.get_ticks(origin, selector)) == 1
