"""Datasets of picture files into the lake, in cold processes, beside bare decoding.

For each dataset, each from its start to its end, imports included, one after another:

- bare decoding: every picture read and decoded to gray with OpenCV on one thread, nothing kept
- the stage: `stages.samples.ingest` into a new lake, with the first look at the raw files: listing
  and digesting them, the decode proof, the Parquet tables
- the stage again, with nothing changed

A first round is not counted: it fills the page cache and a temporary cache of bytecode. Times are
medians; peak memory is the highest of all rounds (`ru_maxrss`).

    python benchmarks/ingest_pictures.py RAW [--datasets kdef affectnet] [--rounds 3]

RAW has a folder per dataset, in a published layout. Needs about the size of the datasets where
TMPDIR says.
"""

import re
import sys
import tempfile
from pathlib import Path
from statistics import median

from ingest import LIBRARIES, STAGE, Run, arguments_parser, bytecode_cache, fresh, machine, run

BARE = """
import sys
import cv2
import numpy as np
from pathlib import Path
from emotion_pipeline.datasets import get_dataset
cv2.setNumThreads(1)
files = [file for file in get_dataset({name!r}).find(Path({raw!r})) if file.is_picture]
for file in files:
    data = Path(file.path).read_bytes()
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) is not None
print(f"{{len(files)}} of {{len(files)}} rows")
"""
ROWS = re.compile(r"of ([\d,]+) rows")


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("--datasets", nargs="+", default=["kdef", "affectnet"])
    parser.add_argument("--rounds", type=int, default=3, help="Besides the first.")
    arguments = parser.parse_args()
    print(f"{machine(*LIBRARIES)}; median of {arguments.rounds}\n")
    print(
        "| dataset | what | wall s | lowest–highest | pictures/s | / bare, one thread | peak MB |"
    )
    print("|---|---|---|---|---|---|---|")
    with bytecode_cache():
        for name in arguments.datasets:
            report(name, measure(name, arguments.raw.absolute(), arguments.rounds))


def measure(name: str, raw: Path, n_rounds: int) -> dict[str, list[Run]]:
    stage = [sys.executable, "-c", STAGE.replace('"fer2013"', repr(name))]
    ways = {
        "bare decoding": [sys.executable, "-c", BARE.format(name=name, raw=str(raw))],
        "ingestion": stage,
        "nothing changed": stage,
    }
    runs: dict[str, list[Run]] = {way: [] for way in ways}
    for number in range(n_rounds + 1):
        with tempfile.TemporaryDirectory(prefix="bench-pictures-") as folder:
            variables = fresh(raw, Path(folder))
            for way, command in ways.items():
                done = run(command, variables)
                print(f"round {number}: {name}: {way}: {done.seconds:.2f} s", file=sys.stderr)
                if number:
                    runs[way].append(done)
    return runs


def report(name: str, runs: dict[str, list[Run]]) -> None:
    """The lines of one dataset in the Markdown table."""
    bare = median(one.seconds for one in runs["bare decoding"])
    for way, some in runs.items():
        found = ROWS.search(some[0].output)
        n_rows = int(found[1].replace(",", "")) if found else 0
        seconds = sorted(one.seconds for one in some)
        middle = median(seconds)
        print(
            f"| {name} | {way} | {middle:.2f} | {seconds[0]:.2f}–{seconds[-1]:.2f} |"
            f" {n_rows / middle:,.0f} | {bare / middle:.2f} |"
            f" {max(one.peak_mb for one in some):.0f} |"
        )


if __name__ == "__main__":
    main()
