"""Lightning's Trainer as this project uses it, and what is said when it fails or chats."""

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, TQDMProgressBar
from lightning.pytorch.loggers import TensorBoardLogger
from torch.multiprocessing import ProcessRaisedException

from emotion_pipeline.training import checkpoints
from emotion_pipeline.training.averaging import TailAverage, WarmAverage
from emotion_pipeline.training.devices import choose_device
from emotion_pipeline.training.epochs import TrainingDivergedError
from emotion_pipeline.training.precision import precision_on
from emotion_pipeline.training.values import Trained


@dataclass(frozen=True)
class Hardware:
    """On what a training runs: `device` auto, cpu, cuda or mps, and how many of them.

    Several share every batch, each in a process of its own, by Lightning's `strategy`.
    """

    device: str = "auto"
    n_devices: int = 1
    strategy: str = "ddp_spawn"


ANYTHING = Hardware()
MEMORY_IS_FULL = ("DefaultCPUAllocator", "torch.OutOfMemoryError")
"""What torch's error says of a CPU, which has no type of its own, and of a process it started."""


def build_trainer(recipe: Trained, folder: Path, hardware: Hardware, progress: bool) -> pl.Trainer:
    """A Trainer that writes into the folder only."""
    bar = progress and sys.stderr.isatty()  # a log file gets one line per epoch instead
    callbacks: list[Callback] = [checkpoints.KeepLastAndBest(folder)]
    if recipe.ema_decay is not None:
        callbacks.append(WarmAverage(recipe.ema_decay))
    if recipe.swa_from is not None:
        # Rounded first: 0.29 * 100 is a little less than 29.
        callbacks.append(TailAverage(int(round(recipe.swa_from * recipe.epochs, 6))))
    callbacks += [TQDMProgressBar(refresh_rate=5)] if bar else []
    device, several = choose_device(hardware.device), hardware.n_devices > 1
    on_gpu = device.type == "cuda"
    return pl.Trainer(
        accelerator=device.type,
        devices=hardware.n_devices,
        strategy=_strategy(recipe, hardware) if several else "auto",
        sync_batchnorm=several and on_gpu,  # torch has it for GPUs only
        precision=precision_on(device, recipe.precision),  # type: ignore[arg-type]
        max_epochs=recipe.epochs,
        callbacks=callbacks,
        logger=TensorBoardLogger(folder, name=checkpoints.TENSORBOARD, version=""),
        default_root_dir=folder,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=bar,
        log_every_n_steps=1,
    )


def _strategy(recipe: Trained, hardware: Hardware) -> str:
    """Processes wait for the gradients of all weights, frozen ones too, unless told otherwise."""
    is_told = "ddp" not in hardware.strategy or "find_unused" in hardware.strategy
    waits = getattr(recipe, "freeze", None) is None or is_told
    return hardware.strategy if waits else f"{hardware.strategy}_find_unused_parameters_true"


@contextmanager
def advice(recipe: Trained) -> Iterator[None]:
    """Turn running out of memory into an error that says what to change, and what a process that
    was started has to say of its losses into an error of this one."""
    try:
        yield
    except (RuntimeError, MemoryError, ProcessRaisedException) as error:
        _, told, words = str(error).partition(f"{TrainingDivergedError.__name__}: ")
        if told and isinstance(error, ProcessRaisedException):
            raise TrainingDivergedError(words.strip()) from error
        known = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not known and not any(words in str(error) for words in MEMORY_IS_FULL):
            raise
        raise MemoryError(
            f"not enough memory for batches of {recipe.batch_size}: halve batch_size in the "
            "recipe (and learning_rate with it), or free memory on the device"
        ) from error


@contextmanager
def quiet() -> Iterator[None]:
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
