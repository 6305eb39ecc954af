"""Faster R-CNN on a feature pyramid that begins at a stride of 4 px, for faces of few pixels.

Ren et al. 2015, "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks";
Lin et al. 2017, "Feature Pyramid Networks for Object Detection". Nothing is downloaded.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import nn
from torchvision.models import mobilenet_v3_large, resnet50
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import Conv2dNormActivation, FrozenBatchNorm2d

from emotion_pipeline.training.detection.recipe import Detector
from emotion_pipeline.training.initial import put_into

MOST_FACES = 1000
"""In one picture; the fullest published ones have several hundred."""
N_PROPOSALS = 2000
BACKGROUND_AND_FACE = 2
POOLED_CELLS = 7

Norm = Callable[..., nn.Module]


class Pyramid(BackboneWithFPN):
    """Feature maps in full precision, also under autocast: anchors take their type from them, and
    half precision would shift those by several pixels."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {name: level.float() for name, level in super().forward(x).items()}


class ProposalHead(RPNHead):
    """In full precision for the same reason: proposals take their type from how anchors change."""

    def forward(self, x: list[torch.Tensor]) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        scores, changes = super().forward(x)
        return [level.float() for level in scores], [level.float() for level in changes]


class Predictor(FastRCNNPredictor):
    """In full precision for the same reason: boxes take their type from how proposals change."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        scores, changes = super().forward(x)
        return scores.float(), changes.float()


def build(values: Detector, *, pretrained: bool) -> FasterRCNN:
    """A fresh detector, weights drawn from torch's global generator.

    In training it maps pictures, float32 (3, h, w) of any sizes, 0 to 1, with `boxes` (n, 4) and
    `labels` (n,) of ones, to a dict of losses, and does not scale the pictures; in evaluation it
    scales them and gives `boxes` in pixels of each picture as it came, with `scores`, 0 to 1. With
    `pretrained`, normalisation layers keep the statistics that they are given: batches are too
    small to estimate better ones.
    """
    make, n_hidden, n_learned = _VARIANTS[values.variant]
    backbone = make(FrozenBatchNorm2d if pretrained else None)
    anchors = AnchorGenerator(
        tuple((side_px,) for side_px in values.anchor_px),
        (values.aspect_ratios,) * len(values.anchor_px),
    )
    return FasterRCNN(
        backbone,
        min_size=values.least_side_px,
        max_size=values.longest_side_px,
        rpn_anchor_generator=anchors,
        rpn_head=ProposalHead(backbone.out_channels, anchors.num_anchors_per_location()[0]),
        rpn_pre_nms_top_n_test=N_PROPOSALS,
        rpn_post_nms_top_n_test=N_PROPOSALS,
        box_head=TwoMLPHead(backbone.out_channels * POOLED_CELLS**2, n_hidden),
        box_predictor=Predictor(n_hidden, BACKGROUND_AND_FACE),
        box_batch_size_per_image=n_learned,
        box_detections_per_img=MOST_FACES,
        _skip_resize=True,  # in training only
    )


def start_from(imagenet: dict[str, torch.Tensor], detector: nn.Module, variant: str) -> None:
    """Copy a classifier's weights, as torchvision publishes them, to below the feature pyramid.

    Raises InitialWeightsError where they are of another architecture.
    """
    prefix = "features." if variant == "mobilenet_v3_large" else ""
    body = {name.removeprefix(prefix): one for name, one in imagenet.items()}
    put_into(detector.get_submodule("backbone.body"), body)


def _resnet50(norm: Norm | None) -> Pyramid:
    body = resnet50(weights=None, norm_layer=norm)
    layers = {f"layer{number}": str(number - 1) for number in range(1, 5)}
    return Pyramid(body, layers, [256, 512, 1024, 2048], 256)


def _mobilenet_v3_large(norm: Norm | None) -> Pyramid:
    """The last layers of strides 4, 8, 16 and 32; half the width of torchvision's pyramid."""
    body = mobilenet_v3_large(weights=None, norm_layer=norm).features
    layers = {"3": "0", "6": "1", "12": "2", "16": "3"}
    return Pyramid(body, layers, [24, 40, 112, 960], 128)


def _tiny(norm: Norm | None) -> Pyramid:
    """Five convolutions of few channels: for tests and first tries, not for results."""
    widths = (3, 8, 16, 16, 16, 16)
    body = nn.Sequential(
        *(
            Conv2dNormActivation(before, after, stride=2, norm_layer=norm or nn.BatchNorm2d)
            for before, after in pairwise(widths)
        )
    )
    layers = {str(number): str(number - 1) for number in range(1, 5)}
    return Pyramid(body, layers, list(widths[2:]), 16)


_VARIANTS: dict[str, tuple[Callable[[Norm | None], Pyramid], int, int]] = {
    "resnet50": (_resnet50, 1024, 512),
    "mobilenet_v3_large": (_mobilenet_v3_large, 512, 512),
    "tiny": (_tiny, 32, 64),
}
"""Backbone with its pyramid, units of the layers above it, and proposals per picture that the
second stage learns from."""
