"""Worker processes of an engine: made ready before the clock runs, asked for their memory after.

Nothing is imported here that a worker does not need anyway.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from emotion_pipeline.landmarks.detectors import ModelPaths, detectors

if TYPE_CHECKING:
    from emotion_pipeline.stages.base import Workspace

READY_S = 0.5
"""So long each call keeps its worker, so that every worker gets one."""


def warmed(workspace: "Workspace", paths: ModelPaths) -> None:
    """Let every worker import what it needs and make its detectors."""
    _ask(workspace, partial(_warm, paths))


def peak_mb(workspace: "Workspace") -> float:
    """Of the largest worker, as the kernel counts it."""
    return max(_ask(workspace, _peak_mb))


def _ask(workspace: "Workspace", function: Callable[[int], float]) -> list[float]:
    engine = workspace.engine()
    # A stage's workers give outcomes; these give numbers on the same way.
    return list(engine.map(function, range(2 * engine.workers)))  # type: ignore[arg-type]


def _warm(paths: ModelPaths, _: int) -> float:
    detectors(paths)
    time.sleep(READY_S)
    return 0.0


def _peak_mb(_: int) -> float:
    time.sleep(READY_S)
    return own_peak_mb()


def own_peak_mb() -> float:
    """Of this process."""
    # Not `ru_maxrss`, which begins with that of the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6
