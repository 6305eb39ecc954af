"""A Lightning module of 100 weights, for what is tested through Lightning and needs no pictures."""

from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from emotion_pipeline.training.checkpoints import LAST, KeepLastAndBest
from emotion_pipeline.training.optimise import build_optimiser, build_schedule
from emotion_pipeline.training.trainer import quiet
from emotion_pipeline.training.values import Optimiser, Schedule

N_EPOCHS, N_BATCHES = 4, 4


class Killed(RuntimeError):
    """What ends a run in the middle of an epoch."""


class Small(pl.LightningModule):
    """Linear, BatchNorm, linear; notes rate of every batch and weights at the end of every epoch.

    `killed_in` is the epoch, counted from 0, in which the run ends with an error.
    """

    def __init__(
        self, optimiser: Optimiser, schedule: Schedule, killed_in: int | None = None
    ) -> None:
        super().__init__()
        self.optimiser, self.schedule, self.killed_in = optimiser, schedule, killed_in
        torch.manual_seed(5)
        self.network = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
        self.rows: list[dict[str, Any]] = []
        self.rates: list[float] = []
        self.at_epoch_end: list[dict[str, torch.Tensor]] = []
        self.validated: list[dict[str, torch.Tensor]] = []

    def configure_optimizers(self) -> Any:
        optimiser = build_optimiser(self.network, self.optimiser)
        schedule = build_schedule(optimiser, self.schedule, N_EPOCHS * N_BATCHES, self.rows)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def training_step(self, batch: list[torch.Tensor], batch_idx: int) -> torch.Tensor:
        if (self.current_epoch, batch_idx) == (self.killed_in, 2):
            raise Killed
        self.rates.append(self.trainer.optimizers[0].param_groups[0]["lr"])
        return functional.cross_entropy(self.network(batch[0]), batch[1])

    def validation_step(self, batch: list[torch.Tensor], batch_idx: int) -> None:
        self.validated.append(self.weights())
        self.loss = float(functional.cross_entropy(self.network(batch[0]), batch[1]))

    def on_train_epoch_end(self) -> None:
        self.at_epoch_end.append(self.weights())
        self.rows.append({"epoch": self.current_epoch + 1, "validation_loss": self.loss})

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["rows"] = self.rows

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.rows[:] = checkpoint["rows"]

    def weights(self) -> dict[str, torch.Tensor]:
        """A copy of all weights and statistics as they are now."""
        return {name: value.clone() for name, value in self.network.state_dict().items()}


def train(
    module: Small, folder: Path, average: Callback | None = None, precision: Any = "32-true"
) -> Small:
    """Train in a folder, going on from what an earlier run left there."""
    random = torch.Generator().manual_seed(6)
    inputs = torch.randn(16 * N_BATCHES, 4, generator=random)
    rows = TensorDataset(inputs, inputs.argmax(1).clamp(max=2))
    resume = folder / LAST
    trainer = pl.Trainer(
        accelerator="cpu",
        precision=precision,
        max_epochs=N_EPOCHS,
        callbacks=[KeepLastAndBest(folder), *([average] if average else [])],
        logger=False,
        default_root_dir=folder,
        num_sanity_val_steps=0,
        enable_model_summary=False,
        enable_progress_bar=False,
    )
    with quiet():
        trainer.fit(
            module,
            DataLoader(rows, batch_size=16),
            DataLoader(rows, batch_size=len(rows)),
            ckpt_path=resume if resume.exists() else None,
            weights_only=True,
        )
    return module


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether all weights are equal, bit for bit."""
    return all(torch.equal(one[name], other[name]) for name in one)
