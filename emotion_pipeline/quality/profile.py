"""One plain row per sample: the table of a dataset with votes and boxes turned into numbers.

Expectations compare numbers and names; they cannot look into lists. Pictures were measured when
they were decoded, so that none is opened here.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.votes import VOTE_CLASSES

MEASURED = ("width_px", "height_px", "pixel_min", "pixel_max", "pixel_sd")
VOTES = tuple(f"votes_{name}" for name in VOTE_CLASSES)

_FLOATS = (*MEASURED, *VOTES, "valence", "arousal")


def profile(samples: pa.Table) -> pd.DataFrame:
    """One row per sample of a table with the columns of `schema.SAMPLES` or `schema.VOTES`.

    Always as many rows as the table, and all columns even where there are none. Columns:

    - those of the table that hold text, numbers or digests; a digest as hexadecimal text
    - measures and votes as float64, NaN where a value is missing; with votes, `votes_sum`
    - with boxes, `n_boxes_dropped`, those published that are not in the table, and
      `n_boxes_outside`, those that have no area or reach out of the picture

    A column that the table lacks is left out, so that the expectation on it fails and names it.
    """
    plain = [field.name for field in samples.schema if not pa.types.is_nested(field.type)]
    frame = samples.select([name for name in plain if name != "input_digest"]).to_pandas()
    floats = [name for name in _FLOATS if name in frame]
    frame[floats] = frame[floats].astype(np.float64)
    if "image_digest" in frame:
        frame["image_digest"] = pd.Series([one.hex() for one in frame["image_digest"]], dtype=str)
    if set(VOTES) & set(frame):
        votes = [name for name in VOTES if name in frame]
        frame["votes_sum"] = frame[votes].sum(axis=1, skipna=False)
    if "boxes" in samples.column_names:
        n_boxes = pc.list_value_length(samples["boxes"]).to_numpy()
        frame["n_boxes_dropped"] = frame["n_boxes_published"] - n_boxes
        frame["n_boxes_outside"] = _n_outside(samples)
    return frame


def _n_outside(samples: pa.Table) -> np.ndarray:
    """(n,) number of boxes of a row that do not lie in its picture or are empty."""
    boxes = samples["boxes"].combine_chunks()
    row = pc.list_parent_indices(boxes).to_numpy()
    left, top, right, bottom = (
        pc.struct_field(boxes.flatten(), name).to_numpy(zero_copy_only=False)
        for name in ("left_px", "top_px", "right_px", "bottom_px")
    )
    width, height = (samples[name].to_numpy()[row] for name in ("width_px", "height_px"))
    inside = (left >= 0) & (top >= 0) & (left < right) & (top < bottom)
    inside &= (right <= width) & (bottom <= height)
    return np.bincount(row[~inside], minlength=samples.num_rows)
