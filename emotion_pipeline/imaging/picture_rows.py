"""Rows of `schema.PICTURES` from rows with pictures, as they are. It runs in workers."""

import pyarrow as pa

from emotion_pipeline.schema import PICTURES


def unchanged(rows: pa.Table) -> pa.Table:
    """The pictures as they are, without `input_digest`."""
    return rows.select([name for name in PICTURES.names if name != "input_digest"])
