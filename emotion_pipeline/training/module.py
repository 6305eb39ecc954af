"""One epoch of an emotion model as Lightning runs it: batches, and what is noted of them."""

import torch
from torch.nn import functional

from emotion_pipeline.training import models
from emotion_pipeline.training.augment import augment, crop, mixup
from emotion_pipeline.training.averaging import averaged
from emotion_pipeline.training.data import Batch, Inputs, network_inputs
from emotion_pipeline.training.epochs import Epochs
from emotion_pipeline.training.freezing import check_parts, freeze
from emotion_pipeline.training.losses import build_loss, drawn_labels
from emotion_pipeline.training.mirroring import mirror_some
from emotion_pipeline.training.policies import POLICIES
from emotion_pipeline.training.randomness import seed_for, seed_layers, stream
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.values import PICTURES

# Looking at a loss waits for the GPU, so it is done now and then only.
BATCHES_BETWEEN_CHECKS = 32


class Training(Epochs):
    """An emotion model in training.

    `class_weights` (C,) float32 go into the training loss, or None.
    """

    def __init__(
        self, recipe: Recipe, seed: int, class_weights: torch.Tensor | None = None
    ) -> None:
        torch.manual_seed(seed_for("weights", seed))
        network = models.build(recipe.model.name, recipe.model, recipe.sizes)
        check_parts(network, recipe.freeze)
        super().__init__(recipe, seed, network)
        self.loss = build_loss(recipe.loss, class_weights)
        self._train_losses: list[torch.Tensor] = []
        self._validation_sums: list[torch.Tensor] = []
        self._rate = 0.0
        self._frozen_for: int | None = None

    def on_fit_start(self) -> None:
        """Compile the network here, in each of the processes that train it."""
        super().on_fit_start()
        if self.recipe.compile:
            self.network.compile()

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Loss of one batch; seed, epoch and batch decide every random draw in it."""
        self._freeze()
        place = (self.seed, self.current_epoch, batch_idx, self.global_rank)
        seed_layers(self.device, seed_for("dropout", *place))
        inputs, targets = self._augmented(batch, place)
        loss = self.loss(self.network(*inputs), self._taught(inputs, targets))
        if len(self._train_losses) == batch_idx:  # SAM asks again, at the weights that it tries
            self._train_losses.append(loss.detach())
        self._rate = self.learning_rate
        if batch_idx % BATCHES_BETWEEN_CHECKS == 0:
            self.check(loss.detach())
        return loss

    @torch.no_grad()
    def _taught(self, inputs: Inputs, targets: torch.Tensor) -> torch.Tensor:
        """Targets (n, C) with the share in them that the averaged network says by now."""
        share = self.recipe.mean_teacher
        if share is None:
            return targets
        said = averaged(self.trainer).get_submodule("network")(*inputs).float().softmax(1)
        n_steps = self.trainer.estimated_stepping_batches
        return targets.lerp(said, share * self.trainer.global_step / n_steps)

    def on_validation_epoch_start(self) -> None:
        """Start the validation's sums."""
        self._validation_sums = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 (Lightning's)
        """Add a batch to the sums; the weights are the averaged ones where there is an average."""
        inputs, targets = batch
        logits = self.network(*network_inputs(inputs, self.recipe.data))
        n_right = (logits.argmax(1) == targets.argmax(1)).sum()
        # Not a mean times n: where processes share few rows, one of them may have none.
        loss = functional.cross_entropy(logits.float(), targets, reduction="sum")
        self._validation_sums.append(torch.stack([loss, n_right, n_right.new_tensor(len(targets))]))

    def on_train_epoch_end(self) -> None:
        """Note the epoch; validation has already run at this point."""
        train_loss = float(self._over_all(torch.stack(self._train_losses).mean(), "mean"))
        sums = self._over_all(torch.stack(self._validation_sums).sum(0), "sum")
        loss, n_right, n_rows = sums.tolist()
        self.check(train_loss + loss)
        self._train_losses = []
        figures = {
            "train_loss": train_loss,
            "validation_loss": loss / n_rows,
            "validation_accuracy_score": n_right / n_rows,
            "learning_rate": self._rate,
        }
        self.note(
            figures,
            f"train loss {train_loss:.4f}, validation loss {figures['validation_loss']:.4f}, "
            f"validation accuracy {figures['validation_accuracy_score']:.1%}",
        )

    def _over_all(self, value: torch.Tensor, how: str) -> torch.Tensor:
        """The mean or the sum over all processes that train together."""
        reduced: torch.Tensor = self.trainer.strategy.reduce(value, reduce_op=how)
        return reduced

    def _freeze(self) -> None:
        """Freeze or free parts of the network, once an epoch and before its first batch."""
        if self._frozen_for != self.current_epoch:
            freeze(self.network, self.recipe.freeze, self.current_epoch)
            self._frozen_for = self.current_epoch

    def _augmented(self, batch: Batch, place: tuple[int, ...]) -> Batch:
        """The batch as the network is to see it: labels drawn, moved, cropped, mixed."""
        values = self.recipe.augment
        data, policy, draws = self.recipe.data, POLICIES[values.policy], stream("augment", *place)
        inputs, targets = network_inputs(batch[0], data), batch[1]
        if self.recipe.loss.drawn_labels:
            targets = drawn_labels(targets, stream("labels", *place))
        inputs = mirror_some(inputs, data, policy.flip_probability, draws)
        if PICTURES in data.inputs:
            images = augment(inputs[0], policy, draws)
            if values.crop_px:
                images = crop(images, values.crop_px, stream("crop", *place))
            inputs = (images, *inputs[1:])
        if values.mixup_alpha:
            inputs, targets = mixup(inputs, targets, values.mixup_alpha, stream("mixup", *place))
        return inputs, targets
