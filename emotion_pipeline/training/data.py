"""Inputs and targets in memory: bytes until a batch of them is needed.

35,000 pictures of 48 x 48 are 80 MB, so worker processes would only cost time. Larger sets may come
as memory-mapped arrays: only the rows of a batch are read.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import distributed
from torch.utils.data import DataLoader, Dataset, Sampler

from emotion_pipeline.imaging.resize import to_square
from emotion_pipeline.training.devices import moved
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.values import PICTURES, Data

# Keeps the noise of an almost even picture from being blown up to full contrast.
LEAST_CONTRAST = 0.1
# Mean and deviation of ImageNet's red, green and blue, 0 to 1, as torchvision's weights expect
# them; for gray pictures the mean of the three.
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Inputs = tuple[torch.Tensor, ...]
Batch = tuple[Inputs, torch.Tensor]


@dataclass(frozen=True)
class TrainingData:
    """What a network is given, row by row, and what it should say.

    `targets` is (N, C) float32, rows that sum to 1, columns in the order of the label space.
    `pictures` is (N, side, side, channels) uint8 or None, `features` (N, f) float32, NaN where
    nothing was measured, or None.
    """

    targets: np.ndarray
    pictures: np.ndarray | None = None
    features: np.ndarray | None = None

    @property
    def inputs(self) -> tuple[np.ndarray, ...]:
        """The inputs that there are: pictures, then features."""
        return tuple(one for one in (self.pictures, self.features) if one is not None)


def square_pictures(
    images: Iterable[np.ndarray], side_px: int, out: np.ndarray | None = None
) -> np.ndarray:
    """Pictures (h, w) or (h, w, 3) uint8 of any sizes as (N, side_px, side_px, channels) uint8.

    `out` is an array to fill instead of a new one. Raises ValueError for anything else.
    """
    squares = []
    for number, image in enumerate(images):
        if image.dtype != np.uint8 or image.ndim not in (2, 3):
            raise ValueError(f"pictures must be (h, w) or (h, w, 3) uint8, got {image.shape}")
        square = to_square(image, side_px).reshape(side_px, side_px, -1)
        if out is None:
            squares.append(square)
        else:
            out[number] = square
    if out is not None:
        return out
    return np.stack(squares) if squares else np.zeros((0, side_px, side_px, 1), np.uint8)


def normalise(pictures: torch.Tensor, how: str) -> torch.Tensor:
    """(n, c, h, w) uint8 to float32, by `Data.normalisation`.

    `per_image`: every picture has mean 0 and a standard deviation near 1. `imagenet`: the values,
    0 to 1, less the mean of ImageNet and divided by its deviation.
    """
    scaled = pictures.float() / 255
    if how == "per_image":
        deviation, mean = torch.std_mean(scaled, dim=(1, 2, 3), keepdim=True)
        return (scaled - mean) / (deviation + LEAST_CONTRAST)
    means, deviations = (
        moved(torch.tensor(values), scaled.device) for values in (IMAGENET_MEAN, IMAGENET_DEVIATION)
    )
    if pictures.shape[1] == 1:
        means, deviations = means.mean().reshape(1), deviations.mean().reshape(1)
    return (scaled - means.view(1, -1, 1, 1)) / deviations.view(1, -1, 1, 1)


def network_inputs(inputs: Inputs, values: Data) -> Inputs:
    """A batch as the network takes it: pictures normalised, features as they are."""
    if PICTURES not in values.inputs:
        return inputs
    return (normalise(inputs[0], values.normalisation), *inputs[1:])


def as_tensors(arrays: tuple[np.ndarray, ...], sizes: Sizes, input_px: int) -> Inputs:
    """Arrays of `TrainingData.inputs` as tensors, pictures (N, channels, side, side) uint8.

    Raises ValueError unless they are what a network of these sizes takes.
    """
    expected: list[tuple[int, ...]] = []
    if sizes.n_channels:
        expected.append((input_px, input_px, sizes.n_channels))
    if sizes.n_features:
        expected.append((sizes.n_features,))
    found = [array.shape[1:] for array in arrays]
    if found != expected:
        raise ValueError(f"the inputs of a row must be {expected}, got {found}")
    tensors = [torch.from_numpy(array) for array in arrays]
    return tuple(one.permute(0, 3, 1, 2) if one.ndim == 4 else one for one in tensors)


class Examples(Dataset[Batch]):
    """A data set that hands out whole batches: its index is a tensor of row numbers."""

    def __init__(self, data: TrainingData, sizes: Sizes, input_px: int) -> None:
        self.inputs = as_tensors(data.inputs, sizes, input_px)
        lengths = {*map(len, self.inputs), len(data.targets)}
        if len(lengths) > 1 or data.targets.shape[1:] != (sizes.n_classes,):
            expected = (len(self.inputs[0]), sizes.n_classes)
            raise ValueError(f"targets must be {expected}, got {data.targets.shape}")
        if not np.allclose(data.targets.sum(axis=1), 1, atol=1e-3):
            raise ValueError("every row of the targets must sum to 1")
        self.targets = torch.from_numpy(np.asarray(data.targets, np.float32))

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, rows: torch.Tensor) -> Batch:
        return tuple(one[rows] for one in self.inputs), self.targets[rows]


Order = Callable[[int], torch.Tensor]
"""Row numbers of an epoch, counted from 0, in the order in which they come up."""


class FullBatches(Sampler[torch.Tensor]):
    """Full batches of row numbers in an order that only the epoch decides.

    Rows that do not fill a batch wait for another epoch's order. Lightning calls `set_epoch`, but
    in a resumed run only after it has taken the first order: hence `epoch`, the one to begin with.
    Where several processes train together, each takes its share of every batch.
    """

    def __init__(self, order: Order, n_rows: int, batch_size: int, epoch: int = 0) -> None:
        self.order, self.n_rows, self.batch_size = order, n_rows, min(batch_size, n_rows)
        self.epoch = epoch

    def set_epoch(self, epoch: int) -> None:
        """The epoch, counted from 0, whose order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.n_rows // self.batch_size

    def __iter__(self) -> Iterator[torch.Tensor]:
        rank, n_processes = _place()
        for batch in torch.split(self.order(self.epoch), self.batch_size)[: len(self)]:
            yield batch[rank::n_processes]


class InOrder(Sampler[torch.Tensor]):
    """All rows, in order, in batches of which the last may be smaller; each process has a share."""

    def __init__(self, n_rows: int, batch_size: int) -> None:
        self.n_rows, self.batch_size = n_rows, batch_size

    def __len__(self) -> int:
        return len(self._batches())

    def __iter__(self) -> Iterator[torch.Tensor]:
        return iter(self._batches())

    def _batches(self) -> tuple[torch.Tensor, ...]:
        rank, n_processes = _place()
        return torch.split(torch.arange(self.n_rows)[rank::n_processes], self.batch_size)


def loader(
    examples: Examples, sampler: Sampler[torch.Tensor], for_gpu: bool = False
) -> DataLoader[Batch]:
    """Batches ((inputs), targets (n, C) float32) in the sampler's order.

    Those for a GPU are put in memory that it reads while the CPU goes on.
    """
    return DataLoader(examples, sampler=sampler, batch_size=None, pin_memory=for_gpu)


def _place() -> tuple[int, int]:
    """This process among those that train together, counted from 0, and how many they are."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
