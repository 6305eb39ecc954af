"""Many partitions in one run, as the UI's backfills make them; and what one bad partition costs."""

from dataclasses import replace

import dagster as dg
import pytest

from emotion_pipeline.orchestration.assets import asset_for
from emotion_pipeline_tests.orchestration.small import made

KEY = "degraded/fer2013"
JPEGS = [f"jpeg-{severity}" for severity in range(1, 6)]


@pytest.fixture
def with_faces(small):
    small.recipes = {}
    assert small.refresh("faces/*").succeeded
    return small


def backfill(small, first, last, failing=()):
    """A run over a range of partitions, some of which cannot be made."""
    pipeline = small.pipeline()
    stage = pipeline.graph[KEY]

    def make(workspace, partition):
        if partition in failing:
            raise OSError("no space")
        return stage.make(workspace, partition)

    asset = asset_for(replace(stage, make=make), pipeline.graph, small.settings)
    tags = {
        "dagster/asset_partition_range_start": first,
        "dagster/asset_partition_range_end": last,
    }
    return dg.materialize([asset], instance=small.instance, tags=tags, raise_on_error=False)


def partitions_of(result):
    return [one.materialization.partition for one in result.get_asset_materialization_events()]


def failure_of(result):
    (event,) = (event for event in result.all_events if event.is_step_failure)
    return event.step_failure_data


def test_each_partition_of_a_run_has_one_event_with_its_own_version(with_faces):
    result = backfill(with_faces, "jpeg-1", "jpeg-5")
    assert result.success
    assert partitions_of(result) == JPEGS
    events = result.get_asset_materialization_events()
    assert len({one.materialization.tags["dagster/data_version"] for one in events}) == len(JPEGS)


def test_a_backfill_leaves_what_a_refresh_would(with_faces):
    assert backfill(with_faces, "jpeg-1", "jpeg-5").success
    assert with_faces.due(f"{KEY}[jpeg-*]") == set()
    assert with_faces.dagster_says(f"{KEY}[jpeg-*]") == set()


def test_what_was_backfilled_is_stale_once_its_input_or_code_changes(with_faces):
    assert backfill(with_faces, "jpeg-1", "jpeg-5").success
    with_faces.changed_code = (KEY,)
    assert KEY in with_faces.due(f"{KEY}[jpeg-*]")
    assert KEY in with_faces.dagster_says(f"{KEY}[jpeg-*]")
    with_faces.changed_code = ()
    with_faces.darken(3)
    assert with_faces.refresh("faces/*").succeeded
    assert KEY in with_faces.due(f"{KEY}[jpeg-*]")
    assert KEY in with_faces.dagster_says(f"{KEY}[jpeg-*]")


def test_a_partition_that_fails_costs_the_others_nothing(with_faces):
    result = backfill(with_faces, "jpeg-1", "jpeg-5", failing=["jpeg-2"])
    assert not result.success
    assert partitions_of(result) == ["jpeg-1", "jpeg-3", "jpeg-4", "jpeg-5"]
    again = with_faces.refresh(f"{KEY}[jpeg-*]")
    assert [done.standing.partition for done in again.done] == ["jpeg-2"]


def test_the_failed_partitions_and_their_reason_are_named(with_faces):
    message = failure_of(backfill(with_faces, "jpeg-1", "jpeg-5", ["jpeg-2", "jpeg-4"])).error
    assert "2 of 5 partitions could not be made" in message.message
    assert "jpeg-2, jpeg-4: no space" in message.message


def test_an_interrupted_run_keeps_what_it_has_made(with_faces):
    pipeline = with_faces.pipeline()
    stage = pipeline.graph[KEY]

    def make(workspace, partition):
        if partition == "jpeg-3":
            raise KeyboardInterrupt
        return stage.make(workspace, partition)

    asset = asset_for(replace(stage, make=make), pipeline.graph, with_faces.settings)
    tags = {
        "dagster/asset_partition_range_start": "jpeg-1",
        "dagster/asset_partition_range_end": "jpeg-5",
    }
    result = dg.materialize([asset], instance=with_faces.instance, tags=tags, raise_on_error=False)
    assert partitions_of(result) == ["jpeg-1", "jpeg-2"]
    again = with_faces.refresh(f"{KEY}[jpeg-*]")
    assert made(again) == {KEY: 3}


def test_light_partitions_share_a_run_and_trainings_have_their_own(small):
    pipeline = small.pipeline()
    n_partitions_a_run = {
        stage.key: asset.backfill_policy.max_partitions_per_run
        for stage, asset in zip(pipeline.graph.values(), pipeline.assets, strict=True)
        if stage.partitions
    }
    assert n_partitions_a_run == {
        "degraded/fer2013": None,
        "landmarks/fer2013": None,
        "models/ferplus_cnn5_tiny": 1,
        "predictions/ferplus_cnn5_tiny": None,
    }


def test_nothing_in_a_shared_run_waits_for_another_asset_of_it():
    """Dagster skips steps whose asset above has made its partitions without an output."""
    from emotion_pipeline.orchestration.pipeline import build_pipeline

    graph = build_pipeline().graph
    shared = {key: stage for key, stage in graph.items() if stage.partitions and not stage.pool}
    for stage in shared.values():
        above = [shared[needs.key] for needs in stage.needs if needs.key in shared]
        assert all(one.partitions != stage.partitions for one in above), stage.key
