"""One epoch of a detector as Lightning runs it: losses in training, AP50 in validation."""

import torch

from emotion_pipeline.metrics.average_precision import FoundBoxes, precision_recall
from emotion_pipeline.training.detection import network
from emotion_pipeline.training.detection.data import Batch
from emotion_pipeline.training.detection.predict import found_boxes, network_input
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.epochs import Epochs
from emotion_pipeline.training.randomness import seed_for, seed_layers


class FaceTraining(Epochs):
    """A face detector in training.

    In its curves `validation_loss` is 1 - AP50: what the best epoch, early stopping and the plateau
    schedule look at.
    """

    def __init__(self, recipe: FaceRecipe, seed: int) -> None:
        torch.manual_seed(seed_for("weights", seed))
        detector = network.build(recipe.model, pretrained=recipe.initial is not None)
        super().__init__(recipe, seed, detector)
        self._losses: list[float] = []
        self._rate = 0.0
        self._validated: list[FoundBoxes] = []

    def training_step(self, batch: Batch, batch_idx: int) -> torch.Tensor:
        """Sum of the losses of both stages; seed, epoch and batch decide which boxes they see."""
        seed = seed_for("boxes", self.seed, self.current_epoch, batch_idx)
        seed_layers(self.device, seed)
        pictures, targets = batch
        losses = self.network([network_input(picture) for picture in pictures], targets)
        loss = torch.stack(list(losses.values())).sum()
        self.check(loss.detach())
        self._losses.append(float(loss.detach()))
        self._rate = self.learning_rate
        return loss

    def on_validation_epoch_start(self) -> None:
        """Forget what the last validation found."""
        self._validated = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:  # noqa: ARG002 (Lightning's)
        """Find the faces of a batch; where the weights are averaged, with the average."""
        pictures, targets = batch
        found = self.network([network_input(picture) for picture in pictures])
        for one, target in zip(found, targets, strict=True):
            truth = target["boxes"].cpu().double().numpy()
            self._validated.append(FoundBoxes(*found_boxes(one), truth))

    def on_train_epoch_end(self) -> None:
        """Note the epoch; validation has already run at this point."""
        train_loss = sum(self._losses) / len(self._losses)
        score = precision_recall(self._validated).average_precision_score
        self._losses = []
        figures = {
            "train_loss": train_loss,
            "validation_loss": 1 - score,
            "validation_ap50_score": score,
            "learning_rate": self._rate,
        }
        self.note(figures, f"train loss {train_loss:.4f}, validation AP50 {score:.1%}")
