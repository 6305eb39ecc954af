"""Pictures and boxes for a detector: decoded when their batch is due, never all at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from emotion_pipeline.training.data import Order
from emotion_pipeline.training.detection.augment import augment, pipeline
from emotion_pipeline.training.detection.policies import FACE_POLICIES
from emotion_pipeline.training.detection.recipe import FaceRecipe
from emotion_pipeline.training.randomness import seed_for, stream

LEAST_SIDE_PX = 1.0
"""Of a box in the working picture: a smaller one has nothing to be recognised by."""

Target = dict[str, torch.Tensor]
Batch = tuple[list[torch.Tensor], list[Target]]


@dataclass(frozen=True)
class FacePictures:
    """Pictures and the boxes of all faces in them.

    `pictures` are (h, w) gray or (h, w, 3) RGB uint8, of any sizes; a sequence that decodes when it
    is asked keeps memory small. `boxes` are (n, 4) in px, left, top, right, bottom; n may be 0.
    """

    pictures: Sequence[np.ndarray]
    boxes: Sequence[np.ndarray]

    def __post_init__(self) -> None:
        if len(self.pictures) != len(self.boxes):
            raise ValueError(f"{len(self.pictures)} pictures, but boxes of {len(self.boxes)}")

    def __len__(self) -> int:
        return len(self.pictures)


class TrainingPictures(Dataset[Batch]):
    """Whole batches, scaled and augmented: its index is a tensor of `order`'s draws."""

    def __init__(self, data: FacePictures, recipe: FaceRecipe, seed: int) -> None:
        self.data, self.recipe, self.seed = data, recipe, seed
        policy = FACE_POLICIES[recipe.augment.policy]
        self.transforms = pipeline(policy, recipe.augment.tile_px)

    def __getitem__(self, draws: torch.Tensor) -> Batch:
        places = [divmod(draw, len(self.data)) for draw in draws.tolist()]
        pictures, targets = zip(*(self._one(*place) for place in places), strict=True)
        return list(pictures), list(targets)

    def _one(self, epoch: int, row: int) -> tuple[torch.Tensor, Target]:
        picture, scale = scaled(as_rgb(self.data.pictures[row]), self.recipe)
        boxes = usable(self.data.boxes[row] * scale, picture.shape[1], picture.shape[0])
        seed = seed_for("augment", self.seed, epoch, row)
        picture, boxes = augment(picture, boxes, self.transforms, seed)
        return to_tensor(picture), as_target(usable(boxes, picture.shape[1], picture.shape[0]))


class WholePictures(Dataset[Batch]):
    """Pictures one by one as they are, to be predicted: the network scales them itself."""

    def __init__(self, data: FacePictures) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, row: int) -> Batch:
        boxes = np.asarray(self.data.boxes[row], np.float32).reshape(-1, 4)
        return [to_tensor(as_rgb(self.data.pictures[row]))], [as_target(boxes)]


def order(n_rows: int, seed: int) -> Order:
    """The draws of each epoch: a row plus `n_rows` times the epoch, so that workers know both."""

    def draws(epoch: int) -> torch.Tensor:
        return epoch * n_rows + torch.randperm(n_rows, generator=stream("order", seed, epoch))

    return draws


def loader(
    pictures: Dataset[Batch], sampler: Sampler[torch.Tensor] | None, n_workers: int
) -> DataLoader[Batch]:
    """Batches of pictures, uint8 (3, h, w), and targets; decoded in `n_workers` processes."""
    return DataLoader(
        pictures,
        sampler=sampler,
        batch_size=None,
        num_workers=n_workers,
        persistent_workers=n_workers > 0,
        multiprocessing_context="spawn" if n_workers else None,  # a fork may inherit held locks
    )


def scaled(picture: np.ndarray, recipe: FaceRecipe) -> tuple[np.ndarray, float]:
    """The working picture of a training picture, and how many of its px one px became.

    Interpolated as the network does it in evaluation.
    """
    sides = sorted(picture.shape[:2])
    scale = min(recipe.model.least_side_px / sides[0], recipe.model.longest_side_px / sides[1])
    size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
    if size == picture.shape[1::-1]:
        return picture, scale
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)), scale


def usable(boxes: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """Boxes (n, 4) float32 cut off at the edges, without those that leave nothing to be seen."""
    edges = np.array([width_px, height_px, width_px, height_px], np.float32)
    inside = np.clip(np.asarray(boxes, np.float32).reshape(-1, 4), 0, edges)
    sides = inside[:, 2:] - inside[:, :2]
    return inside[(sides >= LEAST_SIDE_PX).all(axis=1)]  # NaN compares as false


def as_rgb(picture: np.ndarray) -> np.ndarray:
    """A picture as (h, w, 3) uint8; ValueError for anything but gray or RGB uint8."""
    if (
        picture.dtype != np.uint8
        or picture.ndim not in (2, 3)
        or picture.shape[2:] not in ((), (3,))
    ):
        raise ValueError(
            f"pictures must be (h, w) or (h, w, 3) uint8, got {picture.shape} {picture.dtype}"
        )
    return picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)


def to_tensor(picture: np.ndarray) -> torch.Tensor:
    """(h, w, 3) to (3, h, w), uint8."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))


def as_target(boxes: np.ndarray) -> Target:
    """Boxes as torchvision's detectors take them; every one is a face."""
    return {
        "boxes": torch.from_numpy(boxes),
        "labels": torch.ones(len(boxes), dtype=torch.int64),
    }
