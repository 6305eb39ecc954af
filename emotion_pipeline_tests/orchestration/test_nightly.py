"""The nightly job: it looks at everything, says when it last did, and fails for a regression."""

from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pyarrow as pa
import pytest

from emotion_pipeline.orchestration import freshness
from emotion_pipeline.orchestration.build import build_definitions
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import champion_files
from emotion_pipeline.stages.base import Workspace

GROUP = "ferplus_fer2013_eight_emotions"
CHECK = dg.AssetCheckKey(dg.AssetKey(["champions", GROUP]), "no_regression")


def run_job(small, pipeline=None, *selection):
    job = build_definitions(pipeline or small.pipeline()).resolve_job_def("refresh")
    config = {"ops": {"refresh_what_is_stale": {"config": {"selection": list(selection)}}}}
    return job.execute_in_process(
        instance=small.instance, run_config=config, raise_on_error=False
    ).success


def n_looks(small):
    chosen = dg.AssetRecordsFilter(freshness.KEY)
    return len(small.instance.fetch_materializations(chosen, limit=100).records)


def test_a_look_at_everything_is_recorded_and_one_at_a_part_is_not(small):
    small.recipes = {}
    assert run_job(small, None, "samples/*")
    assert n_looks(small) == 0
    assert run_job(small)
    assert n_looks(small) == 1
    runs = len(small.instance.get_runs())
    assert run_job(small)
    assert n_looks(small) == 2
    assert len(small.instance.get_runs()) == runs + 1


def test_a_failed_look_is_not_recorded(small):
    small.recipes = {}
    small.darken(*range(10))
    assert not run_job(small)
    assert n_looks(small) == 0


def test_it_grows_old_only_where_the_settings_say_when():
    assert freshness.refreshed(Settings()).freshness_policy is None
    policy = freshness.refreshed(Settings(fresh_within_h=26)).freshness_policy
    assert policy.fail_window.to_timedelta() == timedelta(hours=26)
    assert policy.warn_window.to_timedelta() == timedelta(hours=25)


@pytest.fixture
def worsened(small):
    """Predictions without reports, whose champion was a better one: it knew every test picture."""
    graph = {
        key: stage for key, stage in small.pipeline().graph.items() if stage.group != "reports"
    }
    pipeline = replace(
        small.pipeline(),
        graph=graph,
    )
    assert run_job(small, pipeline)
    workspace = Workspace(small.settings)
    target = champion_files.artifact(workspace, GROUP)
    record = champion_files.read(target)
    answers = record.answers.drop_columns("right")
    answers = answers.append_column("right", pa.array([True] * answers.num_rows))
    better = replace(record, champion=replace(record.champion, seed=9), answers=answers)
    champion_files.write(target, better, "other predictions", "code")
    return pipeline


def test_a_regression_fails_the_job_and_the_check_and_is_said_with_numbers(small, worsened):
    assert not run_job(small, worsened)
    evaluation = small.instance.get_latest_asset_check_evaluation_record(CHECK)
    found = evaluation.event.dagster_event.event_specific_data
    assert (found.passed, found.blocking) == (False, True)
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert found.metadata["n"].value > 0
    assert found.metadata["p_value"].value < 0.05
    assert found.metadata["lost_pictures"].records
    assert "is worse" in found.description
    assert not run_job(small, worsened), "it stands refused until somebody acts"
