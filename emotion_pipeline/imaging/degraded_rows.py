"""Rows of `schema.PICTURES` from rows with pictures, degraded. It runs in workers."""

import pyarrow as pa

from emotion_pipeline.domains import Degradation
from emotion_pipeline.imaging.degrade import degrade
from emotion_pipeline.imaging.pictures import changed


def degraded(degradation: Degradation, rows: pa.Table) -> pa.Table:
    """One corruption at one severity, without `input_digest`.

    `sample_id` is the key that picks the random numbers.
    """
    return changed(lambda image, name: degrade(image, degradation, name), rows)
