"""A detector of a few thousand weights, and dark pictures with bright squares to be found."""

from typing import Any

import numpy as np

from emotion_pipeline.training.detection.data import FacePictures
from emotion_pipeline.training.detection.recipe import FaceRecipe

SIDE_PX = 96


def recipe(**changes: Any) -> FaceRecipe:
    """A tiny recipe; changes replace whole sections or values."""
    values: dict[str, Any] = {
        "task": "faces",
        "description": "tiny",
        "data": {"labels": "darkface", "pictures": "darkface"},
        "model": {"variant": "tiny", "least_side_px": SIDE_PX, "longest_side_px": SIDE_PX},
        "augment": {"policy": "flip"},
        "optimiser": {"name": "sgd", "learning_rate": 0.05},
        "epochs": 3,
        "batch_size": 4,
    }
    return FaceRecipe.model_validate({**values, **changes})


def squares(n: int, seed: int = 0) -> FacePictures:
    """Noise with up to three squares of 10 to 20 px; nobody is in the first picture."""
    random = np.random.default_rng(seed)
    pictures, boxes = [], []
    for number in range(n):
        picture = random.integers(0, 40, (SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
        sides = random.integers(10, 21, random.integers(1, 4) if number else 0)
        left_top = random.integers(0, SIDE_PX - 20, (len(sides), 2))
        for (left, top), side in zip(left_top, sides, strict=True):
            picture[top : top + side, left : left + side] |= 192
        pictures.append(picture)
        boxes.append(np.hstack([left_top, left_top + sides[:, None]]).astype(np.float32))
    return FacePictures(pictures, boxes)
