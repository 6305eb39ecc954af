"""Train one model by a recipe and a seed; a killed run goes on and ends with the same weights.

Arrays in, weights and curves out. Everything that is needed on the way stands in one work folder,
which belongs to the caller: it is written here and never removed after the end.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch.utils.data import DataLoader

from emotion_pipeline.training import checkpoints
from emotion_pipeline.training.curves import as_table, best_epoch, has_ended
from emotion_pipeline.training.data import (
    Batch,
    InOrder,
    Pictures,
    Shuffled,
    TrainingData,
    loader,
)
from emotion_pipeline.training.module import Training
from emotion_pipeline.training.recipe import Recipe, training_values
from emotion_pipeline.training.trainer import build_trainer, memory_advice, quiet

VALIDATION_BATCH = 256


@dataclass(frozen=True)
class FitResult:
    """The weights of the best epoch (averaged ones if the recipe averages), and how they came.

    `state_dict` holds contiguous tensors on the CPU under the network's own names. Epochs count
    from 1. `seconds` is the time spent in epochs, earlier parts of a resumed run included.
    """

    state_dict: dict[str, torch.Tensor]
    curves: pd.DataFrame
    best_epoch: int
    n_parameters: int
    seconds: float


def fit(
    recipe: Recipe,
    seed: int,
    train: TrainingData,
    validation: TrainingData,
    work_folder: Path,
    *,
    identity: str,
    device: str = "auto",
    progress: bool = True,
) -> FitResult:
    """Train until the recipe says stop and return the epoch with the lowest validation loss.

    `identity` names the inputs, for example their digests: a run in the same folder with the same
    identity, seed and training values goes on, any other starts from scratch. `device` is auto,
    cpu, cuda or mps. Raises TrainingDivergedError when the loss is no number any more, MemoryError
    with advice when memory is short, and ValueError for unusable data.
    """
    values = {"identity": identity, "seed": seed, "recipe": training_values(recipe)}
    checkpoints.prepare(work_folder, values)
    training = Training(recipe, seed)
    resume = checkpoints.resume_from(work_folder)
    done = checkpoints.rows(resume)
    to_train, to_validate = _loaders(recipe, seed, train, validation, len(done))
    if not has_ended(done, recipe):
        with quiet(), memory_advice(recipe):
            trainer = build_trainer(recipe, work_folder, device, progress)
            trainer.fit(training, to_train, to_validate, ckpt_path=resume, weights_only=True)
    return _result(training, work_folder)


def _loaders(
    recipe: Recipe, seed: int, train: TrainingData, validation: TrainingData, epoch: int
) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    if len(train.images) < 2 or len(validation.images) < 1:
        raise ValueError("training needs at least 2 pictures, and 1 to validate with")
    size, n_classes = recipe.model.input_px, len(recipe.emotions)
    shuffled = Shuffled(len(train.images), recipe.batch_size, seed, epoch)
    in_order = InOrder(len(validation.images), VALIDATION_BATCH)
    return (
        loader(Pictures(train, size, n_classes), shuffled),
        loader(Pictures(validation, size, n_classes), in_order),
    )


def _result(training: Training, folder: Path) -> FitResult:
    best = checkpoints.read(folder / checkpoints.BEST)
    last = checkpoints.read(folder / checkpoints.LAST) or best  # best is last if last got damaged
    if best is None or last is None:
        raise RuntimeError(f"the checkpoints in {folder} vanished while training; run it again")
    weights = {
        name.removeprefix("network."): value.contiguous()
        for name, value in best["state_dict"].items()
    }
    n_parameters = sum(parameter.numel() for parameter in training.network.parameters())
    rows = last["rows"]
    return FitResult(weights, as_table(rows), best_epoch(rows), n_parameters, last["seconds"])
