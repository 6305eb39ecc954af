"""Averages of the weights: what is validated, kept as best and handed over.

The running statistics of the normalisation layers are averaged as the weights are, which is near
to measuring them anew and costs no pass through the data; counters are taken over.
"""

from typing import Any, cast

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, WeightAveraging
from torch.optim.swa_utils import AveragedModel


class _Average(WeightAveraging):
    """Base: a subclass says how far the average moves towards the current weights.

    Torch's own update looks three times a step at a counter on the GPU, and each look waits for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._pairs: list[tuple[list[torch.Tensor], list[torch.Tensor]]] = []

    @property
    def average(self) -> torch.nn.Module:
        """The averaged module, as it predicts; from the start of the training on."""
        return cast(AveragedModel, self._average_model).module

    def share_of_current(self, n_averaged: int) -> float:
        """Share (0 to 1) of the current weights after `n_averaged` updates, at least 1."""
        raise NotImplementedError

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Put the average on the device that the module is about to be moved to."""
        self._device = trainer.strategy.root_device
        super().setup(trainer, pl_module, stage)
        if self._average_model is not None:
            self._average_model.n_averaged = self._average_model.n_averaged.cpu()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002 (Lightning's)
        """Note the tensors to average, now that all are where they are going to stay."""
        averages = self.average.eval()
        self._pairs = [
            (_tensors(averages, floating), _tensors(pl_module, floating))
            for floating in (True, False)
        ]

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,  # noqa: ARG002 (Lightning's)
        outputs: Any,  # noqa: ARG002
        batch: Any,  # noqa: ARG002
        batch_idx: int,  # noqa: ARG002
    ) -> None:
        """Update after every step of the optimiser."""
        if trainer.global_step > self._latest_update_step:
            self._update()
            self._latest_update_step = trainer.global_step

    @torch.no_grad()
    def _update(self) -> None:
        """Move the averages towards the current values; the first ones are taken as they are."""
        averages = cast(AveragedModel, self._average_model)  # there since `setup`
        n_averaged = int(averages.n_averaged)
        (weights, current_weights), counters = self._pairs
        if n_averaged:
            torch._foreach_lerp_(weights, current_weights, self.share_of_current(n_averaged))
        else:
            torch._foreach_copy_(weights, current_weights)
        if counters[0]:  # those of the normalisation layers
            torch._foreach_copy_(*counters)
        averages.n_averaged += 1


def _tensors(module: torch.nn.Module, floating: bool) -> list[torch.Tensor]:
    """Parameters and buffers of a module, the floating ones or the others."""
    every = (*module.parameters(), *module.buffers())
    return [one.detach() for one in every if one.is_floating_point() == floating]


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


def averaged(trainer: pl.Trainer) -> torch.nn.Module:
    """The averaged module of a training that has begun and that has an average."""
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    return next(one.average for one in callbacks if isinstance(one, _Average))
