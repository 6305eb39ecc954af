"""One epoch as Lightning runs it: what happens to a batch, and what is noted after the epoch."""

import logging
import math
import time
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler

from emotion_pipeline.training import models
from emotion_pipeline.training.augment import augment
from emotion_pipeline.training.curves import Row, has_ended
from emotion_pipeline.training.data import Batch, standardise
from emotion_pipeline.training.losses import LOSSES, soft_cross_entropy
from emotion_pipeline.training.optimise import build_optimiser, build_schedule
from emotion_pipeline.training.policies import POLICIES
from emotion_pipeline.training.randomness import seed_for, stream
from emotion_pipeline.training.recipe import Recipe

log = logging.getLogger(__name__)

# Looking at a loss waits for the GPU, so it is done now and then only.
BATCHES_BETWEEN_CHECKS = 32


class TrainingDivergedError(RuntimeError):
    """The loss is no number any more; the message says what to try."""


class Training(pl.LightningModule):
    """A network in training by a recipe; `rows` is its learning curve, `seconds` its cost."""

    def __init__(self, recipe: Recipe, seed: int) -> None:
        super().__init__()
        self.recipe, self.seed = recipe, seed
        torch.manual_seed(seed_for("weights", seed))
        self.network = models.build(recipe.model.name, recipe.model, len(recipe.emotions))
        self.rows: list[Row] = []
        self.seconds = 0.0
        self._train_losses: list[torch.Tensor] = []
        self._validation_sums: list[torch.Tensor] = []
        self._clock = time.monotonic()

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Optimiser and schedule of the recipe, the schedule stepped per batch."""
        optimiser = build_optimiser(self.network, self.recipe.optimiser)
        n_steps = int(self.trainer.estimated_stepping_batches)
        schedule = build_schedule(optimiser, self.recipe.schedule, n_steps)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_train_start(self) -> None:
        """Start the clock; the first epoch of a resumed run has no `on_train_epoch_start`."""
        self._clock = time.monotonic()

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Loss of one batch; seed, epoch and batch decide every random draw in it."""
        place = (self.seed, self.current_epoch, batch_idx)
        torch.manual_seed(seed_for("dropout", *place))
        policy = POLICIES[self.recipe.augment.policy]
        images = augment(standardise(batch[0]), policy, stream("augment", *place))
        loss_values = self.recipe.loss
        logits = self.network(images)
        loss = LOSSES[loss_values.name](logits, batch[1], loss_values.label_smoothing)
        self._train_losses.append(loss.detach())
        if batch_idx % BATCHES_BETWEEN_CHECKS == 0:
            self._check(float(loss.detach()))
        return loss

    def on_validation_epoch_start(self) -> None:
        """Start the validation's sums."""
        self._validation_sums = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 (Lightning's)
        """Add a batch to the sums; the weights are the averaged ones where there is an average."""
        images, targets = batch
        logits = self.network(standardise(images))
        n_right = (logits.argmax(1) == targets.argmax(1)).sum()
        loss = soft_cross_entropy(logits, targets) * len(targets)
        self._validation_sums.append(torch.stack([loss, n_right, n_right.new_tensor(len(targets))]))

    def on_train_epoch_end(self) -> None:
        """Note the epoch; validation has already run at this point."""
        train_loss = float(torch.stack(self._train_losses).mean())
        loss, n_right, n_rows = torch.stack(self._validation_sums).sum(0).tolist()
        self._check(train_loss + loss)
        row: Row = {
            "seed": self.seed,
            "epoch": self.current_epoch + 1,
            "train_loss": train_loss,
            "validation_loss": loss / n_rows,
            "validation_accuracy_score": n_right / n_rows,
            "learning_rate": self._last_learning_rate(),
        }
        self.rows.append(row)
        self._train_losses = []
        now = time.monotonic()
        self.seconds, self._clock = self.seconds + now - self._clock, now
        self.log_dict({name: row[name] for name in row if name not in ("seed", "epoch")})
        log.info("epoch %d of %d: %s", row["epoch"], self.recipe.epochs, _sentence(row))
        self.trainer.should_stop = has_ended(self.rows, self.recipe)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put the curves beside the weights, so that they survive a killed run."""
        checkpoint.update(rows=self.rows, seconds=self.seconds)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the curves up again."""
        self.rows, self.seconds = checkpoint["rows"], checkpoint["seconds"]

    def _last_learning_rate(self) -> float:
        """The rate of the epoch's last batch; the scheduler stands one step further already."""
        schedule: Any = self.lr_schedulers()
        return float(schedule.base_lrs[0] * schedule.lr_lambdas[0](schedule.last_epoch - 1))

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss):
            rate = self.recipe.optimiser.learning_rate
            half = self.recipe.precision != "32-true"
            raise TrainingDivergedError(
                f"the loss became {loss} in epoch {self.current_epoch + 1}: try a lower "
                f"learning_rate than {rate:g}, for example {rate / 10:g}"
                + (f", or precision 32-true instead of {self.recipe.precision}" if half else "")
            )


def _sentence(row: Row) -> str:
    return (
        f"train loss {row['train_loss']:.4f}, validation loss {row['validation_loss']:.4f}, "
        f"validation accuracy {row['validation_accuracy_score']:.1%}"
    )
