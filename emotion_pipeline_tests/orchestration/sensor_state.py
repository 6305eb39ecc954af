"""Sensors as Dagster has them on record."""

import dagster as dg
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus


def switch_on(instance: dg.DagsterInstance, name: str) -> tuple[str, str]:
    """Put a sensor on record that runs, and return its origin and selector."""
    location = GrpcServerCodeLocationOrigin(host="localhost", port=1)
    origin = RemoteInstigatorOrigin(RemoteRepositoryOrigin(location, "repository"), name)
    state = InstigatorState(origin, InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    instance.add_instigator_state(state)
    return state.instigator_origin_id, state.selector_id
