"""Rows of `schema.LANDMARKS` from rows with face pictures.

It runs in workers and imports little, for one that holds the landmarker needs 250 MB as it is.
"""

import numpy as np
import pyarrow as pa

from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.grayscale import to_rgb
from emotion_pipeline.landmarks.detectors import ModelPaths, detectors
from emotion_pipeline.landmarks.measuring import measure
from emotion_pipeline.schema import LANDMARKS


def measured(paths: ModelPaths, rows: pa.Table) -> pa.Table:
    """The landmarks of every face picture, without `input_digest`."""
    use = detectors(paths)
    pictures = [to_rgb(decode(image["bytes"].as_py())) for image in rows["image"]]
    found = measure(pictures, use)
    meshes = [one.mesh for one in found]
    missing = np.array([mesh is None for mesh in meshes], dtype=bool)
    return pa.table(
        {
            "sample_id": rows["sample_id"],
            "detected": pa.array(~missing),
            "reason": pa.array([one.reason for one in found], pa.string()),
            "landmarks": _lists("landmarks", [m and m.points for m in meshes], missing),
            "blendshapes": _lists("blendshapes", [m and m.blendshapes for m in meshes], missing),
            "pose": _lists("pose", [m and m.pose for m in meshes], missing),
        }
    )


def _lists(name: str, values: list[np.ndarray | None], missing: np.ndarray) -> pa.Array:
    """One list of fixed length per row, null where it is missing."""
    kind = LANDMARKS.field(name).type
    numbers = np.zeros((len(values), kind.list_size), dtype=np.float32)
    for row, value in zip(numbers, values, strict=True):
        if value is not None:
            row[:] = value.reshape(-1)
    return pa.FixedSizeListArray.from_arrays(
        pa.array(numbers.reshape(-1)), type=kind, mask=pa.array(missing)
    )
