"""Runs as jobs of a Ray cluster that the test starts; the packages for it are not part of `dev`."""

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import pytest
import yaml
from pydantic import ValidationError

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.orchestration.home import open_instance, prepare
from emotion_pipeline.settings import Settings, project_root

INSTALLED = all(importlib.util.find_spec(name) for name in ("dagster_ray", "ray"))
PATIENCE_S = 240


@pytest.fixture(autouse=True)
def _own_home(monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "")


def written(home: Path, **settings: str) -> dict:
    file = prepare(Settings(dagster_home=home, **settings)) / "dagster.yaml"
    return yaml.safe_load(file.read_text())


def test_runs_are_processes_of_this_machine_by_default(tmp_path):
    assert "run_launcher" not in written(tmp_path)


@pytest.mark.parametrize("launcher", ["ray", "dask://head:8786", "http://", "head:8265"])
def test_what_launches_no_runs_is_refused(launcher):
    with pytest.raises(ValidationError, match="should be 'local', 'http://host:port'"):
        Settings(run_launcher=launcher)


@pytest.mark.skipif(not INSTALLED, reason="ray and dagster-ray are not installed")
@pytest.mark.parametrize(("device", "n_gpus"), [("auto", 0), ("cuda", 1)])
def test_a_run_takes_its_settings_along_but_no_secret(tmp_path, monkeypatch, device, n_gpus):
    monkeypatch.setenv("EMOTION_PIPELINE_LAKE", "/shared/lake")
    secrets = {"EMOTION_PIPELINE_POSTGRES_URL", "EMOTION_PIPELINE_ALERT_WEBHOOK"}
    for name in secrets:
        monkeypatch.setenv(name, "https://somebody:secret@host/name")
    found = written(tmp_path, run_launcher="http://head:8265", device=device)["run_launcher"]
    config = found["config"]["ray"]
    assert (found["class"], config["address"]) == ("RayRunLauncher", "http://head:8265")
    assert "EMOTION_PIPELINE_LAKE" in config["env_vars"]
    assert secrets.isdisjoint(config["env_vars"])
    assert config["num_gpus"] == n_gpus


@pytest.mark.skipif(INSTALLED, reason="dagster-ray is installed")
def test_a_missing_package_is_named(tmp_path):
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'emotion-pipeline\[ray\]'"):
        written(tmp_path, run_launcher="http://head:8265")


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


def program(name: str) -> str:
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.is_file() else shutil.which(name) or pytest.skip(f"no {name}")


@contextmanager
def process(*command: str) -> Iterator[None]:
    """A process that lives as long as the block does, as if the environment were activated."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    started = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PATH": path},
        start_new_session=True,
    )
    try:
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=60)


def answers(port: int) -> bool:
    try:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", "/api/version")
        return connection.getresponse().status == 200
    except OSError:
        return False


def wait_for(what: str, happens) -> None:
    """Poll, since neither Ray nor Dagster's daemon tells when something is done."""
    end = time.monotonic() + PATIENCE_S
    while not happens():
        assert time.monotonic() < end, f"no {what} within {PATIENCE_S} s"
        time.sleep(1)


@pytest.fixture
def cluster():
    """The address of the jobs of a new cluster of this machine."""
    ports = {name: free_port() for name in ("port", "dashboard-port", "ray-client-server-port")}
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True))
        options = [f"--{name}={port}" for name, port in ports.items()]
        options += ["--num-cpus=2", "--object-store-memory=100000000", f"--temp-dir={folder}"]
        stack.enter_context(
            process(
                *(program("ray"), "start", "--head", "--block", "--node-ip-address=127.0.0.1"),
                *("--include-dashboard=true", "--disable-usage-stats"),
                *options,
            )
        )
        wait_for("Ray", lambda: answers(ports["dashboard-port"]))
        yield f"http://127.0.0.1:{ports['dashboard-port']}"


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="ray and dagster-ray are not installed")
def test_a_refresh_that_dagster_launches_is_a_job_of_the_cluster(cluster, tmp_path, monkeypatch):
    from ray.job_submission import JobSubmissionClient

    get_dataset("fer2013").draw(tmp_path / "raw", 60, 1)
    variables = {"LAKE": "lake", "RAW": "raw", "DAGSTER_HOME": "home"}
    variables = {name: str(tmp_path / folder) for name, folder in variables.items()}
    variables |= {"ENGINE": "sequential", "PARTIAL": "*", "RUN_LAUNCHER": cluster}
    for name, value in variables.items():
        monkeypatch.setenv(f"EMOTION_PIPELINE_{name}", value)
    client = JobSubmissionClient(cluster)
    workspace = str(project_root() / "workspace.yaml")
    selection = {"selection": ["grayscale/fer2013"]}
    config = {"ops": {"refresh_what_is_stale": {"config": selection}}}
    with open_instance(Settings()) as instance:
        subprocess.run(
            [
                *(sys.executable, "-m", "dagster", "job", "launch", "-w", workspace),
                *("-j", "refresh", "--config-json", json.dumps(config)),
            ],
            check=True,
            env=os.environ,
        )
        with process(program("dagster-daemon"), "run", "-w", workspace):
            wait_for("job", client.list_jobs)
            job = client.list_jobs()[0].submission_id
            wait_for("end of the job", lambda: client.get_job_status(job).is_terminal())
        run = instance.get_runs(dg.RunsFilter(job_name="refresh"))[0]
    assert run.status is dg.DagsterRunStatus.SUCCESS, client.get_job_logs(job)
    assert job == f"dagster-run-{run.run_id}"
    assert list((tmp_path / "lake" / "grayscale" / "fer2013").glob("*.parquet"))
