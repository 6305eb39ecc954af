"""Moving average of the weights: what is validated, kept as best and handed over."""

from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import WeightAveraging


class WarmAverage(WeightAveraging):
    """Exponential moving average whose memory grows with the steps taken, up to `decay`.

    Lightning's own EMA has no warm-up, so that with few steps it mostly remembers the random
    start. The form min(decay, (1 + n) / (10 + n)) is that of TensorFlow's ExponentialMovingAverage.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(multi_avg_fn=self._average)
        self.decay = decay

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Put the average on the device that the module is about to be moved to."""
        self._device = trainer.strategy.root_device
        super().setup(trainer, pl_module, stage)

    @torch.no_grad()
    def _average(self, averages: Any, currents: Any, n_averaged: Any) -> None:
        """Move the averages, a list of tensors of one type, towards the current values."""
        n = int(n_averaged)
        decay = min(self.decay, (1 + n) / (10 + n))
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, currents, 1 - decay)
        else:  # counters of the normalisation layers
            torch._foreach_copy_(averages, currents)
