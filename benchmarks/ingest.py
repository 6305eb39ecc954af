"""Raw `fer2013.csv` to usable pictures, in cold processes: the reference's way and ours.

Measured are four processes, each from its start to its end, imports included, into a new folder
each time, one after another in alternating order (A..Z, Z..A). A first round, which is not counted,
fills the page cache and a temporary cache of bytecode: as after an installation, libraries are
loaded compiled, also where PYTHONDONTWRITEBYTECODE is set.

- the reference generator: `ferplus_generator.py`, one PNG file per picture, one core
- the stage: `stages.samples.ingest` into Parquet, without Dagster
- the asset: the same through `dagster.materialize`, without its checks
- the command: `emotion-pipeline refresh samples/fer2013`, that is the asset with its blocking
  Great Expectations checks and the planning around it

The lake is empty each time. The Dagster home is new, but its database exists, as after any first
command of a project. The command's duty is more than the reference's: it also judges and profiles
what it ingested.
Wall time and CPU time (all threads and child processes) are medians. Peak memory is the highest
of all rounds, as the kernel counts it (`ru_maxrss` of `wait4`): the resident set of the largest
single process, not the sum over a process tree. Ratios compare medians of wall time.

    python benchmarks/ingest.py RAW [--rounds 3]

RAW holds `fer2013/fer2013.csv`, and `fer2013new.csv` beside it or in `ferplus/`. Temporary
folders (about 300 MB at a time) are made where TMPDIR says. Needs the extra `bench`.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

PREFIX = "EMOTION_PIPELINE_"
CLI = [sys.executable, "-c", "from emotion_pipeline.cli import main; main()"]
STAGE = """
from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.samples import ingest
print(ingest(Workspace(Settings()), get_dataset("fer2013")).summary)
"""
ASSET = """
import dagster as dg
from emotion_pipeline.orchestration.home import open_instance
from emotion_pipeline.orchestration.pipeline import build_pipeline
from emotion_pipeline.orchestration.refresh import QUIET
pipeline = build_pipeline()
with open_instance(pipeline.settings) as instance:
    made = dg.materialize(
        [*pipeline.sources, *pipeline.assets],
        selection=dg.AssetSelection.assets("samples/fer2013").without_checks(),
        instance=instance,
        run_config=QUIET,
    )
print(made.get_asset_materialization_events()[-1].materialization.metadata["summary"].value)
"""
HOME = """
from emotion_pipeline.orchestration.home import open_instance
from emotion_pipeline.settings import Settings
with open_instance(Settings()):
    pass
"""
GENERATOR = str(Path(__file__).with_name("ferplus_generator.py"))
LIBRARIES = ("numpy", "pyarrow", "pandas", "opencv-contrib-python-headless", "dagster")


@dataclass(frozen=True)
class Run:
    """One process: what it cost and what it printed."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str


def run(command: Sequence[str], variables: Mapping[str, str]) -> Run:
    """Run to the end, output and errors together; SystemExit with them where it fails."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONUTF8": "1", **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    output = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed ({process.returncode}):\n{output}")
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6, output)


@contextmanager
def bytecode_cache() -> Iterator[None]:
    """Let the runs within keep compiled modules, in a temporary folder and nowhere else."""
    with tempfile.TemporaryDirectory(prefix="bench-bytecode-") as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        yield


def fresh(raw: Path, folder: Path) -> dict[str, str]:
    """Settings of a lake and a Dagster home of their own; no other setting is inherited."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    places = {"RAW": raw.absolute(), "LAKE": folder / "lake", "DAGSTER_HOME": folder / "dagster"}
    return {PREFIX + name: str(place) for name, place in places.items()}


def raw_file(raw: Path, *names: str) -> Path:
    """The first of these files that is there; SystemExit where none is."""
    found = next((raw / name for name in names if (raw / name).is_file()), None)
    if found is None:
        raise SystemExit(f"{raw} lacks {' or '.join(names)}")
    return found


def machine(*libraries: str) -> str:
    """Date, processor, cores and versions, as a line for people."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    versions = ", ".join(f"{name} {version(name)}" for name in libraries)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {model}, {len(os.sched_getaffinity(0))} cores;"
        f" Python {platform.python_version()}; {versions}"
    )


def arguments_parser(text: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the script's docstring."""
    return argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="Besides the first.")
    arguments = parser.parse_args()
    raw = arguments.raw
    published = raw_file(raw, "fer2013/fer2013.csv")
    raw_file(raw, "ferplus/fer2013new.csv", "fer2013/fer2013new.csv")
    ways = {
        "reference generator, loose PNG files": [sys.executable, GENERATOR, str(raw.absolute())],
        "stage, without Dagster": [sys.executable, "-c", STAGE],
        "asset, through Dagster, without checks": [sys.executable, "-c", ASSET],
        "command, with Dagster and checks": [*CLI, "refresh", "samples/fer2013"],
    }
    runs: dict[str, list[Run]] = {way: [] for way in ways}
    with bytecode_cache():
        for number in range(arguments.rounds + 1):
            for way in list(ways)[:: 1 if number % 2 else -1]:
                with tempfile.TemporaryDirectory(prefix="bench-ingest-") as name:
                    os.sync()  # what the run before wrote must not be paid for by this one
                    out = [f"{name}/out"] if GENERATOR in ways[way] else []
                    places = fresh(raw, Path(name))
                    run([sys.executable, "-c", HOME], places)
                    done = run([*ways[way], *out], places)
                print(f"round {number}: {way}: {done.seconds:.2f} s", file=sys.stderr)
                print("  " + done.output.strip().replace("\n", "\n  "), file=sys.stderr)
                if number:
                    runs[way].append(done)
    report(runs, published.stat().st_size)


def report(runs: dict[str, list[Run]], n_bytes: int) -> None:
    """The Markdown table."""
    n_rounds = len(next(iter(runs.values())))
    print(f"{machine(*LIBRARIES, 'pillow')}; {n_bytes / 1e6:.0f} MB; median of {n_rounds}\n")
    print("| way | wall s | lowest–highest | CPU s | reference / this | peak MB, largest process |")
    print("|---|---|---|---|---|---|")
    reference = median(one.seconds for one in next(iter(runs.values())))
    for way, some in runs.items():
        seconds = sorted(one.seconds for one in some)
        print(
            f"| {way} | {median(seconds):.2f} | {seconds[0]:.2f}–{seconds[-1]:.2f} |"
            f" {median(one.cpu_seconds for one in some):.2f} |"
            f" {reference / median(seconds):.2f} | {max(one.peak_mb for one in some):.0f} |"
        )


if __name__ == "__main__":
    main()
