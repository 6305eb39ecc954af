"""Where Dagster keeps its runs and events, and how the UI is started.

By default SQLite in a folder of the project; with `EMOTION_PIPELINE_POSTGRES_URL` a Postgres
server, for which the extra `postgres` has to be installed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import yaml

from emotion_pipeline.settings import Settings, project_root

POSTGRES = "EMOTION_PIPELINE_POSTGRES_URL"
COMMON = {
    "telemetry": {"enabled": False},
    "nux": {"enabled": False},
    # One slot per pool: two trainings at once on one machine only slow each other down.
    "concurrency": {
        "runs": {"max_concurrent_runs": 2},
        "pools": {"granularity": "op", "default_limit": 1},
    },
}


def prepare(settings: Settings) -> Path:
    """Write the instance's `dagster.yaml` and point DAGSTER_HOME at its folder."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    config = dict(COMMON)
    if settings.postgres_url is not None:
        config["storage"] = {"postgres": {"postgres_url": {"env": POSTGRES}}}
    text = yaml.safe_dump(config, sort_keys=False)
    file = home / "dagster.yaml"
    if not file.is_file() or file.read_text() != text:
        file.write_text(text)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The project's Dagster instance, which the UI may have open at the same time."""
    prepare(settings)
    with dg.DagsterInstance.get() as instance:
        yield instance


def serve(settings: Settings, host: str, port: int) -> int:
    """Run the UI and the daemon until interrupted; the exit code of Dagster."""
    prepare(settings)
    workspace = project_root() / "workspace.yaml"
    command = [
        sys.executable,
        "-m",
        "dagster",
        "dev",
        "-w",
        str(workspace),
        "-h",
        host,
        "-p",
        str(port),
    ]
    return subprocess.run(command, check=False).returncode  # noqa: S603, our own command
