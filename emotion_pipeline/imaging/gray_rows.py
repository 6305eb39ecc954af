"""Rows of `schema.PICTURES` from rows with pictures, in gray. It runs in workers."""

import pyarrow as pa

from emotion_pipeline.imaging.grayscale import to_gray
from emotion_pipeline.imaging.pictures import changed


def grayed(rows: pa.Table) -> pa.Table:
    """The pictures in gray, without `input_digest`; those that are gray keep their bytes."""
    return changed(lambda image, _: to_gray(image), rows)
