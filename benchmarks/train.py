"""Training pictures per second: this package's `fit` beside a plain PyTorch loop of the usual kind.

Both train the same network of a recipe on the same pictures, on the same device, and see as much
augmentation. The plain loop is the one of tutorials and notebooks: PNG files opened with PIL one by
one, torchvision's transforms, a DataLoader with as many workers as there are cores, float32. `fit`
is what `emotion-pipeline train` runs, with everything that it does besides: the recipe's precision,
averaged weights, curves, and a validation of 128 pictures. What it does once per training, decoding
every picture, and the checkpoint after its only epoch here are left out.

- "waiting" is the share of the time in which the training step waits for data.
- "of the matrix rate" is the share of what this device reaches in multiplying large matrices in the
  precision of that way; multiplications and additions of forward and backward pass are counted.

Rounds alternate; medians are given. On a GPU a first round, in which its libraries get ready, is
not counted.

    python benchmarks/train.py [--faces FILE] [--recipe ferplus_cnn5] [--rows 4096] [--processes 1]

FILE is a Parquet table with a column `png` (FER2013), else faces are drawn.
"""

import logging
import math
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow.parquet as pq
import torch
from ingest import arguments_parser, machine
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode
from torchvision import transforms

from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.imaging.codec import decode_gray, encode_png
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.training import fit as training
from emotion_pipeline.training import models
from emotion_pipeline.training.data import Batch, Examples, TrainingData, square_pictures
from emotion_pipeline.training.policies import POLICIES
from emotion_pipeline.training.precision import precision_on
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import FOLDER, load
from emotion_pipeline.training.trainer import Hardware

LIBRARIES = ("torch", "torchvision", "lightning", "pillow")
N_VALIDATED = 128


def main() -> None:
    parser = arguments_parser(__doc__)
    parser.add_argument("--faces", type=Path)
    parser.add_argument("--recipe", default="ferplus_cnn5")
    parser.add_argument("--rows", type=int, help="4096, or 28672 on a GPU")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=1, help="that `fit` trains with together")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    on_gpu = arguments.device.startswith("cuda")
    n_untimed = 1 if on_gpu else 0
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    recipe = load(FOLDER / f"{arguments.recipe}.yaml")
    if not isinstance(recipe, Recipe) or recipe.data.n_channels != 1 or recipe.data.features:
        parser.error(f"{arguments.recipe} is no recipe of an emotion model of gray pictures")
    faces = _faces(arguments.faces, arguments.rows or (28672 if on_gpu else 4096))
    ways: dict[str, Callable[..., tuple[float, float]]] = {
        "plain loop": _plain_loop,
        "fit": partial(_fit, n_processes=arguments.processes),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    with tempfile.TemporaryDirectory() as folder:
        for number, face in enumerate(faces):
            (Path(folder) / f"{number}.png").write_bytes(face)
        for number in range(n_untimed + arguments.rounds):
            for name in ways if number % 2 == 0 else reversed(ways):
                found[name].append(ways[name](recipe, Path(folder), faces, arguments.device))
    found = {name: several[n_untimed:] for name, several in found.items()}
    flops = _flops_per_picture(recipe)
    print(
        f"{machine(*LIBRARIES)}; {arguments.recipe}, {len(faces):,} pictures, {arguments.device},"
        f" {arguments.processes} processes"
    )
    print("| way | pictures/s | lowest–highest | plain loop = 1 | waiting | of the matrix rate |")
    print("|---|---|---|---|---|---|")
    reference = median(rate for rate, _ in found["plain loop"])
    for name, precision in (
        ("plain loop", torch.float32),
        ("fit", _precision(recipe, arguments.device)),
    ):
        rates = [rate for rate, _ in found[name]]
        rate, waiting = median(rates), median(share for _, share in found[name])
        used = rate * flops / _matrix_rate(precision, arguments.device)
        print(
            f"| {name} | {rate:,.0f} | {min(rates):,.0f}–{max(rates):,.0f} |"
            f" {rate / reference:.2f} | {'–' if math.isnan(waiting) else f'{waiting:.1%}'} |"
            f" {used:.1%} |"
        )


def _faces(path: Path | None, n: int) -> list[bytes]:
    """PNG files of gray faces, 48 x 48."""
    if path is not None:
        return [png.as_py() for png in pq.read_table(path, columns=["png"])["png"][:n]]
    random = np.random.default_rng(1)
    return [encode_png(draw_face(EMOTIONS[i % len(EMOTIONS)], random)) for i in range(n)]


def _fit(
    recipe: Recipe, _: Path, faces: list[bytes], device: str, *, n_processes: int
) -> tuple[float, float]:
    pictures = square_pictures(map(decode_gray, faces), recipe.model.input_px)
    targets = np.eye(len(recipe.emotions), dtype=np.float32)[_classes(recipe, len(faces))]
    waited = 0.0
    take = Examples.__getitem__

    def timed(examples: Examples, rows: torch.Tensor) -> Batch:
        nonlocal waited
        start = time.perf_counter()
        batch = take(examples, rows)
        waited += time.perf_counter() - start
        return batch

    Examples.__getitem__ = timed  # type: ignore[method-assign]
    try:
        with tempfile.TemporaryDirectory() as folder:
            result = training.fit(
                recipe.model_copy(update={"epochs": 1}),
                1,
                TrainingData(targets, pictures),
                TrainingData(targets[:N_VALIDATED], pictures[:N_VALIDATED]),
                Path(folder),
                identity="benchmark",
                hardware=Hardware(device, n_processes),
                progress=False,
            )
    finally:
        Examples.__getitem__ = take  # type: ignore[method-assign]
    n_trained = len(faces) // recipe.batch_size * recipe.batch_size
    # The clock of `timed` does not run in processes that were started.
    return n_trained / result.seconds, waited / result.seconds if n_processes == 1 else math.nan


class _PngFiles(Dataset[tuple[torch.Tensor, int]]):
    def __init__(self, folder: Path, classes: np.ndarray, transform: transforms.Compose) -> None:
        self.paths = [folder / f"{number}.png" for number in range(len(classes))]
        self.classes, self.transform = classes.tolist(), transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        with Image.open(self.paths[index]) as picture:
            return self.transform(picture.convert("L")), self.classes[index]


def _plain_loop(
    recipe: Recipe, folder: Path, faces: list[bytes], device: str
) -> tuple[float, float]:
    files = _PngFiles(folder, _classes(recipe, len(faces)), _transform(recipe))
    loader = DataLoader(
        files, recipe.batch_size, shuffle=True, drop_last=True, num_workers=os.cpu_count() or 1
    )
    network = models.build(recipe.model.name, recipe.model, recipe.sizes)
    network = network.to(device).to(memory_format=torch.contiguous_format).train()
    rate, momentum = recipe.optimiser.learning_rate, recipe.optimiser.momentum
    optimiser = torch.optim.SGD(network.parameters(), lr=rate, momentum=momentum)
    n, waited, start = 0, 0.0, time.perf_counter()
    batches = iter(loader)
    while True:
        asked = time.perf_counter()
        batch = next(batches, None)
        if batch is None:
            break
        waited += time.perf_counter() - asked
        images, labels = (one.to(device) for one in batch)
        loss = functional.cross_entropy(network(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss.item()
        n += len(images)
    seconds = time.perf_counter() - start
    return n / seconds, waited / seconds


def _transform(recipe: Recipe) -> transforms.Compose:
    """The recipe's policy in torchvision's words."""
    policy, crop_px = POLICIES[recipe.augment.policy], recipe.augment.crop_px
    shift, scale = policy.shift, policy.scale
    return transforms.Compose(
        [
            transforms.Resize(recipe.model.input_px),
            transforms.RandomHorizontalFlip(policy.flip_probability),
            transforms.RandomAffine(
                policy.rotation_degrees, (shift, shift), (1 - scale, 1 + scale)
            ),
            *([transforms.RandomCrop(crop_px)] if crop_px else []),
            transforms.ToTensor(),
            transforms.Normalize(0.5, 0.25),
            transforms.RandomErasing(policy.erase_probability),
        ]
    )


def _classes(recipe: Recipe, n: int) -> np.ndarray:
    return np.arange(n) % len(recipe.emotions)


def _precision(recipe: Recipe, device: str) -> torch.dtype:
    used = precision_on(torch.device(device), recipe.precision)
    return {"32-true": torch.float32, "bf16-mixed": torch.bfloat16}.get(used, torch.float16)


def _flops_per_picture(recipe: Recipe) -> float:
    side_px = recipe.augment.crop_px or recipe.model.input_px
    network = models.build(recipe.model.name, recipe.model, recipe.sizes)
    with FlopCounterMode(display=False) as counter:
        network(torch.randn(2, 1, side_px, side_px)).sum().backward()
    return counter.get_total_flops() / 2


def _matrix_rate(precision: torch.dtype, device: str) -> float:
    """Operations per second in multiplying square matrices, the best of five."""
    side, n_products = (16384, 5) if device.startswith("cuda") else (4096, 1)
    torch.set_float32_matmul_precision("high")  # TensorFloat-32 on a GPU, as in its convolutions
    left, right = (torch.randn(side, side, device=device).to(precision) for _ in range(2))
    best = float("inf")
    for _ in range(6):  # the first warms up
        start = time.perf_counter()
        for _ in range(n_products):
            product = left @ right
        float(product[0, 0])  # waits for all of them
        best = min(best, time.perf_counter() - start)
    return 2 * side**3 * n_products / best


if __name__ == "__main__":
    main()
