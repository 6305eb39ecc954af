"""Jobs, the nightly re-evaluation, and the sensor that sees new raw files."""

import json

import dagster as dg
from pydantic import Field

from emotion_pipeline.datasets.raw_files import SourceMissing
from emotion_pipeline.orchestration import freshness
from emotion_pipeline.orchestration.pipeline import Pipeline
from emotion_pipeline.orchestration.records import observation
from emotion_pipeline.orchestration.refresh import Done, refresh
from emotion_pipeline.orchestration.selection import select
from emotion_pipeline.orchestration.turns import my_turn
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.sources import observe
from emotion_pipeline.stages.state import RAW


class RefreshConfig(dg.Config):
    """What to bring up to date, as `emotion-pipeline refresh` takes it; none is everything."""

    selection: list[str] = Field(default=[])


def refresh_job(pipeline: Pipeline) -> dg.JobDefinition:
    """A job that materialises what is missing or stale, like `emotion-pipeline refresh`."""

    @dg.op
    def refresh_what_is_stale(context: dg.OpExecutionContext, config: RefreshConfig) -> None:
        def finished(done: Done) -> None:
            place = f"{done.standing.key} {done.standing.partition or ''}".strip()
            context.log.info(f"{place}: {done.summary} ({done.seconds:.1f} s)")

        selection = select(pipeline, config.selection)
        with my_turn(Workspace(pipeline.settings).lake, context.instance, context.log.info):
            outcome = refresh(pipeline, context.instance, selection, finished=finished)
        context.log.info(f"{len(outcome.done)} partitions made")
        if not outcome.succeeded:
            problems = outcome.skipped | outcome.unfit
            reasons = "; ".join(f"{key}: {why}" for key, why in problems.items())
            raise dg.Failure(f"not everything could be made: {reasons}")
        if not config.selection:
            context.log_event(freshness.record(outcome))

    @dg.job(name="refresh", description="Materialise exactly what is missing or stale.")
    def job() -> None:
        refresh_what_is_stale()

    return job


def nightly(job: dg.JobDefinition, settings: Settings) -> dg.ScheduleDefinition:
    """Re-evaluation every night; it is off until somebody switches it on."""
    return dg.ScheduleDefinition(
        name="nightly_reevaluation",
        job=job,
        cron_schedule=settings.nightly_cron,
        description="Look at the raw files, make what is missing or stale, judge the champions.",
    )


def watch_sources(pipeline: Pipeline) -> dg.SensorDefinition:
    """Notes every minute what the raw files are, so that the UI shows what became stale."""

    @dg.sensor(
        name="watch_raw_files",
        minimum_interval_seconds=60,
        description="Look at the raw files every minute, so that what follows becomes stale.",
    )
    def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        known = json.loads(context.cursor or "{}")
        seen, events = {}, []
        for name, dataset in pipeline.datasets.items():
            key = f"{RAW}{name}"
            try:
                found = observe(Workspace(pipeline.settings), dataset)
            except SourceMissing:
                continue
            seen[key] = found.version
            if known.get(key) != found.version:
                events.append(observation(key, found))
        return dg.SensorResult(asset_events=events, cursor=json.dumps(seen))

    return watch
