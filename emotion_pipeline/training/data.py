"""Pictures and targets in memory: bytes until a batch of them is needed.

35,000 pictures of 48 x 48 are 80 MB, so worker processes would only cost time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from emotion_pipeline.training.randomness import stream

NORMALISATION = "per_image_standardised"
# Keeps the noise of an almost even picture from being blown up to full contrast.
LEAST_CONTRAST = 0.1

Batch = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class TrainingData:
    """Gray pictures (N, H, W) uint8, or N arrays (h, w) uint8 of any sizes, and their targets.

    `targets` is (N, C) float32, rows that sum to 1, columns in the order of the label space.
    """

    images: np.ndarray | Sequence[np.ndarray]
    targets: np.ndarray


def standardise(images: torch.Tensor) -> torch.Tensor:
    """(n, 1, h, w) uint8 to float32 with mean 0 and a standard deviation near 1 per picture."""
    scaled = images.float() / 255
    deviation, mean = torch.std_mean(scaled, dim=(2, 3), keepdim=True)
    return (scaled - mean) / (deviation + LEAST_CONTRAST)


def to_tensor(images: np.ndarray | Sequence[np.ndarray], input_px: int) -> torch.Tensor:
    """Gray pictures as (N, 1, input_px, input_px) uint8, resized where they differ in size.

    Raises ValueError for anything but two-dimensional uint8 arrays.
    """
    for image in images:
        if image.ndim != 2 or image.dtype != np.uint8:
            raise ValueError(f"pictures must be (h, w) uint8, got {image.shape} {image.dtype}")
    square = [_resized(image, input_px) for image in images]
    stacked = np.stack(square) if square else np.zeros((0, input_px, input_px), np.uint8)
    return torch.from_numpy(stacked).unsqueeze(1)  # (N, 1, input_px, input_px)


def _resized(image: np.ndarray, side_px: int) -> np.ndarray:
    if image.shape == (side_px, side_px):
        return image
    shrinks = min(image.shape) > side_px
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (side_px, side_px), interpolation=method))


class Pictures(Dataset[Batch]):
    """A data set that hands out whole batches: its index is a tensor of row numbers."""

    def __init__(self, data: TrainingData, input_px: int, n_classes: int) -> None:
        if data.targets.shape != (len(data.images), n_classes):
            expected = (len(data.images), n_classes)
            raise ValueError(f"targets must be {expected}, got {data.targets.shape}")
        if not np.allclose(data.targets.sum(axis=1), 1, atol=1e-3):
            raise ValueError("every row of the targets must sum to 1")
        self.images = to_tensor(data.images, input_px)
        self.targets = torch.from_numpy(np.asarray(data.targets, np.float32))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, rows: torch.Tensor) -> Batch:
        return self.images[rows], self.targets[rows]


class Shuffled(Sampler[torch.Tensor]):
    """Full batches of row numbers in an order that only seed and epoch decide.

    Rows that do not fill a batch wait for another epoch's order. Lightning calls `set_epoch`, but
    in a resumed run only after it has taken the first order: hence `epoch`, the one to begin with.
    """

    def __init__(self, n_rows: int, batch_size: int, seed: int, epoch: int = 0) -> None:
        self.n_rows, self.batch_size, self.seed = n_rows, min(batch_size, n_rows), seed
        self.epoch = epoch

    def set_epoch(self, epoch: int) -> None:
        """The epoch, counted from 0, whose order comes next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.n_rows // self.batch_size

    def __iter__(self) -> Iterator[torch.Tensor]:
        order = torch.randperm(self.n_rows, generator=stream("order", self.seed, self.epoch))
        return iter(torch.split(order, self.batch_size)[: len(self)])


class InOrder(Sampler[torch.Tensor]):
    """All rows, in order, in batches of which the last may be smaller."""

    def __init__(self, n_rows: int, batch_size: int) -> None:
        self.batches = torch.split(torch.arange(n_rows), batch_size)

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[torch.Tensor]:
        return iter(self.batches)


def loader(pictures: Pictures, sampler: Sampler[torch.Tensor]) -> DataLoader[Batch]:
    """Batches (images (n, 1, h, w) uint8, targets (n, C) float32) in the sampler's order."""
    return DataLoader(pictures, sampler=sampler, batch_size=None)
