"""Puts the Dagster definitions together. A test builds its own with other datasets or recipes."""

import dagster as dg

from emotion_pipeline.orchestration.alerts import alerting
from emotion_pipeline.orchestration.automation import keep_fresh
from emotion_pipeline.orchestration.freshness import refreshed
from emotion_pipeline.orchestration.pipeline import Pipeline, build_pipeline
from emotion_pipeline.orchestration.schedules import nightly, refresh_job, watch_sources


def build_definitions(pipeline: Pipeline | None = None) -> dg.Definitions:
    """Everything that the Dagster UI and daemon load."""
    pipeline = build_pipeline() if pipeline is None else pipeline
    refresh = refresh_job(pipeline)
    ingest = dg.define_asset_job(
        "ingest",
        selection=dg.AssetSelection.groups(
            "samples", "duplicates", "exploration", "faces", "grayscale"
        ),
        description="Raw files to checked samples, their pages and their gray pictures.",
    )
    return dg.Definitions(
        assets=[*pipeline.sources, *pipeline.assets, refreshed(pipeline.settings)],
        asset_checks=pipeline.checks,
        jobs=[refresh, ingest],
        schedules=[nightly(refresh, pipeline.settings)],
        sensors=[watch_sources(pipeline), keep_fresh(), alerting(pipeline.settings)],
        # A process per step would cost seconds for each; heavy work makes its own workers.
        executor=dg.in_process_executor,
    )
