"""Train one face detector; a killed run goes on and ends with the same weights.

As `training.fit` does it for emotions: pictures in, weights and curves out, one work folder.
"""

from pathlib import Path

import torch
from torch.utils.data import DataLoader

from emotion_pipeline.training import checkpoints
from emotion_pipeline.training.curves import has_ended
from emotion_pipeline.training.data import FullBatches
from emotion_pipeline.training.detection.data import (
    Batch,
    FacePictures,
    TrainingPictures,
    WholePictures,
    loader,
    order,
)
from emotion_pipeline.training.detection.module import FaceTraining
from emotion_pipeline.training.detection.network import start_from
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.outcome import FitResult, outcome
from emotion_pipeline.training.recipe import training_values
from emotion_pipeline.training.trainer import Hardware, advice, build_trainer, quiet


def fit(
    recipe: FaceRecipe,
    seed: int,
    train: FacePictures,
    validation: FacePictures,
    work_folder: Path,
    *,
    identity: str,
    imagenet: dict[str, torch.Tensor] | None = None,
    device: str = "auto",
    n_workers: int = 0,
    progress: bool = True,
) -> FitResult:
    """Train until the recipe says stop and return the epoch that it keeps.

    `identity` names the inputs, for example their digests: a run in the same folder with the same
    identity, seed and training values goes on, any other starts from scratch. `imagenet` are
    torchvision's weights of the recipe's variant, where the recipe says `initial`. `n_workers`
    processes decode pictures (0: this one) and change no result. Raises TrainingDivergedError when
    the loss is no number any more, MemoryError with advice when memory is short, and ValueError for
    unusable data or first weights.
    """
    if (imagenet is None) != (recipe.initial is None):
        raise ValueError("ImageNet weights are needed where the recipe says `initial`, only there")
    values = {"identity": identity, "seed": seed, "recipe": training_values(recipe)}
    checkpoints.prepare(work_folder, values)
    training = FaceTraining(recipe, seed)
    if imagenet is not None:
        start_from(imagenet, training.network, recipe.model.variant)
    resume = checkpoints.resume_from(work_folder)
    done = checkpoints.rows(resume)
    loaders = _loaders(recipe, seed, train, validation, len(done), n_workers)
    if not has_ended(done, recipe):
        with quiet(), advice(recipe):
            trainer = build_trainer(recipe, work_folder, Hardware(device), progress)
            trainer.fit(training, *loaders, ckpt_path=resume, weights_only=True)
    return outcome(recipe, training.network, work_folder)


def _loaders(
    recipe: FaceRecipe,
    seed: int,
    train: FacePictures,
    validation: FacePictures,
    epoch: int,
    n_workers: int,
) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    if not len(train) or not any(map(len, validation.boxes)):
        raise ValueError("training needs at least 1 picture, and 1 face to validate with")
    batches = FullBatches(order(len(train), seed), len(train), recipe.batch_size, epoch)
    return (
        loader(TrainingPictures(train, recipe, seed), batches, n_workers),
        loader(WholePictures(validation), None, min(n_workers, 2)),
    )
