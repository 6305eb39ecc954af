"""Real clusters of two workers on 127.0.0.1, and worker processes that are killed."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from emotion_pipeline.lake.compute import TRIALS, Engine, WorkersDied, run
from emotion_pipeline_tests.lake.tables_made_up import (
    ALONE,
    FACES,
    N_BUCKETS,
    derivation,
    names_in,
    upside_down,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="processes are ended by signals of POSIX"),
]
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra ray")
needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="needs the extra dask")

ROOT = Path(__file__).resolve().parents[2]
TOLD = [(done, N_BUCKETS) for done in range(1, N_BUCKETS + 1)]
DERIVES = """
import sys
from pathlib import Path
from emotion_pipeline.lake.compute import Engine, run
from emotion_pipeline_tests.lake.tables_made_up import FACES, derivation
from emotion_pipeline_tests.lake.test_clusters import Killed

told = []
folder = Path(sys.argv[1])
job = derivation(folder, FACES, Killed(folder, int(sys.argv[3])))
run(job, Engine(sys.argv[2], 2), lambda *numbers: told.append(numbers))
print(told)
"""


class Killed:
    """`upside_down` that kills its own process in the third bucket, the first `times` times."""

    def __init__(self, folder: Path, times: int):
        self.folder = folder
        self.times = times

    def __call__(self, rows):
        if names_in(2)[0] in rows["sample_id"].to_pylist() and self.deaths() < self.times:
            (self.folder / f"{self.deaths()}.death").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return upside_down(rows)

    def deaths(self) -> int:
        return len(list(self.folder.glob("*.death")))


@contextmanager
def process(*command: str, **variables: str):
    """A process that is ended with all that it has started."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    with tempfile.TemporaryFile("w+") as said:
        started = subprocess.Popen(
            command, env=environment, stdout=said, stderr=said, start_new_session=True
        )
        try:
            yield started
        finally:
            started.terminate()
            started.wait(20)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_for(port: int, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 30
    while True:
        assert server.poll() is None, "the cluster ended by itself"
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the cluster did not begin to listen"
            with suppress(subprocess.TimeoutExpired):
                server.wait(0.05)


@pytest.fixture(scope="module")
def wanted(tmp_path_factory) -> dict[str, bytes]:
    """Bytes of every bucket file as the sequential engine writes it."""
    folder = tmp_path_factory.mktemp("alone")
    run(derivation(folder, FACES), ALONE)
    return bytes_in(folder)


@pytest.fixture(scope="module")
def dask_address():
    port = free_port()
    at = f"tcp://127.0.0.1:{port}"
    dask = (sys.executable, "-m", "distributed.cli")
    scheduler = ("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    workers = ("dask_worker", at, "--host", "127.0.0.1", "--nworkers", "2", "--nthreads", "1")
    with (
        process(*dask[:2], f"{dask[2]}.{scheduler[0]}", *scheduler[1:]) as server,
        process(*dask[:2], f"{dask[2]}.{workers[0]}", *workers[1:], "--no-dashboard"),
    ):
        wait_for(port, server)
        yield at.replace("tcp", "dask")


@pytest.fixture(scope="module")
def ray_variables():
    """Variables that keep a Ray to this machine and apart from every other one on it."""
    # Its sockets are files; their names may have few characters, so pytest's folders do not do.
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        yield {
            "RAY_TMPDIR": folder,
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listens on 127.0.0.1 alone
            "GRPC_ENABLE_FORK_SUPPORT": "0",  # with it, a new head may hang at its first client
        }


@pytest.fixture(scope="module")
def ray_address(ray_variables):
    port = free_port()
    options = {
        "node-ip-address": "127.0.0.1",
        "port": free_port(),
        "ray-client-server-port": port,
        "num-cpus": 2,
        "include-dashboard": "false",
        "object-store-memory": 100_000_000,
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    command = (sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", *flags)
    with process(*command, **ray_variables) as server:
        wait_for(port, server)
        yield f"ray://127.0.0.1:{port}"


def bytes_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "upside_down").glob("*.parquet")}


def derived(folder: Path, engine: str, killed: int = 0, **variables: str):
    """A process that derives the table with an engine."""
    return subprocess.run(
        [sys.executable, "-c", DERIVES, str(folder), engine, str(killed)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


@needs_dask
def test_a_dask_cluster_writes_the_same_bytes_though_a_worker_is_killed(
    tmp_path, dask_address, wanted
):
    done = derived(tmp_path, dask_address, killed=1)
    assert str(TOLD) in done.stdout, done.stderr
    assert bytes_in(tmp_path) == wanted
    assert Killed(tmp_path, 1).deaths() == 1


@needs_dask
def test_a_bucket_that_kills_every_dask_worker_ends_with_an_error(tmp_path, dask_address):
    done = derived(tmp_path, dask_address, killed=99)
    assert "KilledWorker" in done.stderr
    assert len(bytes_in(tmp_path)) == N_BUCKETS - 1


@needs_ray
def test_a_ray_cluster_writes_the_same_bytes_though_a_worker_is_killed(
    tmp_path, ray_address, ray_variables, wanted
):
    done = derived(tmp_path, ray_address, killed=1, **ray_variables)
    assert str(TOLD) in done.stdout, done.stderr
    assert bytes_in(tmp_path) == wanted
    assert Killed(tmp_path, 1).deaths() == 1


@needs_ray
def test_ray_without_an_address_is_started_for_the_run(tmp_path, ray_variables, wanted):
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        done = derived(tmp_path, "ray", **{**ray_variables, "RAY_TMPDIR": folder})
    assert str(TOLD) in done.stdout, done.stderr
    assert bytes_in(tmp_path) == wanted


@pytest.mark.parametrize(
    "scheme", [pytest.param("ray", marks=needs_ray), pytest.param("dask", marks=needs_dask)]
)
def test_a_cluster_that_does_not_answer_is_named(tmp_path, scheme):
    address = f"{scheme}://127.0.0.1:{free_port()}"
    with pytest.raises(ConnectionError, match=f"nobody answers at {re.escape(address)}"):
        run(derivation(tmp_path, FACES), Engine(address))


@pytest.mark.parametrize(("name", "extra"), [("distributed", "dask"), ("ray", "ray")])
def test_a_missing_package_is_named_with_what_installs_it(tmp_path, monkeypatch, name, extra):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=rf"emotion-pipeline\[{extra}\]"):
        run(derivation(tmp_path, FACES), Engine(f"{extra}://127.0.0.1:1"))


def test_buckets_of_a_killed_worker_process_are_tried_again(tmp_path, wanted):
    told = []
    job = derivation(tmp_path, FACES, Killed(tmp_path, 1))
    run(job, Engine("loky", 2), lambda *numbers: told.append(numbers))
    assert told == TOLD
    assert bytes_in(tmp_path) == wanted
    assert job.function.deaths() == 1


def test_a_bucket_that_always_kills_its_worker_process_ends_with_an_error(tmp_path):
    job = derivation(tmp_path, FACES, Killed(tmp_path, 99))
    with pytest.raises(WorkersDied, match=rf"{TRIALS} times, with buckets \[.*2.*\] unfinished"):
        run(job, Engine("loky", 2))
    assert job.function.deaths() == TRIALS
    assert job.target.version() is None
