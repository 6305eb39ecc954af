"""Runs and events in a Postgres server that the test starts, by the command that users type."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import pytest

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.orchestration.home import open_instance
from emotion_pipeline.settings import Settings

PATTERN = "grayscale/fer2013"


@contextmanager
def running() -> Iterator[str]:
    """The address of a new server with an empty database; skips where none can be started."""
    pytest.importorskip("dagster_postgres", reason="the extra postgres is not installed")
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    with TemporaryDirectory(prefix="postgres-") as folder:
        user = nobody_special()
        if user:
            shutil.chown(folder, user)
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            port = chosen.getsockname()[1]

        def ran(*command: str) -> None:
            done = subprocess.run(
                command, user=user, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
            )
            if done.returncode:
                pytest.skip(f"{command[0]} fails on this machine")

        data = f"{folder}/data"
        ran(initdb, "-D", data, "-U", "somebody", "--auth", "trust", "--no-sync")
        options = f"-h 127.0.0.1 -p {port} -k {folder} -F"
        ran(pg_ctl, "-D", data, "-o", options, "-w", "-t", "60", "start")
        try:
            yield f"postgresql+psycopg2://somebody@127.0.0.1:{port}/postgres"
        finally:
            ran(pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")


def program(name: str) -> str:
    """Debian keeps the programs of the server off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, places)]))
    return found or pytest.skip(f"no {name} on this machine")


def nobody_special() -> str | None:
    """Whom the server runs as, which refuses to run as root."""
    if os.geteuid():
        return None
    known = [entry.pw_name for entry in pwd.getpwall()]
    users = [name for name in ("postgres", "nobody") if name in known]
    return users[0] if users else pytest.skip("Postgres does not run as root, the only user here")


@pytest.fixture(scope="module")
def postgres():
    with running() as address:
        yield address


@pytest.fixture
def settings(postgres, tmp_path, monkeypatch):
    get_dataset("fer2013").draw(tmp_path / "raw", 60, 1)
    variables = {
        "LAKE": str(tmp_path / "lake"),
        "RAW": str(tmp_path / "raw"),
        "DAGSTER_HOME": str(tmp_path / "home"),
        "POSTGRES_URL": postgres,
        "ENGINE": "sequential",
        "WORKERS": "1",
        "PARTIAL": "*",
    }
    monkeypatch.setenv("DAGSTER_HOME", "")
    for name, value in variables.items():
        monkeypatch.setenv(f"EMOTION_PIPELINE_{name}", value)
    return Settings()


def refreshing() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "emotion_pipeline", "refresh", PATTERN]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended_well(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def n_materialisations(settings: Settings) -> int:
    with open_instance(settings) as instance:
        key = dg.AssetKey(PATTERN.split("/"))
        return len(instance.fetch_materializations(key, limit=10).records)


@pytest.mark.slow
def test_two_refreshes_at_once_and_a_later_one_make_everything_once(settings, tmp_path):
    processes = [refreshing(), refreshing()]
    said = [ended_well(process) for process in processes]
    assert sorted("asset partitions made" in text for text in said) == [False, True]
    assert n_materialisations(settings) == 1
    assert "asset partitions made" not in ended_well(refreshing())
    assert n_materialisations(settings) == 1
    assert not list((tmp_path / "home").rglob("*.db"))
    assert list((tmp_path / "lake" / "grayscale" / "fer2013").glob("*.parquet"))
