"""How long a network takes for one face, alone, with one thread."""

import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
import torch
from torch import nn

from emotion_pipeline.training.predict import predict
from emotion_pipeline.training.recipe import Recipe

N_RUNS = 100
MAX_S = 2.0
"""Runs that have not begun by then are left out, but for the first."""
_N_WARM_UP = 3


class Times(NamedTuple):
    """Median and quartiles of `n` runs, in milliseconds."""

    median_ms: float
    low_ms: float
    high_ms: float
    n: int


def time_one_face(network: nn.Module, recipe: Recipe) -> Times:
    """Times of `predict` for one row of noise on the CPU, all test views of the recipe included.

    What the pixels show changes nothing of the work. Switches the network to evaluation.
    """
    given = _noise(recipe)
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return time_runs(lambda: predict(network, recipe, given, "cpu"))
    finally:
        torch.set_num_threads(n_threads)


def time_onnx(path: Path) -> Times:
    """Times of an ONNX file that takes one array of numbers, for one row of noise on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    given = np.random.default_rng(0).random((1, *taken.shape[1:]), dtype=np.float32)
    return time_runs(lambda: session.run(None, {taken.name: given}))


def time_runs(run: Callable[[], object]) -> Times:
    """Times of N_RUNS runs after a warm-up, or of as many as fit into MAX_S."""
    for _ in range(_N_WARM_UP):
        run()
    begin = time.perf_counter()
    taken_s: list[float] = []
    while len(taken_s) < N_RUNS and (not taken_s or time.perf_counter() - begin < MAX_S):
        before = time.perf_counter()
        run()
        taken_s.append(time.perf_counter() - before)
    low, median, high = np.quantile(1000 * np.array(taken_s), [0.25, 0.5, 0.75])
    return Times(float(median), float(low), float(high), len(taken_s))


def _noise(recipe: Recipe) -> tuple[np.ndarray, ...]:
    """One row as in `TrainingData.inputs`."""
    random, sizes, side_px = np.random.default_rng(0), recipe.sizes, recipe.model.input_px
    rows: list[np.ndarray] = []
    if sizes.n_channels:
        shape = (1, side_px, side_px, sizes.n_channels)
        rows.append(random.integers(0, 256, shape, dtype=np.uint8))
    if sizes.n_features:
        rows.append(random.normal(size=(1, sizes.n_features)).astype(np.float32))
    return tuple(rows)


def processor() -> str:
    """What this machine calls its processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
