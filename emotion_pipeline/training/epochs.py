"""What every training does around its own steps: rates, curves, costs, and an end to nonsense."""

import logging
import math
import time
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import nn

from emotion_pipeline.training.curves import Row, has_ended
from emotion_pipeline.training.devices import unwritten_memory
from emotion_pipeline.training.optimise import build_optimiser, build_schedule
from emotion_pipeline.training.precision import FULL

log = logging.getLogger(__name__)


class TrainingDivergedError(RuntimeError):
    """The loss is no number any more; the message says what to try."""


class Epochs(pl.LightningModule):
    """A network in training by a recipe; `rows` is its learning curve, `seconds` its cost.

    Subclasses say what happens to a batch, and call `note` after each epoch.
    """

    def __init__(self, recipe: Any, seed: int, network: nn.Module) -> None:
        super().__init__()
        self.recipe, self.seed, self.network = recipe, seed, network
        self.rows: list[Row] = []
        self.seconds = 0.0
        self._clock = time.monotonic()

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Optimiser and schedule of the recipe, the schedule stepped per batch."""
        optimiser = build_optimiser(self.network, self.recipe.optimiser)
        n_steps = int(self.trainer.estimated_stepping_batches)
        schedule = build_schedule(optimiser, self.recipe.schedule, n_steps, self.rows)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_fit_start(self) -> None:
        """Take over, in a process that was started, what `repeatable` has set in the first one."""
        if torch.are_deterministic_algorithms_enabled():
            unwritten_memory.fill_uninitialized_memory = False

    def on_train_start(self) -> None:
        """Start the clock; the first epoch of a resumed run has no `on_train_epoch_start`."""
        self._clock = time.monotonic()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put curves and costs beside the weights, so that they survive a killed run."""
        checkpoint.update(
            rows=self.rows, seconds=self.seconds, precision=str(self.trainer.precision)
        )

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the curves up again."""
        self.rows[:], self.seconds = checkpoint["rows"], checkpoint["seconds"]

    @property
    def learning_rate(self) -> float:
        """The rate of the step that is being taken."""
        return float(self.trainer.optimizers[0].param_groups[0]["lr"])

    def note(self, figures: dict[str, float], sentence: str) -> None:
        """Add an epoch to the curves, say so, and stop if the recipe's patience is exhausted."""
        epoch = self.current_epoch + 1
        self.rows.append({"seed": self.seed, "epoch": epoch, **figures})
        now = time.monotonic()
        self.seconds, self._clock = self.seconds + now - self._clock, now
        self.log_dict(figures)
        log.info("epoch %d of %d: %s", epoch, self.recipe.epochs, sentence)
        self.trainer.should_stop = has_ended(self.rows, self.recipe)

    def check(self, loss: torch.Tensor | float) -> None:
        """TrainingDivergedError, with advice, unless the loss is a finite number."""
        if not math.isfinite(loss):
            rate = self.recipe.optimiser.learning_rate
            precision = self.trainer.precision
            raise TrainingDivergedError(
                f"the loss became {float(loss)} in epoch {self.current_epoch + 1}: try a lower "
                f"learning_rate than {rate:g}, for example {rate / 10:g}"
                + (f", or precision {FULL} instead of {precision}" if precision != FULL else "")
            )
