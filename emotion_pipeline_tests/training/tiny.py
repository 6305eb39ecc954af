"""A recipe of a few thousand weights, and pictures that are easy to tell apart."""

from typing import Any

import numpy as np

from emotion_pipeline.training.data import TrainingData
from emotion_pipeline.training.recipe import Recipe

N_CLASSES = 8


def recipe(**changes: Any) -> Recipe:
    """A tiny recipe; changes replace whole sections or values."""
    values: dict[str, Any] = {
        "description": "tiny",
        "data": {"labels": "ferplus", "pictures": "fer2013"},
        "model": {
            "name": "cnn5", "widths": [4, 4, 8, 8, 8], "input_px": 32, "dropout": 0.1,
            "head_dropout": 0.1,
        },
        "augment": {"policy": "moderate"},
        "optimiser": {"name": "sgd", "learning_rate": 0.05, "weight_decay": 0.0005},
        "epochs": 4,
        "batch_size": 16,
        "ema_decay": 0.9,
    }  # fmt: skip
    return Recipe.model_validate({**values, **changes})


def patterns(n: int, seed: int = 0) -> TrainingData:
    """Noise with a bright bar whose height says the class."""
    random = np.random.default_rng(seed)
    classes = np.arange(n) % N_CLASSES
    images = random.integers(0, 60, (n, 32, 32)).astype(np.uint8)
    for image, emotion in zip(images, classes, strict=True):
        image[4 * emotion : 4 * emotion + 4] += 180
    return TrainingData(np.eye(N_CLASSES, dtype=np.float32)[classes], images[..., None])
