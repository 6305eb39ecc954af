"""Rows of `schema.PICTURES` from rows with pictures: gray, degraded, or as they are.

It runs in workers and imports little. What comes back has no `input_digest`.
"""

import pyarrow as pa

from emotion_pipeline.domains import Degradation
from emotion_pipeline.imaging.degrade import degrade
from emotion_pipeline.imaging.grayscale import to_gray
from emotion_pipeline.imaging.pictures import changed
from emotion_pipeline.schema import PICTURES


def unchanged(rows: pa.Table) -> pa.Table:
    """The pictures as they are."""
    return rows.select([name for name in PICTURES.names if name != "input_digest"])


def grayed(rows: pa.Table) -> pa.Table:
    """The pictures in gray; those that are gray keep their bytes."""
    return changed(lambda image, _: to_gray(image), rows)


def degraded(degradation: Degradation, rows: pa.Table) -> pa.Table:
    """One corruption at one severity; `sample_id` is the key that picks the random numbers."""
    return changed(lambda image, name: degrade(image, degradation, name), rows)
