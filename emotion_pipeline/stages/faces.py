"""`faces/<dataset>`: upright square face pictures, one size per dataset; tight crops as they are.

Where pictures have an emotion, the face that it is about is cut out, under the name of the sample.
Where they have none, as in DarkFace, every face is, under `<sample_id>#<number>`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.imaging.face_rows import cut_out
from emotion_pipeline.imaging.picture_rows import unchanged
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.stages.base import Produced, Workspace
from emotion_pipeline.stages.pictures import derive, table_of

MARGIN = 0.15
"""On each side of the square around the face, as a fraction of its side."""

_CUT_CODE = fingerprint(
    __name__,
    "emotion_pipeline.imaging.face_rows",
    "emotion_pipeline.schema",
    values=MARGIN,
)
_UNCHANGED_CODE = fingerprint("emotion_pipeline.imaging.picture_rows")


def code(dataset: Dataset) -> str:
    """Fingerprint of how a dataset's faces are cut out."""
    if dataset.tight_crop:
        return _UNCHANGED_CODE
    return f"{_CUT_CODE} {dataset.face_px}{' every' * _wants_every(dataset)}"


def make(workspace: Workspace, dataset: Dataset) -> Produced:
    """Cut out the faces where `detections` says that they are."""
    target, samples = table_of(workspace, dataset, ORIGINAL), workspace.samples(dataset)
    if dataset.tight_crop:
        return derive(workspace, samples, target, unchanged, code(dataset), backend="threading")
    every = _wants_every(dataset)
    return derive(
        workspace,
        _WithFaces(samples, workspace.detections(dataset)),
        target,
        partial(cut_out, dataset.face_px, MARGIN, every),
        code(dataset),
        keyed_by=("image_digest", "faces"),
        many=every,
    )


def _wants_every(dataset: Dataset) -> bool:
    return not dataset.emotions


@dataclass(frozen=True)
class _WithFaces:
    """Samples that faces were detected in, and these, as one source of rows."""

    samples: Table
    detections: Table

    @property
    def n_buckets(self) -> int:
        return self.samples.n_buckets

    def parts(self, bucket: int, columns: Sequence[str]) -> Iterator[pa.Table]:
        found = self._found(bucket)
        for rows in self.samples.parts(bucket, [name for name in columns if name != "faces"]):
            yield self._joined(rows, found.slice(0, rows.num_rows)).select(list(columns))
            found = found.slice(rows.num_rows)
        if found.num_rows:
            raise self._other_samples()

    def part(self, bucket: int, number: int) -> pa.Table:
        rows, found = self.samples.part(bucket, number), self._found(bucket)
        return self._joined(rows, found.filter(pc.is_in(found["sample_id"], rows["sample_id"])))

    def _found(self, bucket: int) -> pa.Table:
        return self.detections.read(bucket, ["sample_id", "faces"])

    def _joined(self, rows: pa.Table, found: pa.Table) -> pa.Table:
        if found["sample_id"] != rows["sample_id"]:
            raise self._other_samples()
        rows = rows.append_column("faces", found["faces"])
        return rows.filter(pc.greater(pc.list_value_length(rows["faces"]), 0))

    def _other_samples(self) -> RuntimeError:
        return RuntimeError(f"{self.detections.folder} is not of these samples: refresh")
