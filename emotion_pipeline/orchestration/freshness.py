"""Whether somebody looks: when everything was last found or made up to date.

A night on which nothing has changed makes nothing, so that the age of a report says nothing about
whether it is up to date. What grows old is the last look at everything: `refreshed`, which the
refresh job records at its end, if nothing failed. Reports and predictions are as fresh as it is.
"""

from datetime import timedelta

import dagster as dg

from emotion_pipeline.orchestration.refresh import Outcome
from emotion_pipeline.settings import Settings

KEY = dg.AssetKey(["refreshed"])
WARNED_BEFORE = timedelta(hours=1)


def refreshed(settings: Settings) -> dg.AssetSpec:
    """The asset that stands for the last look; it grows stale only where the settings say when."""
    policy = None
    if settings.fresh_within_h is not None:
        window = timedelta(hours=settings.fresh_within_h)
        policy = dg.FreshnessPolicy.time_window(
            fail_window=window, warn_window=window - WARNED_BEFORE
        )
    return dg.AssetSpec(
        KEY,
        group_name="refreshed",
        description="When everything was last up to date, as far as it could be made.",
        freshness_policy=policy,
    )


def record(outcome: Outcome) -> dg.AssetMaterialization:
    """The event that says that everything is up to date now."""
    seconds = sum(done.seconds for done in outcome.done)
    return dg.AssetMaterialization(
        KEY,
        description=f"{len(outcome.done)} asset partitions made",
        metadata={
            "partitions_made": len(outcome.done),
            "seconds": seconds,
            "lacking": len(outcome.lacking),
        },
    )
