"""What `emotion-pipeline` costs where there is nothing to do, on a lake that is complete.

Measured, as medians of five: `--help` as a whole process, and which heavy libraries it imports;
a refresh with nothing to do as a whole process; and within it the time of computing what is stale,
which the command prints in parentheses. `status` is run first: where it finds anything to make,
the benchmark stops, so that it never starts the work of hours. Libraries are loaded compiled, as
after an installation: one run of each command goes before, uncounted.

    python benchmarks/refresh.py [RAW LAKE --home DAGSTER_HOME] [--rounds 5]

What is not given is taken from EMOTION_PIPELINE_RAW, _LAKE and _DAGSTER_HOME; the other settings,
such as _RECIPES, have to be those that the lake was made with. Apart from what a refresh notes
about itself, nothing is written.
"""

import os
import re
import sys
from pathlib import Path
from statistics import median

from ingest import CLI, LIBRARIES, PREFIX, arguments_parser, bytecode_cache, machine, run

HEAVY = ("torch", "tensorflow", "great_expectations", "mediapipe", "pandas", "dagster")
IMPORTED = f"""
import sys
from emotion_pipeline.cli import main
main(["--help"], standalone_mode=False)
print("imported:", *(name for name in {HEAVY} if name in sys.modules))
"""
PLAN = re.compile(r"^(\d+) of (\d+) asset partitions are missing or stale.* \(([\d.]+) s\)", re.M)


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("raw", nargs="?", default=os.environ.get(f"{PREFIX}RAW"))
    parser.add_argument("lake", nargs="?", default=os.environ.get(f"{PREFIX}LAKE"))
    parser.add_argument("--home", default=os.environ.get(f"{PREFIX}DAGSTER_HOME"))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    variables = {}
    for name, place in {
        "RAW": arguments.raw,
        "LAKE": arguments.lake,
        "DAGSTER_HOME": arguments.home,
    }.items():
        if place is None or not Path(place).is_dir():
            raise SystemExit(f"no folder for {name}: {place}; give it, or set {PREFIX}{name}")
        variables[PREFIX + name] = str(Path(place).absolute())

    with bytecode_cache():
        plan = run([*CLI, "status"], variables).output
        n_due, n_all, _ = planned(plan)
        if n_due:
            raise SystemExit(f"{n_due} of {n_all} asset partitions are due: refresh first")
        imported = run([sys.executable, "-c", IMPORTED], variables).output.splitlines()[-1]
        helps, refreshes = (
            [run([*CLI, word], variables) for _ in range(arguments.rounds + 1)][1:]
            for word in ("--help", "refresh")
        )
    did_more = [one.output for one in refreshes if "\nnothing to do\n" not in one.output]
    if did_more:
        raise SystemExit(f"a refresh found something to do:\n{did_more[0]}")
    stale = [planned(one.output)[2] for one in refreshes]

    print(f"{machine(*LIBRARIES)}; {n_all} asset partitions; median of {arguments.rounds}\n")
    print("| what | wall s | lowest–highest | peak MB |")
    print("|---|---|---|---|")
    for what, runs in {"`--help`": helps, "`refresh`, nothing to do": refreshes}.items():
        peak_mb = max(one.peak_mb for one in runs)
        print(f"| {what} | {spread([one.seconds for one in runs])} | {peak_mb:.0f} |")
    print(f"| of that, computing what is stale | {spread(stale)} | |")
    names = imported.removeprefix("imported:").split()
    absent = re.findall(r"^  not there: (.+)$", plan, re.M)
    print(f"\nWithout raw files, so never made: {', '.join(absent) or 'none'}.")
    print(f"Of {', '.join(HEAVY)}, `--help` imports: {', '.join(names) or 'none'}.")


def planned(output: str) -> tuple[int, int, float]:
    """Partitions due, partitions in all, and the seconds that it took to tell."""
    found = PLAN.search(output)
    if found is None:
        raise SystemExit(f"no plan in the output:\n{output}")
    return int(found[1]), int(found[2]), float(found[3])


def spread(seconds: list[float]) -> str:
    """Two cells: the median, and the range."""
    return f"{median(seconds):.2f} | {min(seconds):.2f}–{max(seconds):.2f}"


if __name__ == "__main__":
    main()
