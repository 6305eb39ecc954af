"""A recipe of a face detector: `task: faces` in its YAML file tells it from the others.

Fields that both kinds have are called the same, so that trainer, curves and checkpoints serve both.
Neither torch nor Albumentations is needed to load one.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from emotion_pipeline.training.detection.policies import FACE_POLICIES
from emotion_pipeline.training.values import (
    DatasetName,
    Distinct,
    EarlyStopping,
    Initial,
    Optimiser,
    Schedule,
    Section,
    Seed,
    one_of,
)

N_LEVELS = 5
"""Levels of the feature pyramid, with strides of 4, 8, 16, 32 and 64 px: one anchor side each."""

SidePx = Annotated[int, Field(ge=64, le=4096)]
OriginalOnly = tuple[Literal["original"]]


class FaceData(Section):
    """Whose boxes are learned on whose pictures; boxes stand with their pictures, so both agree."""

    labels: DatasetName
    pictures: DatasetName
    domains: OriginalOnly = ("original",)

    @model_validator(mode="after")
    def _boxes_of_these_pictures(self) -> Self:
        if self.labels != self.pictures:
            raise ValueError("labels and pictures must be the same dataset: boxes lie in pictures")
        return self


class Detector(Section):
    """The network, the size of the pictures in it, and the boxes that it starts from.

    A picture is scaled until its shorter side has `least_side_px`, or its longer one
    `longest_side_px` if that comes first. Anchors have these sides, one per level of the feature
    pyramid, each in these ratios of height to width.
    """

    name: Literal["faster_rcnn"] = "faster_rcnn"
    variant: Annotated[str, one_of("resnet50", "mobilenet_v3_large", "tiny")]
    anchor_px: Annotated[
        tuple[Annotated[int, Field(ge=2, le=1024)], ...],
        Field(min_length=N_LEVELS, max_length=N_LEVELS),
    ] = (8, 16, 32, 64, 128)
    aspect_ratios: Annotated[
        tuple[Annotated[float, Field(ge=0.2, le=5)], ...], Field(min_length=1), Distinct
    ] = (1.2,)
    least_side_px: SidePx = 720
    longest_side_px: SidePx = 1080

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if list(self.anchor_px) != sorted(set(self.anchor_px)):
            raise ValueError(f"anchor_px must rise from level to level, not {self.anchor_px}")
        if self.least_side_px > self.longest_side_px:
            raise ValueError(
                f"least_side_px {self.least_side_px} is more than"
                f" longest_side_px {self.longest_side_px}"
            )
        return self


class FaceAugment(Section):
    """Name of a policy of `training/detection/policies`, and the squares to train on.

    `tile_px` cuts a square at a random place out of every scaled training picture, so that tiny
    faces keep their pixels and memory stays small.
    """

    policy: Annotated[str, one_of(*FACE_POLICIES)] = "none"
    tile_px: Annotated[int, Field(ge=64, le=2048)] | None = None


class FaceRecipe(Section):
    """One face detector from data to test."""

    task: Literal["faces"]
    description: Annotated[str, Field(min_length=1, max_length=500)]
    data: FaceData
    model: Detector
    augment: FaceAugment = FaceAugment()
    optimiser: Optimiser
    schedule: Schedule = Schedule()
    epochs: Annotated[int, Field(ge=1, le=1000)]
    batch_size: Annotated[int, Field(ge=1, le=256)]
    early_stopping: EarlyStopping | None = None
    initial: Initial | None = None
    """ImageNet weights of the network below the feature pyramid, or drawn ones."""
    keep: Annotated[str, one_of("best", "last")] = "best"
    """Which epoch's weights: the one with the highest validation AP50, or the last."""
    ema_decay: Annotated[float, Field(ge=0.5, lt=1)] | None = None
    swa_from: Annotated[float, Field(ge=0, lt=1)] | None = None
    precision: Annotated[str, one_of("32-true", "bf16-mixed", "16-mixed")] = "32-true"
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, max_length=99), Distinct] = (1,)
    evaluate_on: OriginalOnly = ("original",)

    @property
    def stem(self) -> str:
        """How the file's name begins."""
        return f"{self.data.labels}_{self.model.name}"

    @property
    def follows(self) -> tuple[str, ...]:
        """The recipes whose models this one is made from."""
        return ()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.ema_decay is not None and self.swa_from is not None:
            raise ValueError("ema_decay or swa_from, not both")
        if self.initial is not None and not self.initial.imagenet:
            raise ValueError("initial.recipe is not possible for detectors, `imagenet: true` is")
        if self.initial is not None and self.model.variant == "tiny":
            raise ValueError("nobody published ImageNet weights of variant tiny: leave out initial")
        return self
