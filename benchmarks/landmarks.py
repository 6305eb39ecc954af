"""The stage `landmarks` beside the bare detector, in one process and in two.

The first rows of the real `fer2013.csv` go into a lake, as faces. Then, in alternating order:

- bare: pictures decoded beforehand, with the border that small ones get; MediaPipe's own `detect`,
  one picture after another
- the stage: pictures read from the lake, decoded, measured, judged by the gate, and written, into a
  lake without landmarks

Each with one process and with two at once, which for the bare detector share the pictures. Making
the detectors and importing libraries is outside the clock for all. Peak memory is the resident set
of the largest worker process, shared libraries included.

    python benchmarks/landmarks.py RAW MODEL_FILES [--rows 4000] [--rounds 3]

RAW holds `fer2013/fer2013.csv`, MODEL_FILES the detectors' files. Needs the extra `landmarks`.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from statistics import median

import numpy as np
from ingest import LIBRARIES, arguments_parser, machine, raw_file
from one_row import copy_rows
from workers import peak_mb, warmed

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.grayscale import to_rgb
from emotion_pipeline.landmarks.detectors import ModelPaths, detectors
from emotion_pipeline.landmarks.face_mesh import with_border
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import faces, landmarks
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.detections import model_paths
from emotion_pipeline.stages.pictures import table_of
from emotion_pipeline.stages.samples import ingest

FER2013 = get_dataset("fer2013")


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("model_files", type=Path)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-landmarks-") as name:
        copy_rows(raw_file(arguments.raw, "fer2013/fer2013.csv"), Path(name), arguments.rows)
        settings = Settings(
            lake=Path(name, "lake"), raw=Path(name, "raw"), model_files=arguments.model_files
        )
        alone = Workspace(settings.model_copy(update={"workers": 1}))
        together = Workspace(settings.model_copy(update={"workers": 2}))
        ingest(alone, FER2013)
        faces.make(alone, FER2013)
        paths = model_paths(alone)
        parts = [half(alone, 0, 1)], [half(alone, 0, 2), half(alone, 1, 2)]
        n_rows = sum(len(part) for part in parts[0])
        detectors(paths)
        memory_mb = {}
        with get_context("spawn").Pool(2) as pool:
            ways: dict[str, Callable[[], float]] = {
                "bare, 1 process": lambda: bare(pool, paths, parts[0]),
                "stage, 1 process": lambda: stage(alone, paths),
                "bare, 2 processes": lambda: bare(pool, paths, parts[1]),
                "stage, 2 processes": lambda: stage(together, paths),
            }
            seconds: dict[str, list[float]] = {way: [] for way in ways}
            for number in range(arguments.rounds):
                for way in list(ways)[:: 1 if number % 2 else -1]:
                    seconds[way].append(ways[way]())
        memory_mb["stage, 2 processes"] = peak_mb(together)
    print(
        f"{machine(*LIBRARIES, 'mediapipe')}; {n_rows:,} pictures; median of {arguments.rounds}\n"
    )
    report(seconds, n_rows, memory_mb)


def half(workspace: Workspace, start: int, step: int) -> list[bytes]:
    """The encoded face pictures, or every second one."""
    rows = table_of(workspace, FER2013, ORIGINAL).read_all(["image"])["image"].to_pylist()
    return [row["bytes"] for row in rows[start::step]]


def bare(pool: Pool, paths: ModelPaths, parts: list[list[bytes]]) -> float:
    """Seconds that the slower process takes."""
    return max(pool.starmap(_bare, [(paths, part) for part in parts], chunksize=1))


def _bare(paths: ModelPaths, encoded: list[bytes]) -> float:
    mesh = detectors(paths).mesh
    package, landmarker = mesh._mediapipe, mesh._landmarker
    pictures = [with_border(to_rgb(decode(one)))[0] for one in encoded]
    begin = time.perf_counter()
    for picture in pictures:
        kind = package.ImageFormat.SRGB
        landmarker.detect(package.Image(image_format=kind, data=np.ascontiguousarray(picture)))
    return time.perf_counter() - begin


def stage(workspace: Workspace, paths: ModelPaths) -> float:
    """Seconds of the whole stage, into a lake without landmarks."""
    shutil.rmtree(workspace.landmarks(FER2013, ORIGINAL).folder, ignore_errors=True)
    warmed(workspace, paths)
    begin = time.perf_counter()
    landmarks.make(workspace, FER2013, ORIGINAL)
    return time.perf_counter() - begin


def report(seconds: dict[str, list[float]], n_rows: int, memory_mb: dict[str, float]) -> None:
    """The Markdown table."""
    print("| way | pictures/s | lowest–highest s | / bare | / 1 process | peak MB a process |")
    print("|---|---|---|---|---|---|")
    middle = {way: median(some) for way, some in seconds.items()}
    for way, some in seconds.items():
        kind, _, processes = way.partition(", ")
        to_bare = middle[f"bare, {processes}"] / middle[way]
        to_one = middle[f"{kind}, 1 process"] / middle[way]
        memory = f"{memory_mb[way]:.0f}" if way in memory_mb else ""
        print(
            f"| {way} | {n_rows / middle[way]:.0f} | {min(some):.1f}–{max(some):.1f} |"
            f" {to_bare:.2f} | {to_one:.2f} | {memory} |"
        )


if __name__ == "__main__":
    main()
