"""What ends a branch, what blocks, what is said; and that Dagster's own ways give the same."""

from dataclasses import replace

import dagster as dg
import pytest

from emotion_pipeline.orchestration.build import build_definitions
from emotion_pipeline.orchestration.refresh import refresh
from emotion_pipeline.orchestration.selection import select
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.validation import ChecksFailed
from emotion_pipeline_tests.orchestration.small import PICTURE_STAGES, RECIPE, made


def test_failed_checks_hold_back_all_that_follows(small):
    small.darken(*range(10))
    outcome = small.refresh(*PICTURE_STAGES)
    assert set(made(outcome)) == {
        "samples/fer2013",
        "duplicates/fer2013",
        "exploration/fer2013",
    }
    assert "not_black" in outcome.unfit["samples/fer2013"]
    assert "waits for samples/fer2013" in outcome.skipped["faces/fer2013"]
    assert not outcome.succeeded
    again = small.refresh(*PICTURE_STAGES)
    assert again.done == []
    assert "not_black" in again.unfit["samples/fer2013"]
    small.draw()
    assert small.refresh(*PICTURE_STAGES).succeeded


def test_a_model_that_fails_keeps_the_others_from_no_report(small):
    small.recipes = {"ferplus_cnn5_tiny": RECIPE, "ferplus_cnn5_wild": RECIPE}
    pipeline, wild = small.pipeline(), "models/ferplus_cnn5_wild"

    def fail(*_):
        raise ValueError("no luck")

    pipeline.graph[wild] = replace(pipeline.graph[wild], make=fail)
    outcome = refresh(pipeline, small.instance, select(pipeline, []))
    assert "no luck" in outcome.skipped[wild]
    assert outcome.skipped["predictions/ferplus_cnn5_wild"] == f"waits for {wild}"
    followers = {"champions/ferplus_fer2013_eight_emotions", "reports/leaderboard"}
    assert followers <= made(outcome).keys()
    assert not outcome.succeeded


def test_a_run_started_elsewhere_is_held_back_too(small):
    small.darken(*range(10))
    small.refresh("samples/fer2013")
    faces = small.pipeline().graph["faces/fer2013"]
    with pytest.raises(ChecksFailed, match="not_black"):
        faces.make(Workspace(small.settings), None)


def test_the_failed_check_has_its_rows(small):
    small.darken(3, 4, 5)
    small.refresh("samples/fer2013")
    key = dg.AssetCheckKey(dg.AssetKey(["samples", "fer2013"]), "meets_expectations")
    record = small.instance.get_latest_asset_check_evaluation_record(key)
    evaluation = record.event.dagster_event.event_specific_data
    assert evaluation.passed is False
    assert evaluation.blocking is True
    rows = [one.data for one in evaluation.metadata["failed_rows"].records]
    black = {row["sample_id"] for row in rows if row["expectation"] == "not_black"}
    assert black == {"fer2013-000003", "fer2013-000004", "fer2013-000005"}


def test_copies_across_splits_warn_and_do_not_block(small):
    def like(source):
        with (small.settings.raw_root / "fer2013" / "fer2013.csv").open() as file:
            return file.read().splitlines()[source + 1].split(",")[1]

    picture = like(0)
    small.edit_row(59, lambda fields: fields.__setitem__(1, picture))
    assert small.refresh(*PICTURE_STAGES).succeeded
    key = dg.AssetCheckKey(dg.AssetKey(["duplicates", "fer2013"]), "no_copies_across_splits")
    record = small.instance.get_latest_asset_check_evaluation_record(key)
    evaluation = record.event.dagster_event.event_specific_data
    assert evaluation.passed is False
    assert evaluation.severity is dg.AssetCheckSeverity.WARN
    assert evaluation.metadata["test_rows_also_in_train"].value >= 1


def test_an_absent_dataset_stops_nothing_else(small):
    for file in (small.settings.raw_root / "ferplus").iterdir():
        file.unlink()
    outcome = small.refresh(*PICTURE_STAGES)
    assert outcome.succeeded
    assert "samples/ferplus" not in made(outcome)
    assert "degraded/fer2013" in made(outcome)


def test_a_refused_file_says_what_was_expected(small):
    (small.settings.raw_root / "fer2013" / "fer2013.csv").write_text("<html>Sign in</html>\n")
    outcome = small.refresh(*PICTURE_STAGES)
    assert "expected a header line `emotion,pixels,Usage`" in outcome.skipped["samples/fer2013"]
    assert not outcome.succeeded


def test_bad_rows_are_rejected_and_listed(small):
    small.edit_row(5, lambda fields: fields.__setitem__(0, "9"))
    outcome = small.refresh("samples/fer2013")
    assert outcome.done[0].summary.endswith("59 of 59 rows computed; 1 rejects")
    event = small.instance.get_latest_materialization_event(dg.AssetKey(["samples", "fer2013"]))
    rejects = event.asset_materialization.metadata["rejects"].records
    assert [(one.data["row"], one.data["reason"]) for one in rejects] == [(5, "unknown_emotion")]


def test_a_backfill_in_one_run_leaves_what_a_refresh_would(small):
    assert small.refresh(*PICTURE_STAGES).succeeded
    pipeline = small.pipeline()
    tags = {
        "dagster/asset_partition_range_start": "jpeg-1",
        "dagster/asset_partition_range_end": "jpeg-4",
    }
    asset = [one for one in pipeline.assets if one.key == dg.AssetKey(["degraded", "fer2013"])]
    assert dg.materialize(asset, instance=small.instance, tags=tags).success
    assert small.due(*PICTURE_STAGES) == set()
    assert "degraded/fer2013" not in small.dagster_says(*PICTURE_STAGES)


def test_a_partitioned_asset_refuses_a_run_without_a_partition(small):
    assert small.refresh("faces/*").succeeded
    asset = [one for one in small.pipeline().assets if one.key.path[0] == "degraded"]
    result = dg.materialize(asset, instance=small.instance, raise_on_error=False)
    assert not result.success


def test_the_refresh_job_does_what_the_command_does(small):
    definitions = build_definitions(small.pipeline())
    config = {"ops": {"refresh_what_is_stale": {"config": {"selection": ["grayscale/*"]}}}}
    job = definitions.resolve_job_def("refresh")
    assert job.execute_in_process(instance=small.instance, run_config=config).success
    assert small.due("grayscale/*") == set()


def test_the_nightly_schedule_runs_the_refresh_job(small):
    schedule = build_definitions(small.pipeline()).resolve_schedule_def("nightly_reevaluation")
    assert schedule.job_name == "refresh"
    assert schedule.cron_schedule == "0 2 * * *"


def test_the_sensor_notes_raw_files_once(small):
    sensor = build_definitions(small.pipeline()).resolve_sensor_def("watch_raw_files")
    first = sensor(dg.build_sensor_context(instance=small.instance))
    keys = {event.asset_key.to_user_string() for event in first.asset_events}
    assert keys == {"raw/fer2013", "raw/ferplus"}
    second = sensor(dg.build_sensor_context(instance=small.instance, cursor=first.cursor))
    assert second.asset_events == []
