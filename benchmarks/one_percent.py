"""One percent of KDEF's pictures comes later: what `refresh landmarks/kdef[original]` does again.

A copy of RAW/KDEF without every hundredth picture goes through the whole chain (samples, faces,
landmarks and what is between them), as one command into a new lake. Then the other pictures are
added and the command is repeated, which may compute only their rows. Printed are the times of each
table and of the whole commands, as the commands print them.

The third column is a bare loop: the same stages called one after another in one process of Python,
without Dagster, into another new lake. It shows what the orchestration adds. Libraries are loaded
compiled, as after an installation: a refresh of few pictures goes before, uncounted.

    python benchmarks/one_percent.py RAW MODEL_FILES

RAW holds `KDEF/` with the published names, MODEL_FILES the detectors' files. Needs the extra
`landmarks`, a few minutes, and about 2 GB where TMPDIR says.
"""

import re
import shutil
import sys
import tempfile
from pathlib import Path

from ingest import (
    CLI,
    LIBRARIES,
    PREFIX,
    Run,
    arguments_parser,
    bytecode_cache,
    fresh,
    machine,
    run,
)

KEYS = ("samples", "detections", "faces", "grayscale", "landmarks")
N_WARM = 70
TARGET = "landmarks/kdef[original]"
TABLE = re.compile(
    r"^✓ (\w+)/kdef\S*  ([\d.]+) s  \d+ of \d+ buckets rewritten, ([\d,]+) of ([\d,]+) rows", re.M
)
BARE = """
import time
from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import detections, faces, landmarks, pictures, samples, validation
from emotion_pipeline.stages.base import Workspace
workspace, kdef = Workspace(Settings()), get_dataset("kdef")
for name, make in {
    "samples": lambda: (samples.ingest(workspace, kdef), validation.check(workspace, kdef))[0],
    "detections": lambda: detections.make(workspace, kdef),
    "faces": lambda: faces.make(workspace, kdef),
    "grayscale": lambda: pictures.make_grayscale(workspace, kdef),
    "landmarks": lambda: landmarks.make(workspace, kdef, "original"),
}.items():
    begin = time.perf_counter()
    made = make()
    print(f"✓ {name}/kdef  {time.perf_counter() - begin:.1f} s  {made.summary}")
"""


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("model_files", type=Path)
    arguments = parser.parse_args()
    pictures = sorted((arguments.raw / "KDEF").rglob("*.JPG"))
    late = pictures[::100]
    with bytecode_cache(), tempfile.TemporaryDirectory(prefix="bench-one-percent-") as name:
        folder = Path(name)
        copy(sorted(set(pictures) - set(late)), arguments.raw, folder / "raw")
        command = [*CLI, "refresh", TARGET]
        copy(pictures[:N_WARM], arguments.raw, folder / "warm" / "raw")
        run(command, settings(folder / "warm" / "raw", folder / "warm", arguments.model_files))
        variables = settings(folder / "raw", folder / "refresh", arguments.model_files)
        run([*CLI, "status"], variables)  # makes Dagster's database
        whole = run(command, variables)
        copy(late, arguments.raw, folder / "raw")
        added = run(command, variables)
        variables = settings(folder / "raw", folder / "bare", arguments.model_files)
        bare = run([sys.executable, "-c", BARE], variables)
    report({"all but 1 %": whole, "1 % added": added, "bare loop, all": bare}, len(pictures))


def copy(pictures: list[Path], raw: Path, to: Path) -> None:
    for picture in pictures:
        target = to / picture.relative_to(raw)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture, target)


def settings(raw: Path, folder: Path, model_files: Path) -> dict[str, str]:
    extra = {"MODEL_FILES": model_files.absolute(), "PARTIAL": "kdef"}
    return fresh(raw, folder) | {PREFIX + name: str(value) for name, value in extra.items()}


def report(runs: dict[str, Run], n_pictures: int) -> None:
    """The Markdown table."""
    tables = {
        way: {name: (float(s), n) for name, s, n, _ in TABLE.findall(one.output)}
        for way, one in runs.items()
    }
    print(f"{machine(*LIBRARIES, 'mediapipe')}; {n_pictures:,} pictures of 562×762\n")
    ways = list(runs)
    print(f"| table | {' | '.join(f'{way}, s (rows computed)' for way in ways)} | added / all |")
    print(f"|---|{'---|' * (len(ways) + 1)}")
    for key in KEYS:
        cells = [f"{tables[way][key][0]:.1f} ({tables[way][key][1]})" for way in ways]
        share = tables[ways[1]][key][0] / tables[ways[0]][key][0]
        print(f"| {key} | {' | '.join(cells)} | {share:.1%} |")
    share = runs[ways[1]].seconds / runs[ways[0]].seconds
    cells = [f"{runs[way].seconds:.1f}" for way in ways]
    print(f"| whole process | {' | '.join(cells)} | {share:.1%} |")
    over = runs[ways[0]].seconds / runs[ways[2]].seconds - 1
    print(f"\norchestration: the whole refresh takes {over:+.1%} of the bare loop's time")


if __name__ == "__main__":
    main()
