"""Checkpoints of a running training: the last epoch to go on from, the best one to end with.

Each is written beside its place and renamed, so that a run killed at any moment leaves whole
files. Lightning's ModelCheckpoint moves its files over from the temporary folder, which may be
another disk and then is a copy; and it writes `last` only in epochs that write a best one, too.
"""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Checkpoint

from emotion_pipeline.training.curves import Row, best_epoch

log = logging.getLogger(__name__)

LAST = "last.ckpt"
BEST = "best.ckpt"
IDENTITY = "identity.json"
TENSORBOARD = "tensorboard"


class KeepLastAndBest(Checkpoint):
    """Write `last.ckpt` after every epoch, and `best.ckpt` when the validation loss fell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Runs after the module has noted the epoch, and after validation."""
        done: list[Row] = pl_module.rows  # type: ignore[assignment]
        part = self.folder / f"{LAST}.part"
        trainer.save_checkpoint(part, weights_only=False)  # with the optimiser's state
        if not trainer.is_global_zero:  # the first of several processes has written it
            return
        if best_epoch(done) == len(done):
            copy = self.folder / f"{BEST}.part"
            shutil.copyfile(part, copy)
            copy.replace(self.folder / BEST)
        part.replace(self.folder / LAST)  # after the best one, which it counts on


def prepare(folder: Path, identity: dict[str, Any]) -> None:
    """Make the folder ready for a run; what another run has left in it is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(identity, indent=1, sort_keys=True)
    file = folder / IDENTITY
    if file.is_file() and file.read_text(encoding="utf-8", errors="replace") == text:
        return
    if file.is_file():
        log.info("%s belongs to other inputs: starting from scratch", folder)
    clear(folder)
    file.write_text(text, encoding="utf-8")


def clear(folder: Path) -> None:
    """Remove what training writes, and nothing else that may be in the folder."""
    for name in (LAST, BEST, f"{LAST}.part", f"{BEST}.part", IDENTITY):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / TENSORBOARD, ignore_errors=True)


def resume_from(folder: Path) -> Path | None:
    """The checkpoint to go on from: the last, the best if that is damaged, or none.

    The last one alone is not enough: a run that never gets better again ends with the best.
    """
    for name, needed in ((LAST, (BEST, LAST)), (BEST, (BEST,))):
        if all(read(folder / other) is not None for other in needed):
            return folder / name
    return None


def rows(path: Path | None) -> list[Row]:
    """The learning curve in a checkpoint; empty where there is none."""
    content = read(path) if path else None
    return content["rows"] if content else []


def read(path: Path) -> dict[str, Any] | None:
    """A checkpoint as tensors and plain values, on the CPU; None where there is no usable one."""
    if not path.is_file():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict) or not {"rows", "state_dict"} <= content.keys():
            raise ValueError("it is not a checkpoint of this project")
    except Exception as error:  # damaged bytes can fail in any way, and none may end the run
        log.warning("%s is damaged and is passed over (%s)", path, str(error).split("\n")[0])
        return None
    return content
