"""Train one model by a recipe and a seed; a killed run goes on and ends with the same weights.

Arrays in, weights and curves out. Everything that is needed on the way stands in one work folder,
which belongs to the caller: it is written here and never removed after the end.
"""

import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from emotion_pipeline.training import checkpoints, models
from emotion_pipeline.training.calibration import cool, fit_temperature
from emotion_pipeline.training.curves import has_ended
from emotion_pipeline.training.data import (
    Batch,
    Examples,
    FullBatches,
    InOrder,
    TrainingData,
    loader,
)
from emotion_pipeline.training.devices import choose_device, repeatable
from emotion_pipeline.training.epochs import TrainingDivergedError
from emotion_pipeline.training.initial import put_into
from emotion_pipeline.training.losses import class_weights
from emotion_pipeline.training.module import Training
from emotion_pipeline.training.outcome import FitResult, outcome
from emotion_pipeline.training.predict import logits_of_views
from emotion_pipeline.training.randomness import stream
from emotion_pipeline.training.recipe import Recipe, training_values
from emotion_pipeline.training.sampling import balanced_order
from emotion_pipeline.training.scaling import fit_scalers
from emotion_pipeline.training.trainer import (
    ANYTHING,
    Hardware,
    advice,
    build_trainer,
    quiet,
)

VALIDATION_BATCH = 256
FAR_WORSE = 100
"""Times the loss of guessing: few epochs with a large rate may end at some times, but not that."""


def fit(
    recipe: Recipe,
    seed: int,
    train: TrainingData,
    validation: TrainingData,
    work_folder: Path,
    *,
    identity: str,
    initial: dict[str, torch.Tensor] | None = None,
    hardware: Hardware = ANYTHING,
    progress: bool = True,
) -> FitResult:
    """Train until the recipe says stop and return the epoch that it keeps.

    `identity` names the inputs, for example their digests: a run in the same folder with the same
    identity, seed and training values goes on, any other starts from scratch. `initial` are first
    weights by name, as a recipe's `initial` names them. Raises TrainingDivergedError when the loss
    is no number any more, MemoryError with advice when memory is short, and ValueError for unusable
    data or first weights, and for batches that several devices cannot share equally.
    """
    _check_shares(min(recipe.batch_size, len(train.targets)), hardware.n_devices)
    values = {"identity": identity, "seed": seed, "recipe": training_values(recipe)}
    checkpoints.prepare(work_folder, values)
    training = _training(recipe, seed, train, initial)
    resume = checkpoints.resume_from(work_folder)
    done = checkpoints.rows(resume)
    device = choose_device(hardware.device)
    to_train, to_validate = _loaders(recipe, seed, train, validation, len(done), device)
    with repeatable(device):
        if not has_ended(done, recipe):
            with quiet(), advice(recipe):
                trainer = build_trainer(recipe, work_folder, hardware, progress)
                trainer.fit(training, to_train, to_validate, ckpt_path=resume, weights_only=True)
        result = outcome(recipe, training.network, work_folder)
        _check_learned(recipe, result)
        return _calibrated(recipe, result, validation, hardware) if recipe.calibrated else result


def _check_learned(recipe: Recipe, result: FitResult) -> None:
    """TrainingDivergedError for a finite loss that is out of all proportion to that of guessing."""
    loss = float(result.curves.set_index("epoch")["validation_loss"].loc[result.epoch])
    if loss > FAR_WORSE * math.log(len(recipe.emotions)):
        rate = recipe.optimiser.learning_rate
        raise TrainingDivergedError(
            f"the validation loss is {loss:.3g} in epoch {result.epoch}, and"
            f" {math.log(len(recipe.emotions)):.3g} for guessing: try a lower learning_rate than"
            f" {rate:g}, for example {rate / 10:g}"
        )


def _check_shares(batch_size: int, n_devices: int) -> None:
    """Every device averages over its own share, and normalises by at least two rows of it."""
    if n_devices > 1 and (batch_size % n_devices or batch_size < 2 * n_devices):
        raise ValueError(
            f"{n_devices} devices cannot share batches of {batch_size} rows equally, two or more"
            f" each: change batch_size to a multiple of {n_devices}, or train on one"
        )


def _calibrated(
    recipe: Recipe, result: FitResult, validation: TrainingData, hardware: Hardware
) -> FitResult:
    """The result with the temperature of the validation rows in its weights."""
    network = models.build(recipe.model.name, recipe.model, recipe.sizes)
    network.load_state_dict(result.state_dict)
    logits = logits_of_views(network, recipe, validation.inputs, hardware.device)
    temperature = fit_temperature(logits, validation.targets.argmax(axis=1))
    cool(network.cpu(), temperature, len(recipe.emotions))
    weights = {name: value.contiguous() for name, value in network.state_dict().items()}
    return replace(result, state_dict=weights, temperature=temperature)


def _training(
    recipe: Recipe, seed: int, train: TrainingData, initial: dict[str, torch.Tensor] | None
) -> Training:
    """The network before its first step: weights drawn or given, scaling by the training rows.

    First weights bring the scaling that they were learned with, if they have any.
    """
    weights = class_weights(recipe.loss.class_weights, train.targets)
    training = Training(recipe, seed, None if weights is None else torch.from_numpy(weights))
    if train.features is not None:
        fit_scalers(training.network, torch.from_numpy(train.features))
    if initial is not None:
        frozen = recipe.freeze.parts if recipe.freeze is not None else ()
        put_into(training.network, initial, frozen)
    return training


def _loaders(
    recipe: Recipe,
    seed: int,
    train: TrainingData,
    validation: TrainingData,
    epoch: int,
    device: torch.device,
) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    if len(train.targets) < 2 or len(validation.targets) < 1:
        raise ValueError(
            f"{len(train.targets)} rows to learn from and {len(validation.targets)} to validate"
            " with; at least 2 and 1 are needed"
        )
    learned, held_out = (
        Examples(data, recipe.sizes, recipe.model.input_px) for data in (train, validation)
    )
    # Not a closure: processes that train together are given it, too.
    order = partial(_order, recipe.data.sampler == "balanced", seed, train.targets.argmax(axis=1))
    batches = FullBatches(order, len(learned), recipe.batch_size, epoch)
    in_order = InOrder(len(held_out), VALIDATION_BATCH)
    on_gpu = device.type == "cuda"
    return loader(learned, batches, on_gpu), loader(held_out, in_order, on_gpu)


def _order(balanced: bool, seed: int, labels: np.ndarray, epoch: int) -> torch.Tensor:
    """The order of the rows in an epoch, counted from 0, by the recipe's sampler."""
    generator = stream("order", seed, epoch)
    if balanced:
        return balanced_order(labels, len(labels), generator)
    return torch.randperm(len(labels), generator=generator)
