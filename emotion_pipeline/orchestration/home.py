"""Where Dagster keeps its runs and events, where it runs them, and how the UI is started.

By default SQLite in a folder of the project; with `EMOTION_PIPELINE_POSTGRES_URL` a Postgres
server, for which the extra `postgres` has to be installed. Runs of the UI and the daemon are
processes of this machine, or with `EMOTION_PIPELINE_RUN_LAUNCHER` jobs of a Ray cluster.
"""

import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import dagster as dg
import yaml
from filelock import FileLock

from emotion_pipeline.lake.storage import LOCAL
from emotion_pipeline.settings import Settings, project_root

OURS = "# Written by emotion-pipeline at every start; without this line it stays as it is.\n"
POSTGRES = "EMOTION_PIPELINE_POSTGRES_URL"
SECRETS = (POSTGRES, "EMOTION_PIPELINE_ALERT_WEBHOOK")
COMMON = {
    "telemetry": {"enabled": False},
    "nux": {"enabled": False},
    "python_logs": {"managed_python_loggers": ["emotion_pipeline"], "python_log_level": "INFO"},
    # A run whose process is gone is ended, and gives back its slot.
    "run_monitoring": {"enabled": True, "free_slots_after_run_end_seconds": 60},
    # A run whose worker was killed is started again. A step that failed is not: it would fail
    # again.
    "run_retries": {"enabled": True, "max_retries": 2, "retry_on_asset_or_op_failure": False},
    # How long the ticks of the daemon are kept; most of them say that nothing was to be done.
    "retention": {
        kind: {"purge_after_days": {"skipped": 2, "started": 30, "success": 30, "failure": 90}}
        for kind in ("schedule", "sensor", "auto_materialize")
    },
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
    if settings.run_launcher != "local":
        config["run_launcher"] = _ray_launcher(settings)
    file, text = home / "dagster.yaml", OURS + yaml.safe_dump(config, sort_keys=False)
    known = file.read_text() if file.is_file() else OURS
    if known.startswith(OURS) and known != text:
        with LOCAL.draft(file) as unfinished:  # others may be reading it
            unfinished.write_text(text)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def _ray_launcher(settings: Settings) -> dict[str, Any]:
    """Every run is a job of a Ray cluster, with the settings of whoever launches it.

    Secrets are not passed on, since Ray shows the environment of a job to everybody.
    """
    if importlib.util.find_spec("dagster_ray") is None:
        raise ModuleNotFoundError(
            f"EMOTION_PIPELINE_RUN_LAUNCHER={settings.run_launcher} needs: "
            "pip install 'emotion-pipeline[ray]'",
            name="dagster_ray",
        )
    ours = sorted(name for name in os.environ if name.startswith("EMOTION_PIPELINE_"))
    ray = {
        "address": settings.run_launcher,
        "num_cpus": 1,  # without any, Ray runs a job on the head
        "num_gpus": settings.devices if settings.device == "cuda" else 0,
        "env_vars": [name for name in ours if name not in SECRETS],
    }
    return {"module": "dagster_ray", "class": "RayRunLauncher", "config": {"ray": ray}}


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
    # Dagster ends by what Python does at SIGINT, also at SIGTERM; shells have it ignored by what
    # they start in the background, and then nothing but SIGKILL would end it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(sys.executable, [*command, "-w", workspace, "-h", host, "-p", str(port)])  # noqa: S606
