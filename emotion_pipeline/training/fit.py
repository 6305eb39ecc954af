"""Train one model by a recipe and a seed; a killed run goes on and ends with the same weights.

Arrays in, weights and curves out. Everything that is needed on the way stands in one work folder,
which belongs to the caller: it is written here and never removed after the end.
"""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lightning.pytorch as pl
import pandas as pd
import torch
from lightning.pytorch.callbacks import Callback, TQDMProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from torch.utils.data import DataLoader

from emotion_pipeline.training import checkpoints
from emotion_pipeline.training.averaging import WarmAverage
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

log = logging.getLogger(__name__)

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
    cpu, cuda or mps. Raises TrainingDivergedError when the loss is no number any more, and MemoryError
    with advice when the memory is not enough; ValueError for unusable data.
    """
    values = {"identity": identity, "seed": seed, "recipe": training_values(recipe)}
    checkpoints.prepare(work_folder, values)
    training = Training(recipe, seed)
    to_train, to_validate = _loaders(recipe, seed, train, validation)
    resume = checkpoints.resume_from(work_folder)
    if resume is None or not _ended(resume, recipe):
        with _quiet(), _memory_advice(recipe):
            trainer = _trainer(recipe, work_folder, device, progress)
            trainer.fit(training, to_train, to_validate, ckpt_path=resume, weights_only=True)
    return _result(training, work_folder)


def _loaders(
    recipe: Recipe, seed: int, train: TrainingData, validation: TrainingData
) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    if len(train.images) < 2 or len(validation.images) < 1:
        raise ValueError("training needs at least 2 pictures, and 1 to validate with")
    size, n_classes = recipe.model.input_px, len(recipe.emotions)
    shuffled = Shuffled(len(train.images), recipe.batch_size, seed)
    in_order = InOrder(len(validation.images), VALIDATION_BATCH)
    return (
        loader(Pictures(train, size, n_classes), shuffled),
        loader(Pictures(validation, size, n_classes), in_order),
    )


def _trainer(recipe: Recipe, folder: Path, device: str, progress: bool) -> pl.Trainer:
    bar = progress and sys.stderr.isatty()  # a log file gets one line per epoch instead
    callbacks: list[Callback] = [checkpoints.KeepLastAndBest(folder)]
    callbacks += [WarmAverage(recipe.ema_decay)] if recipe.ema_decay else []
    callbacks += [TQDMProgressBar(refresh_rate=5)] if bar else []
    on_gpu = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    return pl.Trainer(
        accelerator=device,
        devices=1,
        precision=recipe.precision,  # type: ignore[arg-type]
        max_epochs=recipe.epochs,
        callbacks=callbacks,
        logger=TensorBoardLogger(folder, name=checkpoints.TENSORBOARD, version=""),
        default_root_dir=folder,
        deterministic="warn" if on_gpu else None,  # on the CPU it changes nothing but the speed
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=bar,
        log_every_n_steps=1,
    )


def _ended(checkpoint: Path, recipe: Recipe) -> bool:
    content = checkpoints.read(checkpoint)
    return content is not None and has_ended(content["rows"], recipe)


def _result(training: Training, folder: Path) -> FitResult:
    best = checkpoints.read(folder / checkpoints.BEST)
    last = checkpoints.read(folder / checkpoints.LAST)
    if best is None or last is None:
        raise RuntimeError(f"the checkpoints in {folder} vanished while training; run it again")
    weights = {
        name.removeprefix("network."): value.contiguous()
        for name, value in best["state_dict"].items()
    }
    n_parameters = sum(parameter.numel() for parameter in training.network.parameters())
    rows = last["rows"]
    return FitResult(weights, as_table(rows), best_epoch(rows), n_parameters, last["seconds"])


@contextmanager
def _memory_advice(recipe: Recipe) -> Iterator[None]:
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise MemoryError(
            f"not enough memory for batches of {recipe.batch_size}: halve batch_size in the "
            "recipe (and learning_rate with it), or free memory on the device"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what Lightning says to everybody, and nothing that it says about this run."""
    chatter = logging.getLogger("lightning.pytorch.utilities.rank_zero")
    level = chatter.level
    chatter.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*treespec, LeafSpec.*")
            yield
    finally:
        chatter.setLevel(level)
