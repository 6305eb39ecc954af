"""What looking for changes in the raw files costs: the first look, and one with nothing changed.

A tree of small files, a thousand per folder, is written below a temporary folder. Then one process
per look lists it as a dataset of picture files does and says which version it has, each of them on
its own, without imports and without Dagster:

- the first look reads every file to digest it
- a look with nothing changed lists names, sizes and times only; this is what a schedule does, every
  minute where it is told to
- a look that follows one touched file reads that file and the remembered digests

The files are in the page cache, as they have just been written. Peak memory is that of the process
(`ru_maxrss`), of which about 110 MB are libraries.

    python benchmarks/observe.py [--files 35000] [--rounds 3]

300,000 files take 1.2 GB and as many inodes where TMPDIR says.
"""

import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from ingest import LIBRARIES, Run, arguments_parser, bytecode_cache, fresh, machine, run

FOLDER, PER_FOLDER, N_BYTES = "made_up", 1000, 2000
LOOK = f"""
import time
from dataclasses import replace
from emotion_pipeline.datasets.fer2013 import DATASET
from emotion_pipeline.datasets.raw_files import listed
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.sources import observe
dataset = replace(DATASET, name="{FOLDER}", find=lambda raw: listed(raw / "{FOLDER}", ".png"))
workspace = Workspace(Settings())
begin = time.perf_counter()
found = observe(workspace, dataset)
print(f"{{len(found.files)}} files, version {{found.version}}: {{time.perf_counter() - begin}} s")
"""
ANSWER = re.compile(r"(\d+) files, version (\w+): ([\d.e-]+) s")


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("--files", type=int, default=35_000)
    parser.add_argument("--rounds", type=int, default=3, help="Besides the first.")
    arguments = parser.parse_args()
    looks: dict[str, list[Run]] = {"first": [], "nothing changed": [], "one file touched": []}
    with bytecode_cache(), tempfile.TemporaryDirectory(prefix="bench-observe-") as name:
        raw = Path(name, "raw")
        make_files(raw / FOLDER, arguments.files)
        before: dict[str, Callable[[], None]] = {"one file touched": lambda: touch(raw)}
        for number in range(arguments.rounds + 1):
            variables = fresh(raw, Path(name, str(number)))
            for what, some in looks.items():
                before.get(what, lambda: None)()
                done = run([sys.executable, "-c", LOOK], variables)
                if number:
                    some.append(done)
    report(looks, arguments.files)


def make_files(folder: Path, n_files: int) -> None:
    """Files of noise, no two alike."""
    noise = os.urandom(N_BYTES)
    for number in range(n_files):
        path = folder / f"{number // PER_FOLDER:04d}" / f"{number:07d}.png"
        if number % PER_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(b"%d %s" % (number, noise))


def touch(raw: Path) -> None:
    (raw / FOLDER / "0000" / "0000000.png").touch()


def report(looks: dict[str, list[Run]], n_files: int) -> None:
    """The Markdown table; SystemExit where two looks do not agree."""
    found = {what: [answer(one.output) for one in some] for what, some in looks.items()}
    seen = {(n, version) for answers in found.values() for n, version, _ in answers}
    if len(seen) != 1 or next(iter(seen))[0] != n_files:
        raise SystemExit(f"the looks do not agree: {seen}")
    n_rounds = len(looks["first"])
    print(f"{machine(*LIBRARIES)}; {n_files:,} files; median of {n_rounds}\n")
    print("| look | s | lowest–highest | peak MB |")
    print("|---|---|---|---|")
    for what, answers in found.items():
        seconds = sorted(one for _, _, one in answers)
        peak_mb = max(one.peak_mb for one in looks[what])
        spread = f"{seconds[0]:.2f}–{seconds[-1]:.2f}"
        print(f"| {what} | {median(seconds):.2f} | {spread} | {peak_mb:.0f} |")


def answer(output: str) -> tuple[int, str, float]:
    """Number of files, version and seconds."""
    found = ANSWER.search(output)
    if found is None:
        raise SystemExit(f"no answer in the output:\n{output}")
    return int(found[1]), found[2], float(found[3])


if __name__ == "__main__":
    main()
