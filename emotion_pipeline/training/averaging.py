"""Averages of the weights: what is validated, kept as best and handed over.

The running statistics of the normalisation layers are averaged as the weights are, which is near
to measuring them anew and costs no pass through the data; counters are taken over.
"""

from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import WeightAveraging


class _Average(WeightAveraging):
    """Base: a subclass says how far the average moves towards the current weights."""

    def __init__(self) -> None:
        super().__init__(multi_avg_fn=self._average)

    def share_of_current(self, n_averaged: int) -> float:
        """Share (0 to 1) of the current weights after `n_averaged` updates, at least 1."""
        raise NotImplementedError

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Put the average on the device that the module is about to be moved to."""
        self._device = trainer.strategy.root_device
        super().setup(trainer, pl_module, stage)

    @torch.no_grad()
    def _average(self, averages: Any, currents: Any, n_averaged: Any) -> None:
        """Move the averages, a list of tensors of one type, towards the current values."""
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, currents, self.share_of_current(int(n_averaged)))
        else:  # counters of the normalisation layers
            torch._foreach_copy_(averages, currents)


class WarmAverage(_Average):
    """Exponential moving average whose memory grows with the steps taken, up to `decay`.

    Lightning's own EMA has no warm-up, so that with few steps it mostly remembers the random
    start. The form min(decay, (1 + n) / (10 + n)) is that of TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay

    def share_of_current(self, n_averaged: int) -> float:
        return 1 - min(self.decay, (1 + n_averaged) / (10 + n_averaged))


class TailAverage(_Average):
    """Plain mean of the weights at the ends of the epochs from `first_epoch`, counted from 0, on.

    Until then the current weights stand for it. Izmailov et al. 2018, "Averaging Weights Leads to
    Wider Optima and Better Generalization".
    """

    def __init__(self, first_epoch: int) -> None:
        super().__init__()
        self.first_epoch = first_epoch

    def share_of_current(self, n_averaged: int) -> float:
        epoch = n_averaged  # one update per epoch, and the number of them is in the checkpoint
        return 1 / max(1, epoch - self.first_epoch + 1)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Update after the last batch: the end of the epoch comes only after its validation."""
        if trainer.is_last_batch:
            super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)
