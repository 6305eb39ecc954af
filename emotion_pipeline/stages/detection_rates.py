"""How many faces were found, by emotion: what is not found biases every accuracy."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.stages.base import Workspace


def rates_table(workspace: Workspace, dataset: Dataset, found: Mapping[str, bool]) -> pa.Table:
    """A row per emotion: emotion, n, n_found, found_score, and its 95 % interval low and high.

    `found` says of `sample_id`s whether there is a face; those it does not name have none.
    """
    samples = workspace.samples(dataset).read_all(["sample_id", "emotion"])
    names = samples["sample_id"].to_pylist()
    is_found = np.array([bool(found.get(name)) for name in names], dtype=bool)
    emotions = np.array([emotion or "none" for emotion in samples["emotion"].to_pylist()])
    shown = [name for name in (*dataset.emotions, "none") if (emotions == name).any()]
    n = np.array([(emotions == name).sum() for name in shown])
    n_found = np.array([is_found[emotions == name].sum() for name in shown])
    low, high = wilson_interval(n_found, n)
    return pa.table(
        {
            "emotion": pa.array([str(name) for name in shown], pa.string()),
            "n": n,
            "n_found": n_found,
            "found_score": n_found / n,
            "low": low,
            "high": high,
        }
    )
