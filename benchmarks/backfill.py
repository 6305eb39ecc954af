"""Fifty small partitions: by `emotion-pipeline refresh`, and by a backfill of Dagster's daemon.

Both make the same degraded pictures of drawn faces, from copies of one lake. The backfill is
launched as the UI does it, through the GraphQL interface of a running `emotion-pipeline ui`.

Start-up stands apart: of the command the process start and the plan, of the backfill the time until
its run has begun (the daemon looks for new backfills every half minute). Compared is what is left,
the work on the partitions: the sum of the command's own times, and begin to end of the runs.

    python benchmarks/backfill.py [--n 400] [--rounds 1]

Needs the extra `bench`. Temporary folders are made where TMPDIR says.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from ingest import CLI, arguments_parser, bytecode_cache, fresh, machine, run

from emotion_pipeline.domains import DEGRADED

KEY = "degraded/fer2013"
DOMAINS = list(DEGRADED[:50])
MADE = re.compile(r"^(\d+) asset partitions made in ([\d.]+) s", re.M)
START_S = 180
BACKFILL_S = 1800
ALIVE = "{ version }"
LAUNCH = """
mutation ($what: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $what) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
STATE = """
query ($id: String!) {
  partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status runs(limit: 100) { startTime endTime } }
  }
}
"""


@dataclass(frozen=True)
class Took:
    """One way of making all partitions."""

    whole_s: float
    work_s: float
    n_runs: int


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("--n", type=int, default=400, help="Drawn faces.")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    # A process in the background ignores interrupts, and so would the server, which ends by one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    found: dict[str, list[Took]] = {"refresh": [], "backfill": []}
    with bytecode_cache(), tempfile.TemporaryDirectory(prefix="bench-backfill-") as name:
        folder = Path(name)
        run([*CLI, "sample", str(folder / "raw"), "fer2013", "--n", str(arguments.n)], {})
        places = fresh(folder / "raw", folder / "start")
        run([*CLI, "refresh", "faces/fer2013"], places)
        for number in range(arguments.rounds):
            for way, make in {"refresh": by_refresh, "backfill": by_backfill}.items():
                copy = folder / f"{way}-{number}"
                shutil.copytree(folder / "start", copy)
                found[way].append(make(fresh(folder / "raw", copy), copy))
                print(f"round {number}: {way}: {found[way][-1]}", file=sys.stderr)
                shutil.rmtree(copy)
    report(found, arguments.n)


def by_refresh(places: dict[str, str], _: Path) -> Took:
    done = run([*CLI, "refresh", f"{KEY}[{', '.join(DOMAINS)}]"], places)
    told = MADE.search(done.output)
    if told is None or int(told[1]) != len(DOMAINS):
        raise SystemExit(f"not exactly {len(DOMAINS)} partitions were made:\n{done.output}")
    return Took(done.seconds, float(told[2]), len(DOMAINS))


def by_backfill(places: dict[str, str], folder: Path) -> Took:
    with server(places, folder / "server.log") as url:
        what = {"assetSelection": [{"path": KEY.split("/")}], "partitionNames": DOMAINS}
        begin = time.perf_counter()
        launched = ask(url, LAUNCH, what=what)["launchPartitionBackfill"]
        if "backfillId" not in launched:
            raise SystemExit(f"the backfill was refused: {launched}")
        while time.perf_counter() - begin < BACKFILL_S:
            time.sleep(0.5)
            state = ask(url, STATE, id=launched["backfillId"])["partitionBackfillOrError"]
            if state["status"] == "COMPLETED_SUCCESS":
                runs = state["runs"]
                ends = [one["endTime"] for one in runs]
                work_s = max(ends) - min(one["startTime"] for one in runs)
                return Took(time.perf_counter() - begin, work_s, len(runs))
            if "FAIL" in state["status"] or "CANCEL" in state["status"]:
                raise SystemExit(f"the backfill ended as {state['status']}")
    raise SystemExit(f"the backfill was not done after {BACKFILL_S} s")


@contextmanager
def server(places: dict[str, str], log: Path) -> Iterator[str]:
    """A running UI and daemon; the address of its GraphQL interface."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/graphql"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*CLI, "ui", "--port", str(port)],
            env={**os.environ, **places},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(url, log)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START_S)


def _wait_for(url: str, log: Path) -> None:
    begin = time.perf_counter()
    while time.perf_counter() - begin < START_S:
        try:
            ask(url, ALIVE)
            return
        except (URLError, OSError):
            time.sleep(0.5)
    raise SystemExit(f"no answer from {url}:\n{log.read_text()[-2000:]}")


def ask(url: str, query: str, **variables: Any) -> Any:
    """The data of a GraphQL answer; SystemExit with its errors."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    with urlopen(Request(url, body, {"Content-Type": "application/json"}), timeout=60) as reply:  # noqa: S310
        answer = json.load(reply)
    if answer.get("errors"):
        raise SystemExit(f"{url}: {answer['errors']}")
    return answer["data"]


def report(found: dict[str, list[Took]], n: int) -> None:
    """The Markdown table."""
    n_rounds = len(found["refresh"])
    print(f"{machine('dagster')}; {len(DOMAINS)} partitions of {n} faces; median of {n_rounds}\n")
    print("| way | Dagster runs | work s | / refresh | whole s, start-up included |")
    print("|---|---|---|---|---|")
    reference = median(one.work_s for one in found["refresh"])
    for way, some in found.items():
        work_s = median(one.work_s for one in some)
        whole_s = median(one.whole_s for one in some)
        ratio = work_s / reference
        print(f"| {way} | {some[0].n_runs} | {work_s:.1f} | {ratio:.2f} | {whole_s:.1f} |")


if __name__ == "__main__":
    main()
