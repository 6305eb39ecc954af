"""Recordings with faces and landmarks that nobody measured: the mesh says the emotion."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import LANDMARKS, PICTURES
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages import samples
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.training.recipe import Recipe

DATASET = get_dataset("personal")
RIGHT_EYE, LEFT_EYE = (33, 133), (263, 362)


def workspace_in(folder: Path, n: int = 160) -> Workspace:
    """A lake with samples, faces and landmarks of drawn recordings; every fifth has no mesh."""
    workspace = Workspace(
        Settings(lake=folder / "lake", raw=folder / "raw", engine="sequential", device="cpu")
    )
    DATASET.draw(workspace.settings.raw_root, n, 1)
    samples.ingest(workspace, DATASET)
    for bucket in range(DATASET.n_buckets):
        rows = workspace.samples(DATASET).read(bucket)
        faces = workspace.pictures("faces", DATASET)
        faces.write(bucket, [rows.select(PICTURES.names)], "inputs", "code")
        meshes = workspace.landmarks(DATASET, ORIGINAL)
        meshes.write(bucket, [_landmarks(rows, bucket)], "inputs", "code")
    return workspace


def recipe(**changes: object) -> Recipe:
    """A small network on the made-up landmarks; changes replace whole sections or values."""
    values = {
        "description": "made up",
        "data": {"labels": "personal", "pictures": "personal", "inputs": ["blendshapes"]},
        "model": {"name": "landmark_mlp", "dense": [8]},
        "optimiser": {"name": "adam", "learning_rate": 0.02},
        "epochs": 3,
        "batch_size": 8,
        "evaluate_on": ["original"],
    }
    return Recipe.model_validate({**values, **changes})


def _landmarks(rows: pa.Table, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    n = rows.num_rows
    emotions = [EMOTIONS.index(emotion) for emotion in rows["emotion"].to_pylist()]
    shapes = random.uniform(0, 0.2, (n, 52)).astype(np.float32)
    shapes[np.arange(n), emotions] += 0.8
    points = random.uniform(0.4, 0.6, (n, 478, 3)).astype(np.float32)
    points[:, RIGHT_EYE, 0] -= 0.2
    points[:, LEFT_EYE, 0] += 0.2
    poses = np.broadcast_to(np.eye(4, dtype=np.float32), (n, 4, 4))
    found = [int(name[-1:], 36) % 5 > 0 for name in rows["sample_id"].to_pylist()]
    values = {"landmarks": points, "blendshapes": shapes, "pose": poses}
    lists = {
        name: [
            list(map(float, v.ravel())) if ok else None for v, ok in zip(many, found, strict=True)
        ]
        for name, many in values.items()
    }
    columns = {
        "sample_id": rows["sample_id"].to_pylist(),
        "input_digest": [bytes(16)] * n,
        "detected": found,
        "reason": [None if ok else "made_up" for ok in found],
        **lists,
    }
    return pa.table(
        [pa.array(columns[field.name], field.type) for field in LANDMARKS], schema=LANDMARKS
    )
