"""Tables of the lake: a folder of Parquet files, one per bucket, each replaced whole.

A row's bucket is a stable hash of its `sample_id`. The footer of every file carries its
provenance, so a table knows without a catalogue what it is and what it was made from. The files
are plain Parquet: pandas, polars, DuckDB, Spark and `datasets` read the folder as it is.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from platform import node

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emotion_pipeline.digests import combined, content_digest
from emotion_pipeline.lake.provenance import Provenance
from emotion_pipeline.schema import with_image_feature

_FOOTER = b"emotion_pipeline."


class DamagedTable(Exception):
    """A bucket file that cannot be read back as it was written."""


def bucket_of(sample_id: str, n_buckets: int) -> int:
    """The bucket of a row, the same on every machine and for ever."""
    digest = hashlib.blake2b(sample_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % n_buckets


def split_into_buckets(rows: pa.Table, n_buckets: int) -> list[pa.Table]:
    """The rows of each bucket, in the order of their `sample_id`."""
    names = rows["sample_id"].to_pylist()
    places = [(bucket_of(name, n_buckets), name, row) for row, name in enumerate(names)]
    places.sort()
    ordered = rows.take(np.array([row for _, _, row in places], dtype=np.int64))
    starts = np.searchsorted([bucket for bucket, _, _ in places], range(n_buckets + 1))
    return [ordered.slice(start, end - start) for start, end in pairwise(starts.tolist())]


@dataclass(frozen=True)
class Table:
    """A bucketed table in one folder of the lake."""

    folder: Path
    schema: pa.Schema
    n_buckets: int

    def path(self, bucket: int) -> Path:
        return self.folder / f"bucket-{bucket:03d}-of-{self.n_buckets:03d}.parquet"

    def provenance(self, bucket: int) -> Provenance | None:
        """What the bucket's footer says; None where there is no whole file of ours."""
        try:
            notes = pq.read_metadata(self.path(bucket)).metadata or {}
            return Provenance(
                *(notes[_FOOTER + name].decode() for name in (b"inputs", b"code", b"content"))
            )
        except (OSError, ValueError, pa.ArrowException, KeyError):
            return None

    def version(self) -> str | None:
        """Digest of the whole content; None where a bucket is missing."""
        contents = [
            found.content if (found := self.provenance(b)) else None for b in range(self.n_buckets)
        ]
        return combined(c for c in contents if c) if all(contents) else None

    def read(self, bucket: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows of one bucket as they were written; DamagedTable if they cannot be read."""
        path = self.path(bucket)
        names = self.schema.names if columns is None else columns
        expected = {name: self.schema.field(name).type for name in names}
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                rows = file.read(columns=list(names))
            # The pages have checksums; the footer, which names and types the columns, has none.
            if dict(zip(rows.schema.names, rows.schema.types, strict=True)) != expected:
                raise ValueError("its columns are not those of the table")
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DamagedTable(
                f"{path} cannot be read ({error}). Delete it and refresh: it will be made anew."
            ) from error
        return rows

    def stored_schema(self) -> pa.Schema:
        """The columns that the first bucket has; DamagedTable if it cannot be read."""
        try:
            return pq.read_schema(self.path(0))
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DamagedTable(f"{self.path(0)} cannot be read ({error})") from error

    def read_all(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Every row, bucket after bucket."""
        return pa.concat_tables(list(self.iterate(columns)))

    def iterate(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        return (self.read(bucket, columns) for bucket in range(self.n_buckets))

    def write(self, bucket: int, rows: pa.Table, inputs: str, code: str) -> None:
        """Replace one bucket by these rows, which have to be of the table's schema."""
        rows = rows.select(self.schema.names).cast(with_image_feature(self.schema))
        notes = {
            **(rows.schema.metadata or {}),
            _FOOTER + b"inputs": inputs.encode(),
            _FOOTER + b"code": code.encode(),
            _FOOTER + b"content": content_digest(rows).encode(),
        }
        path = self.path(bucket)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Two machines of a cluster may have processes of the same number.
        unfinished = path.with_name(f".{path.name}.{node()}-{os.getpid()}.unfinished")
        words = [field.name for field in rows.schema if pa.types.is_string(field.type)]
        pq.write_table(
            rows.replace_schema_metadata(notes),
            unfinished,
            compression="zstd",
            compression_level=1,
            use_dictionary=[name for name in words if name != "sample_id"],
            write_statistics=words,
            write_page_checksum=True,
        )
        unfinished.replace(path)

    def holds(self, rows: pa.Table) -> bool:
        """Whether the first bucket has exactly this content."""
        known = self.provenance(0)
        return known is not None and known.content == content_digest(rows)

    def remove_strays(self) -> None:
        """Delete what a killed run or another number of buckets left; hold the table's lock."""
        expected = {self.path(bucket) for bucket in range(self.n_buckets)}
        for file in self.folder.glob("*") if self.folder.is_dir() else ():
            if file.is_file() and file not in expected:
                file.unlink()
