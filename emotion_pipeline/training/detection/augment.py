"""Training pictures and their boxes, changed at random: seed, epoch and picture decide how."""

import os

import numpy as np

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask the network for a newer one
import albumentations as alb

from emotion_pipeline.training.detection.policies import FacePolicy

LEAST_VISIBLE = 0.3
"""Of a face's area: one that a tile cuts off further is no face to be found in it."""


def pipeline(policy: FacePolicy, tile_px: int | None) -> alb.Compose:
    """The transforms of a policy and of tiles; a picture smaller than its tile is filled up."""
    tile = [alb.RandomCrop(tile_px, tile_px, pad_if_needed=True)] if tile_px else []
    return alb.Compose(
        [
            *tile,
            alb.HorizontalFlip(p=policy.flip_probability),
            alb.RandomBrightnessContrast(
                policy.brightness, policy.contrast, p=policy.light_probability
            ),
            alb.GaussianBlur(blur_limit=(3, policy.blur_px), p=policy.blur_probability),
            alb.CLAHE(p=policy.equalise_probability),
        ],
        bbox_params=alb.BboxParams(
            "pascal_voc", min_visibility=LEAST_VISIBLE, clip=True, filter_invalid_bboxes=True
        ),
    )


def augment(
    picture: np.ndarray, boxes: np.ndarray, transforms: alb.Compose, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """A picture (h, w, 3) uint8 RGB and its boxes (n, 4) float32 in px, changed as `seed` says.

    The result has the same types; boxes that are no longer to be seen are left out.
    """
    transforms.set_random_seed(seed % 2**32)
    changed = transforms(image=picture, bboxes=boxes)
    return changed["image"], np.asarray(changed["bboxes"], np.float32).reshape(-1, 4)
