"""`grayscale` and `degraded`: pictures derived from face pictures, row by row."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.domains import GRAYSCALE, ORIGINAL, Degradation
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.contact_sheet import contact_sheet
from emotion_pipeline.imaging.degrade import severities
from emotion_pipeline.imaging.degrade.severities import SEVERITY_VALUES
from emotion_pipeline.imaging.degraded_rows import degraded
from emotion_pipeline.imaging.gray_rows import grayed
from emotion_pipeline.lake.compute import RowFunction, RowMap, Source, run
from emotion_pipeline.lake.tables import Table, bucket_of
from emotion_pipeline.stages.base import Produced, Workspace, present

PREVIEW_PICTURES = 24

GRAYSCALE_CODE = fingerprint("emotion_pipeline.imaging.gray_rows", "emotion_pipeline.schema")
_DEGRADED = ("emotion_pipeline.imaging.degraded_rows", "emotion_pipeline.schema")
DEGRADED_CODE = fingerprint(*_DEGRADED)


def table_of(workspace: Workspace, dataset: Dataset, domain: str) -> Table:
    """The table that holds a dataset's pictures in one domain."""
    if domain == ORIGINAL:
        return workspace.pictures("faces", dataset)
    if domain == GRAYSCALE:
        return workspace.pictures("grayscale", dataset)
    return workspace.pictures("degraded", dataset, domain)


def decoded(table: Table, sample_ids: Sequence[str]) -> dict[str, np.ndarray]:
    """Pictures of a table that are there by sample_id: gray (h, w) or RGB (h, w, 3) uint8."""
    wanted = pa.array(sample_ids, pa.string())
    found: dict[str, np.ndarray] = {}
    for bucket in sorted({bucket_of(name, table.n_buckets) for name in sample_ids}):
        rows = table.read(bucket, ["sample_id", "image"])
        rows = rows.filter(pc.is_in(rows["sample_id"], wanted))
        found |= {row["sample_id"]: decode(row["image"]["bytes"]) for row in rows.to_pylist()}
    return found


def make_grayscale(workspace: Workspace, dataset: Dataset) -> Produced:
    """The gray domain; pictures that are gray keep their bytes."""
    faces, gray = (table_of(workspace, dataset, domain) for domain in (ORIGINAL, GRAYSCALE))
    return derive(workspace, faces, gray, grayed, GRAYSCALE_CODE)


def make_degraded(workspace: Workspace, dataset: Dataset, domain: str) -> Produced:
    """One corruption at one severity of every face."""
    degradation = Degradation.parse(domain)
    faces, target = (table_of(workspace, dataset, name) for name in (ORIGINAL, domain))
    code = f"{_code_of(degradation)} {domain}"
    return derive(workspace, faces, target, partial(degraded, degradation), code)


def _code_of(degradation: Degradation) -> str:
    """The code of one domain, which the numbers of the others do not touch."""
    value = SEVERITY_VALUES[degradation.corruption][degradation.severity - 1]
    return fingerprint(*_DEGRADED, values=value, without=(severities.__name__,))


def derive(
    workspace: Workspace,
    source: Source,
    target: Table,
    function: RowFunction,
    code: str,
    *,
    keyed_by: Sequence[str] = ("image_digest",),
    backend: str | None = None,
    many: bool = False,
) -> Produced:
    """Derive a table of pictures, and show some of them."""
    name = target.folder.relative_to(workspace.lake.root).as_posix()
    with workspace.lake.lock(name):
        job = RowMap(source, target, function, code, keyed_by, many)
        outcome = run(job, workspace.engine(backend), workspace.progress)
        made = present(target.version())
    some = target.head(PREVIEW_PICTURES, ["image"])["image"].to_pylist()
    sheet = contact_sheet([decode(picture["bytes"]) for picture in some])
    return Produced(
        made, str(outcome), {"rows": outcome.n_rows, **outcome.figures()}, {"sheet": sheet}
    )
