"""Pictures with the boxes of their faces, as a detector learns from them and is tested on them.

They are whole pictures of `samples`, decoded one at a time when they are asked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.digests import combined, row_digests
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.lake.tables import Table
from emotion_pipeline.stages.base import Workspace

SEEN = ("sample_id", "split", "boxes", "image_digest")
"""What training sees of a row; the picture itself by its digest."""
_PLACE = ("bucket", "part", "row")


@dataclass(frozen=True)
class FaceRows:
    """Rows of one or more splits in the order of `sample_id`: all but their pictures.

    `rows` has SEEN, synthetic, and the place in the table of samples where the picture stands.
    """

    samples: Table
    rows: pa.Table

    def of(self, split: str) -> "FaceRows":
        return FaceRows(self.samples, self.rows.filter(pc.equal(self.rows["split"], split)))

    def digest(self) -> str:
        """Digest of everything that training sees of these rows."""
        return combined(digest.hex() for digest in row_digests(self.rows, SEEN))

    def boxes(self) -> list[np.ndarray]:
        """(n, 4) float32 of each row."""
        return [box_array(boxes) for boxes in self.rows["boxes"].to_pylist()]

    def pictures(self) -> "StoredPictures":
        """Of each row."""
        columns = (self.rows[name].to_pylist() for name in _PLACE)
        return StoredPictures(self.samples, list(zip(*columns, strict=True)))


class StoredPictures(Sequence[np.ndarray]):
    """Pictures (h, w) or (h, w, 3) uint8 RGB by bucket, part and row, decoded when asked for."""

    def __init__(self, samples: Table, places: list[tuple[int, int, int]]) -> None:
        self.samples, self.places = samples, places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> np.ndarray: ...

    @overload
    def __getitem__(self, index: slice) -> "StoredPictures": ...

    def __getitem__(self, index: int | slice) -> "np.ndarray | StoredPictures":
        if isinstance(index, slice):
            return StoredPictures(self.samples, self.places[index])
        bucket, part, row = self.places[index]
        return decode(self.samples.part(bucket, part)["image"][row]["bytes"].as_py())


@dataclass(frozen=True)
class HeldOut:
    """The samples that no detector learns from, as a source of rows to derive from."""

    samples: Table

    @property
    def n_buckets(self) -> int:
        return self.samples.n_buckets

    def parts(self, bucket: int, columns: Sequence[str]) -> Iterator[pa.Table]:
        wanted = list(dict.fromkeys([*columns, "split"]))
        for part in self.samples.parts(bucket, wanted):
            yield _held_out(part).select(list(columns))

    def part(self, bucket: int, number: int) -> pa.Table:
        return _held_out(self.samples.part(bucket, number))


def face_rows(workspace: Workspace, dataset: Dataset, *splits: str) -> FaceRows:
    """The rows of these splits; ValueError for a dataset without boxes."""
    if "boxes" not in dataset.schema.names:
        raise ValueError(
            f"{dataset.title} has no boxes: detectors learn from DarkFace, for example"
        )
    samples = workspace.samples(dataset)
    parts = [
        _placed(part, bucket, number)
        for bucket in range(samples.n_buckets)
        for number, part in enumerate(samples.parts(bucket, [*SEEN, "synthetic"]))
    ]
    rows = pa.concat_tables(parts)
    return FaceRows(
        samples, rows.filter(pc.is_in(rows["split"], pa.array(splits))).sort_by("sample_id")
    )


def box_array(boxes: Iterable[Mapping[str, float]]) -> np.ndarray:
    """Structs of `schema.BOX` or `schema.FOUND_BOX` as (n, 4) float32."""
    return np.array([list(box.values()) for box in boxes], dtype=np.float32).reshape(-1, 4)


def _placed(part: pa.Table, bucket: int, number: int) -> pa.Table:
    """Rows with where they stand."""
    here = (np.full(len(part), bucket), np.full(len(part), number), np.arange(len(part)))
    for name, values in zip(_PLACE, here, strict=True):
        part = part.append_column(name, pa.array(values, pa.int64()))
    return part


def _held_out(rows: pa.Table) -> pa.Table:
    return rows.filter(pc.not_equal(rows["split"], "train"))
