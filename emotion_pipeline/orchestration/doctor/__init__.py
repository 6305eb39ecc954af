"""What `emotion-pipeline doctor` looks at: each check is a function that yields findings.

A check changes nothing that it looks at, and asks nothing of the network but servers that a setting
names. One that breaks is a problem like any other, and the others still run.
"""

from collections.abc import Callable, Iterator

from emotion_pipeline.orchestration.doctor import machine, packages, places, records, servers
from emotion_pipeline.orchestration.doctor.finding import Finding, problem
from emotion_pipeline.settings import Settings

Check = Callable[[Settings], Iterator[Finding]]
CHECKS: tuple[Check, ...] = (
    *(packages.python, packages.requirements, packages.torch, packages.opencv),
    *(packages.onnx_runtime, packages.mediapipe),
    *(machine.processor, machine.gpu),
    *(places.lake_folder, places.lake_store, places.lake_file_system),
    *(places.raw_data, places.model_files),
    *(servers.postgres, servers.engine, records.dagster_records),
)


def diagnose(settings: Settings, checks: tuple[Check, ...] = CHECKS) -> Iterator[Finding]:
    """The findings of all checks, one after another as they come."""
    for check in checks:
        try:
            yield from check(settings)
        except Exception as error:  # whatever is broken must not hide the rest
            yield problem(
                check.__name__,
                f"{check.__name__.replace('_', ' ')} could not be looked at: "
                f"{type(error).__name__}: {error}",
                "see what the message names",
            )
