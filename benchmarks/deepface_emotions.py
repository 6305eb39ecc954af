"""DeepFace's emotion model: its own package, this project's way, and the bare network.

The first pictures of the real `fer2013.csv`, 48 x 48 gray, are predicted

- by the package with its ONNX engine: `DeepFace.analyze` without a detector, one by one
- by the project: `foreign.deepface_emotions.probabilities`, all at once
- by the bare network: ONNX Runtime alone, in as many pictures at a time, prepared beforehand
- by the package with its TensorFlow engine, where that is installed and
  `facial_expression_model_weights.h5` lies beside the ONNX file

each in a process of its own on one core, in alternating order; a first round, which fills the page
cache and a cache of bytecode, is not counted. Rates are by CPU time, which other work on the
machine changes least; the package's session has a second thread that waits by spinning, which is
part of its price. Import includes loading the model and predicting one picture. Peak memory is
`ru_maxrss` of the process. Agreement is the share of pictures with the same most probable emotion
as by the package with the same weights.

    python benchmarks/deepface_emotions.py RAW MODEL_FILES [--rows 2000] [--rounds 5]

RAW holds `fer2013/fer2013.csv`, MODEL_FILES the file `facial_expression_model_weights.onnx`. Needs
the package `deepface`.
"""

import csv
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from ingest import arguments_parser, bytecode_cache, machine, raw_file, run

ONNX, TENSORFLOW = (f"facial_expression_model_weights.{kind}" for kind in ("onnx", "h5"))
PACKAGE, OURS, BARE, REFERENCE = (
    "the package, ONNX, one by one",
    "the project",
    "the bare network",
    "the package, TensorFlow, one by one",
)
ENGINES = {PACKAGE: "onnx", REFERENCE: "tensorflow"}
ITS_NAMES = {"angry": "anger", "happy": "happiness", "sad": "sadness"}

Predict = Callable[[], list[str]]


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("raw", type=Path)
    parser.add_argument("model_files", type=Path)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5, help="Besides the first.")
    parser.add_argument("--only", help="One way, in this process: prints JSON.")
    arguments = parser.parse_args()
    published = raw_file(arguments.raw, "fer2013/fer2013.csv")
    raw_file(arguments.model_files, ONNX)
    if arguments.only:
        print(json.dumps(measured(arguments.only, published, arguments.rows)))
        return
    ways = [PACKAGE, OURS, BARE]
    if find_spec("tensorflow") and (arguments.model_files / TENSORFLOW).exists():
        ways.append(REFERENCE)
    found: dict[str, list[Measured]] = {way: [] for way in ways}
    with bytecode_cache(), tempfile.TemporaryDirectory(prefix="bench-deepface-") as home:
        weights = Path(home, ".deepface", "weights")
        weights.mkdir(parents=True)
        for path in (arguments.model_files / ONNX, arguments.model_files / TENSORFLOW):
            if path.exists():
                shutil.copy(path, weights)
        command = [sys.executable, __file__, *sys.argv[1:]]
        for number in range(arguments.rounds + 1):
            for way in ways[:: 1 if number % 2 else -1]:
                engine = {"DEEPFACE_BACKEND_ENGINE": ENGINES.get(way, "onnx")}
                done = run([*command, "--only", way], {"DEEPFACE_HOME": home, **engine})
                values = json.loads(done.output.splitlines()[-1])
                if number:
                    found[way].append(Measured(**values, peak_mb=done.peak_mb))
    report(found, arguments.rows)


@dataclass(frozen=True)
class Measured:
    """One process: CPU and wall seconds, the most probable emotion of every picture, memory."""

    import_s: float
    cpu_s: float
    wall_s: float
    emotions: list[str]
    peak_mb: float


def measured(way: str, published: Path, n_rows: int) -> dict[str, Any]:
    """Run one way on one core; what `Measured` takes but the memory."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    pictures = first_pictures(published, n_rows)
    weights = Path(os.environ["DEEPFACE_HOME"], ".deepface", "weights", ONNX)
    begin = time.perf_counter()
    predict = {OURS: ours, BARE: bare}.get(way, package)(weights, pictures)
    loaded, cpu = time.perf_counter(), time.process_time()
    emotions = predict()
    return {
        "import_s": loaded - begin,
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - loaded,
        "emotions": emotions,
    }


def first_pictures(published: Path, n_rows: int) -> list[np.ndarray]:
    """(48, 48) uint8 of the first rows."""
    with published.open(newline="") as file:
        rows = islice(csv.DictReader(file), n_rows)
        return [np.array(row["pixels"].split(), np.uint8).reshape(48, 48) for row in rows]


def ours(weights: Path, pictures: list[np.ndarray]) -> Predict:
    from emotion_pipeline.foreign.deepface_emotions import EMOTIONS, probabilities

    probabilities(weights, pictures[:1])
    return lambda: [EMOTIONS[place] for place in probabilities(weights, pictures).argmax(axis=1)]


def bare(weights: Path, pictures: list[np.ndarray]) -> Predict:
    import onnxruntime

    from emotion_pipeline.foreign.deepface_emotions import BATCH, OUTPUTS, prepared

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    given = np.stack([prepared(picture) for picture in pictures])[..., np.newaxis]
    session.run(None, {name: given[:1]})

    def predict() -> list[str]:
        starts = range(0, len(given), BATCH)
        found = [session.run(None, {name: given[start : start + BATCH]})[0] for start in starts]
        return [OUTPUTS[place] for place in np.concatenate(found).argmax(axis=1)]

    return predict


def package(_: Path, pictures: list[np.ndarray]) -> Predict:
    from deepface import DeepFace

    three_channels = [np.dstack([picture] * 3) for picture in pictures]
    asked = {"actions": ["emotion"], "detector_backend": "skip", "silent": True}
    DeepFace.analyze(three_channels[0], **asked)

    def predict() -> list[str]:
        answers = (DeepFace.analyze(picture, **asked)[0] for picture in three_channels)
        return [ITS_NAMES.get(one["dominant_emotion"], one["dominant_emotion"]) for one in answers]

    return predict


def report(found: dict[str, list[Measured]], n_rows: int) -> None:
    """The Markdown table."""
    n_rounds = len(found[OURS])
    libraries = ("numpy", "opencv-contrib-python-headless", "onnxruntime", "deepface")
    print(f"{machine(*libraries)}; {n_rows:,} pictures, one core; median of {n_rounds}\n")
    print("| way | pictures/CPU s | wall s | / package | / bare | import s | peak MB | agree |")
    print("|---|---|---|---|---|---|---|---|")
    middle = {way: median(one.cpu_s for one in some) for way, some in found.items()}
    theirs = found[PACKAGE][0].emotions
    for way, some in found.items():
        seconds = sorted(one.wall_s for one in some)
        same = np.mean([one == other for one, other in zip(some[0].emotions, theirs, strict=True)])
        print(
            f"| {way} | {n_rows / middle[way]:.0f} | {seconds[0]:.2f}–{seconds[-1]:.2f} |"
            f" {middle[PACKAGE] / middle[way]:.2f} | {middle[BARE] / middle[way]:.2f} |"
            f" {median(one.import_s for one in some):.2f} |"
            f" {max(one.peak_mb for one in some):.0f} | {same:.2%} |"
        )


if __name__ == "__main__":
    main()
