"""Where Dagster keeps its runs and events, and how the UI is started.

By default SQLite in a folder of the project; with `EMOTION_PIPELINE_POSTGRES_URL` a Postgres
server, for which the extra `postgres` has to be installed.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import dagster as dg
import yaml
from filelock import FileLock

from emotion_pipeline.settings import Settings, project_root

OURS = "# Written by emotion-pipeline at every start; without this line it stays as it is.\n"
POSTGRES = "EMOTION_PIPELINE_POSTGRES_URL"
COMMON = {
    "telemetry": {"enabled": False},
    "nux": {"enabled": False},
    "python_logs": {"managed_python_loggers": ["emotion_pipeline"], "python_log_level": "INFO"},
    # A run whose process is gone is ended, and gives back its slot.
    "run_monitoring": {"enabled": True, "free_slots_after_run_end_seconds": 60},
    # One slot per pool: two trainings at once on one machine only slow each other down.
    "concurrency": {
        "runs": {"max_concurrent_runs": 2},
        "pools": {"granularity": "op", "default_limit": 1},
    },
}


def prepare(settings: Settings) -> Path:
    """Write the instance's `dagster.yaml`, unless it is somebody's own, and set DAGSTER_HOME."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    config = dict(COMMON)
    if settings.postgres_url is not None:
        config["storage"] = {"postgres": {"postgres_url": {"env": POSTGRES}}}
    file = home / "dagster.yaml"
    if not file.is_file() or file.read_text().startswith(OURS):
        file.write_text(OURS + yaml.safe_dump(config, sort_keys=False))
    os.environ["DAGSTER_HOME"] = str(home)
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The project's Dagster instance, which the UI may have open at the same time."""
    home = prepare(settings)
    with FileLock(home / ".opening.lock"):  # two processes must not create the tables at once
        opened = dg.DagsterInstance.get()
        opened.get_runs_count()
    with opened as instance:
        yield instance


def serve(settings: Settings, host: str, port: int) -> NoReturn:
    """Become Dagster's UI and daemon, so that whoever ends this process ends them."""
    prepare(settings)
    workspace = str(project_root() / "workspace.yaml")
    # `dagster dev` tells every user that it will be superseded one day; hence `-W ignore`.
    command = [sys.executable, "-W", "ignore", "-m", "dagster", "dev"]
    os.execv(sys.executable, [*command, "-w", workspace, "-h", host, "-p", str(port)])  # noqa: S606
