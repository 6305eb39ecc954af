"""`samples/<dataset>`: raw files to one row per usable picture; `rejects/<dataset>` beside it."""

import pyarrow as pa

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.base import Dataset, Pictures, rejects_table
from emotion_pipeline.digests import combined
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.compute import RowMap, RowsInMemory, run
from emotion_pipeline.lake.tables import split_into_buckets
from emotion_pipeline.stages.base import Produced, Workspace, present

PREVIEW_ROWS = 20


def code(dataset: Dataset) -> str:
    """Fingerprint of the dataset's reader."""
    return fingerprint(dataset.module, "emotion_pipeline.schema")


def version(workspace: Workspace, dataset: Dataset) -> str | None:
    """Digest of the samples and the rejects together; None where either is missing."""
    parts = (workspace.samples(dataset).version(), workspace.rejects(dataset).version())
    return combined(part for part in parts if part) if all(parts) else None


def ingest(workspace: Workspace, dataset: Dataset) -> Produced:
    """Read the raw files and bring both tables up to date.

    Raises SourceMissing or SourceRefused, with what was expected, where nothing can be read.
    """
    with workspace.lake.lock(f"samples/{dataset.name}"):
        source, rejects = _scan(workspace, dataset)
        target = workspace.samples(dataset)
        job = RowMap(source, target, dataset.to_samples, code(dataset), dataset.keyed_by)
        # Threads: the rows are in memory already, and encoding pictures leaves the interpreter.
        outcome = run(job, workspace.engine("threading"), workspace.progress)
        if not workspace.rejects(dataset).holds(rejects):
            workspace.rejects(dataset).write(0, rejects, inputs="", code=code(dataset))
    figures = {"rows": outcome.n_rows, "rejects": rejects.num_rows, **outcome.figures()}
    preview = {"rejects": rejects.slice(0, PREVIEW_ROWS)}
    made = present(version(workspace, dataset))
    return Produced(made, f"{outcome}; {rejects.num_rows} rejects", figures, preview)


def _scan(workspace: Workspace, dataset: Dataset) -> tuple[RowsInMemory, pa.Table]:
    """Raw rows by bucket, and the rejects; the unsorted rows are let go."""
    files = dataset.find(workspace.settings.raw_root)
    found = dataset.scan(files, _pictures(workspace, dataset))
    buckets = split_into_buckets(found.rows, dataset.n_buckets)
    return RowsInMemory(buckets), rejects_table(found.rejects)


def _pictures(workspace: Workspace, dataset: Dataset) -> Pictures | None:
    """The samples that a table of votes is joined to."""
    if dataset.pictures_from is None:
        return None
    voted_on = get_dataset(dataset.pictures_from)
    samples = workspace.samples(voted_on).read_all(["sample_id", "split", "emotion"])
    n_rejects = workspace.rejects(voted_on).read(0).num_rows
    return Pictures(samples, samples.num_rows + n_rejects)
