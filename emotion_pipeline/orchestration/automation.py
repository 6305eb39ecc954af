"""Declarative automation: the conditions by which Dagster's daemon makes assets by itself.

The condition of an asset says what `status` says, in terms of what Dagster knows: events. What it
cannot see, such as a file that was deleted from the lake, the next refresh sees. Details and the
reasons are in `docs/automation.md`.
"""

from typing import Any

import dagster as dg

from emotion_pipeline.stages.base import Stage

When = dg.AutomationCondition
Condition = dg.AutomationCondition[Any]

CHANGED = When.code_version_changed() | When.any_deps_match(When.data_version_changed())
# Whether a request is newer than the last change. It is the request that counts, not the end of the
# run, and of both at once the change, so that an edit while the asset is being made is not lost.
SETTLED = (When.newly_requested() | When.initial_evaluation()).since(CHANGED)
UNFIT = When.any_checks_match(When.check_failed(), blocking_only=True)


def condition_for(stage: Stage) -> Condition:
    """When the partitions of a stage are made.

    Of a stage that is made on demand, only partitions that were made before: no change may train a
    recipe that nobody has asked for. All wait until what they follow from is made and fit.
    """
    due: Condition = ~SETTLED & ~When.missing()
    if stage.by_default is None:
        due = (When.missing() & ~When.execution_failed()) | ~SETTLED
    not_yet: Condition = When.in_progress() if stage.judges else When.in_progress() | UNFIT
    if stage.needs_any:
        # They have many needs, too many to look further up: a tick without news has to do.
        ready: Condition = When.any_deps_match(~When.missing()) & ~CHANGED
    else:
        ready = ~When.any_deps_match(When.missing() | ~SETTLED)
    return due & ready & ~When.in_progress() & ~When.any_deps_match(not_yet)


def keep_fresh() -> dg.AutomationConditionSensorDefinition:
    """Makes what has become stale, a level of the graph per tick; off until it is switched on."""
    return dg.AutomationConditionSensorDefinition(
        "keep_fresh",
        target=dg.AssetSelection.all(include_sources=True),
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=30,
        description="Makes what a change of raw files, recipes or code has made stale.",
    )
