"""One plain row per sample: the table of a dataset, with pictures and votes turned into numbers.

Expectations compare numbers and names; they cannot open a picture. The pixels are therefore
measured here, a batch at a time, and forgotten.
"""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.votes import VOTE_CLASSES

PLAIN = ("sample_id", "split", "emotion", "undecided", "label", "synthetic")
MEASURED = ("width_px", "height_px", "pixel_min", "pixel_max", "pixel_sd")
VOTES = tuple(f"votes_{name}" for name in VOTE_CLASSES)

_BATCH_ROWS = 512


def profile(samples: pa.Table) -> pd.DataFrame:
    """One row per sample of a table with the columns of `schema.SAMPLES` or `schema.VOTES`.

    Always as many rows as the table, and all columns even where there are none. Columns:

    - those of `PLAIN` that the table has, as published
    - with pictures, `MEASURED`, float64: the size and the range and standard deviation of the gray
      values (0 to 255) of the decoded picture; all NaN where the bytes are no picture
    - with votes, `VOTES` and `votes_sum`, float64, NaN where a vote is missing

    A column that the table lacks is left out, so that the expectation on it fails and names it.
    """
    present = [name for name in (*PLAIN, *VOTES) if name in samples.column_names]
    frame = samples.select(present).to_pandas()
    votes = [name for name in VOTES if name in present]
    if votes:
        frame[votes] = frame[votes].astype(np.float64)
        frame["votes_sum"] = frame[votes].sum(axis=1, skipna=False)
    if "image" in samples.column_names:
        frame[list(MEASURED)] = _measure_all(samples["image"])
    return frame


def _measure_all(images: pa.ChunkedArray) -> np.ndarray:
    """(n, 5) float64 in the order of `MEASURED`."""
    batches = pa.table({"image": images}).to_batches(max_chunksize=_BATCH_ROWS)
    with ThreadPoolExecutor() as threads:  # OpenCV decodes without the interpreter lock
        measured = list(threads.map(_measure_batch, batches))
    return np.concatenate([np.empty((0, len(MEASURED))), *measured])


def _measure_batch(batch: pa.RecordBatch) -> np.ndarray:
    encoded = pc.struct_field(batch.column("image"), "bytes")
    return np.array([_measure(picture.as_buffer()) for picture in encoded]).reshape(
        -1, len(MEASURED)
    )


def _measure(encoded: pa.Buffer | None) -> tuple[float, ...]:
    """Width, height, lowest, highest and standard deviation of one encoded picture."""
    pixels = _decode(encoded)
    if pixels is None:
        return (np.nan,) * len(MEASURED)
    height, width = pixels.shape
    low, high, _, _ = cv2.minMaxLoc(pixels)
    _, sd = cv2.meanStdDev(pixels)
    return width, height, low, high, float(sd[0, 0])


def _decode(encoded: pa.Buffer | None) -> np.ndarray | None:
    """Gray values (height, width) uint8, or None where the bytes are missing or no picture."""
    if (
        encoded is None or encoded.size == 0
    ):  # OpenCV raises for these two, for nonsense it does not
        return None
    return cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_GRAYSCALE)
