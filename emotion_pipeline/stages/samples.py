"""`samples/<dataset>`: raw files to one row per usable picture; `rejects/<dataset>` beside it."""

import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.base import Dataset, Pictures, Reject, rejects_table
from emotion_pipeline.datasets.raw_files import SourceRefused
from emotion_pipeline.digests import combined_if_all, row_digests
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.lake.compute import RowMap, RowsInMemory, run
from emotion_pipeline.lake.tables import split_into_buckets
from emotion_pipeline.schema import DIGEST
from emotion_pipeline.stages.base import Produced, Workspace, present
from emotion_pipeline.stages.sources import observe_content

PREVIEW_ROWS = 20


def code(dataset: Dataset) -> str:
    """Fingerprint of the dataset's reader."""
    return fingerprint(dataset.module, "emotion_pipeline.schema")


def version(workspace: Workspace, dataset: Dataset) -> str | None:
    """Digest of the samples and the rejects together; None where either is missing."""
    parts = (workspace.samples(dataset).version(), workspace.rejects(dataset).version())
    return combined_if_all(parts)


def ingest(workspace: Workspace, dataset: Dataset) -> Produced:
    """Read the raw files and bring both tables up to date.

    Raises SourceMissing or SourceRefused, with what was expected, where nothing can be read.
    """
    with workspace.lake.lock(f"samples/{dataset.name}"):
        source, rejects = _scan(workspace, dataset)
        target = workspace.samples(dataset)
        made = RowMap(
            source,
            target,
            lambda rows: dataset.to_samples(rows).good,
            code(dataset),
            dataset.keyed_by,
        )
        # Threads: reading files, decoding and encoding pictures leave the interpreter lock.
        outcome = run(made, workspace.engine("threading"), workspace.progress)
        rejects += _asked_again(dataset, made)
        table = rejects_table(rejects)
        if not workspace.rejects(dataset).holds(table):
            workspace.rejects(dataset).write(0, [table], inputs="", code=code(dataset))
    reasons = pc.value_counts(table["reason"]).to_pylist()
    figures = {
        "rows": target.read_all(["sample_id"]).num_rows,
        "rejects": table.num_rows,
        **{f"rejects_{one['values']}": one["counts"] for one in reasons},
        **outcome.figures(),
    }
    return Produced(
        present(version(workspace, dataset)),
        f"{outcome}; {table.num_rows} rejects",
        figures,
        {"rejects": table.slice(0, PREVIEW_ROWS)},
    )


def _scan(workspace: Workspace, dataset: Dataset) -> tuple[RowsInMemory, list[Reject]]:
    """Raw rows by bucket, and the rejects; the unsorted rows are let go."""
    files = observe_content(workspace, dataset).files
    links = [
        Reject(file.name, None, "link", "links are not followed: put the file itself here")
        for file in files
        if file.is_link
    ]
    plain = [file for file in files if not file.is_link]
    if not plain:
        raise SourceRefused(f"{dataset.title}: every file is a link; put the files themselves here")
    found = dataset.scan(plain, _pictures(workspace, dataset))
    return RowsInMemory(split_into_buckets(found.good, dataset.n_buckets)), found.rejects + links


def _asked_again(dataset: Dataset, made: RowMap) -> list[Reject]:
    """Why raw rows have no sample; those that can be read after all get one.

    They are few: asking again costs less than keeping the answers of buckets that were not looked
    at this time.
    """
    rejects: list[Reject] = []
    for bucket in range(made.source.n_buckets):
        there = made.target.read(bucket, ["sample_id"])["sample_id"]
        rows = made.source.part(bucket, 0)
        again = dataset.to_samples(rows.filter(pc.invert(pc.is_in(rows["sample_id"], there))))
        rejects += again.rejects
        if again.good.num_rows:
            _add(made, bucket, again.good)
    return rejects


def _add(made: RowMap, bucket: int, good: pa.Table) -> None:
    """Add samples that a bucket lacks though it was made from their rows, as when a drive was away
    for a moment; no change of the files would ever bring them back."""
    rows = made.source.part(bucket, 0)
    digests = dict(
        zip(rows["sample_id"].to_pylist(), row_digests(rows, made.keyed_by), strict=True)
    )
    own = pa.array([digests[name] for name in good["sample_id"].to_pylist()], DIGEST)
    good = good.append_column("input_digest", own).select(made.target.schema.names)
    whole = pa.concat_tables([made.target.read(bucket), good]).sort_by("sample_id")
    known = made.target.provenance(bucket)
    made.target.write(bucket, [whole], known.inputs if known else "", made.code)


def _pictures(workspace: Workspace, dataset: Dataset) -> Pictures | None:
    """For a table of votes: the samples that were voted on."""
    if dataset.pictures_from is None:
        return None
    voted_on = get_dataset(dataset.pictures_from)
    rows = workspace.samples(voted_on).read_all(["sample_id", "split", "emotion"])
    n_rejects = workspace.rejects(voted_on).read(0).num_rows
    return Pictures(rows, rows.num_rows + n_rejects)
