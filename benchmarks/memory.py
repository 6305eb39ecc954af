"""Whether the memory of the stages grows with the number of pictures.

Rows of the real `fer2013.csv`, again and again where it takes more, go into a new lake; their faces
are degraded (`old_photo-3`) and measured (landmarks) by two worker processes. Each number of rows
has processes of its own. Printed is the largest resident set that any worker, and the process that
starts them, has had by then (`VmHWM`, shared libraries included).

    python benchmarks/memory.py RAW MODEL_FILES [--rows 5000 50000]

RAW holds `fer2013/fer2013.csv`, MODEL_FILES the detectors' files. Needs the extra `landmarks`.
50,000 rows take five minutes.
"""

import sys
import tempfile
from itertools import chain, cycle, islice, repeat
from pathlib import Path

from ingest import (
    LIBRARIES,
    PREFIX,
    arguments_parser,
    bytecode_cache,
    fresh,
    machine,
    raw_file,
    run,
)

WORK = """
import sys
sys.path.insert(0, {folder!r})
from workers import own_peak_mb, peak_mb
from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import faces, landmarks, pictures, samples
from emotion_pipeline.stages.base import Workspace
workspace, fer2013 = Workspace(Settings()), get_dataset("fer2013")
samples.ingest(workspace, fer2013)
print("ingestion, in threads", 0, own_peak_mb())
faces.make(workspace, fer2013)
pictures.make_degraded(workspace, fer2013, "old_photo-3")
print("old_photo-3", peak_mb(workspace), own_peak_mb())
landmarks.make(workspace, fer2013, "original")
print("landmarks", peak_mb(workspace), own_peak_mb())
"""


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("model_files", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[5000, 50_000])
    arguments = parser.parse_args()
    published = raw_file(arguments.raw, "fer2013/fer2013.csv")
    print(f"{machine(*LIBRARIES, 'mediapipe')}\n")
    print("| rows | after | largest worker, MB | the process that starts them, MB |")
    print("|---|---|---|---|")
    with bytecode_cache():
        for n_rows in arguments.rows:
            with tempfile.TemporaryDirectory(prefix="bench-memory-") as name:
                write_rows(published, Path(name, "raw", "fer2013", "fer2013.csv"), n_rows)
                variables = fresh(Path(name, "raw"), Path(name))
                variables[f"{PREFIX}MODEL_FILES"] = str(arguments.model_files.absolute())
                variables[f"{PREFIX}WORKERS"] = "2"
                work = WORK.format(folder=str(Path(__file__).parent))
                for line in run([sys.executable, "-c", work], variables).output.splitlines():
                    stage, worker, own = line.rsplit(" ", 2)
                    worker_mb = f"{float(worker):.0f}" if float(worker) else ""
                    print(f"| {n_rows:,} | {stage} | {worker_mb} | {float(own):.0f} |")


def write_rows(published: Path, copy: Path, n_rows: int) -> None:
    """The header and so many rows, from the first again after the last."""
    copy.parent.mkdir(parents=True)
    with published.open("rb") as source, copy.open("wb") as target:
        header, *rows = source
        target.writelines(chain(repeat(header, 1), islice(cycle(rows), n_rows)))


if __name__ == "__main__":
    main()
