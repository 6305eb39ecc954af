"""Pictures per second of one recipe's network: in torch, and as the ONNX file made of it.

The weights are drawn, not trained, which changes nothing of the work. Both take uint8 pictures of
the network's size and give probabilities, in this process, on as many threads as are asked for;
torch predicts one view, in channels-last layout. Rounds of both alternate; the median counts.

    OMP_NUM_THREADS=1 python benchmarks/onnx_inference.py [--recipe NAME] [--threads 1] [--rounds 7]
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch

from emotion_pipeline.apps.onnx_model import OnnxModel
from emotion_pipeline.training import models
from emotion_pipeline.training.export import export
from emotion_pipeline.training.predict import predict
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import FOLDER, load

BATCH_SIZES = (1, 64)
ROUND_S = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--recipe", default="ferplus_cnn5")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    recipe = load(FOLDER / f"{arguments.recipe}.yaml")
    if not isinstance(recipe, Recipe) or recipe.data.features or not recipe.data.n_channels:
        parser.error(f"{arguments.recipe} is no recipe of an emotion model of pictures alone")
    print(f"{arguments.recipe}, {arguments.threads} threads, {arguments.rounds} rounds")
    print("| pictures at once | torch | onnxruntime | ratio |\n| ---: | ---: | ---: | ---: |")
    for batch_size, (in_torch, in_onnx) in measured(recipe, arguments.threads, arguments.rounds):
        print(
            f"| {batch_size} | {in_torch:,.0f} pictures/s | {in_onnx:,.0f} pictures/s |"
            f" {in_onnx / in_torch:.2f} |"
        )


def measured(recipe: Recipe, n_threads: int, n_rounds: int) -> list[tuple[int, list[float]]]:
    """Pictures per second of torch and of onnxruntime, by how many are given at once."""
    torch.manual_seed(1)
    network = models.build(recipe.model.name, recipe.model, recipe.sizes).eval()
    one_view = recipe.model_copy(update={"test_views": "one"})
    side_px, n_channels = recipe.model.input_px, recipe.data.n_channels
    shape = (max(BATCH_SIZES), side_px, side_px, n_channels)
    pictures = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    with tempfile.TemporaryDirectory(prefix="bench-onnx-") as folder:
        path = Path(folder, "model.onnx")
        export(network, recipe, {"seed": 1}, path, (pictures,))
        model = OnnxModel.open(path, n_threads)
    found = []
    for n in BATCH_SIZES:
        batch = pictures[:n]
        listed = list(batch.squeeze(3) if n_channels == 1 else batch)
        ways: list[Callable[[], object]] = [
            partial(predict, network, one_view, (batch,), "cpu"),
            partial(model.predict, listed),
        ]
        rounds = [[rate(way, n) for way in ways] for _ in range(n_rounds)]
        found.append((n, [median(rates) for rates in zip(*rounds, strict=True)]))
    return found


def rate(way: Callable[[], object], n_pictures: int) -> float:
    """Pictures per second over about a second."""
    way()
    begin, n_calls = time.perf_counter(), 0
    while (taken := time.perf_counter() - begin) < ROUND_S:
        way()
        n_calls += 1
    return n_calls * n_pictures / taken


if __name__ == "__main__":
    main()
