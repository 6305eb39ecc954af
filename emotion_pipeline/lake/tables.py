"""Tables of the lake: a folder of Parquet files, one per bucket, each replaced whole.

A row's bucket is a stable hash of its `sample_id`. The footer of every file carries its
provenance, so a table knows without a catalogue what it is and what it was made from. The files
are plain Parquet: pandas, polars, DuckDB, Spark and `datasets` read the folder as it is.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from emotion_pipeline.digests import ContentDigest, combined, content_digest
from emotion_pipeline.lake.memory import Memory
from emotion_pipeline.lake.provenance import Provenance
from emotion_pipeline.lake.storage import LOCAL, Storage
from emotion_pipeline.schema import with_image_feature

# Arrow's own allocator keeps tens of megabytes that were freed, in every worker process.
pa.set_memory_pool(pa.system_memory_pool())

_FOOTER = b"emotion_pipeline."

# Rows are stored, read and derived in parts of at most so many rows and about so many bytes, so
# that memory does not grow with the bucket.
PART_ROWS = 256
PART_BYTES = 2 << 20


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
    storage: Storage = LOCAL
    memory: Memory | None = None

    def path(self, bucket: int) -> Path:
        return self.folder / f"bucket-{bucket:03d}-of-{self.n_buckets:03d}.parquet"

    def provenance(self, bucket: int) -> Provenance | None:
        """What the bucket's footer says; None where there is no whole file of ours.

        The pages of a file that is another one than it was are read, too.
        """
        if self.memory is not None and self.memory.doubts(self.path(bucket).name):
            try:
                self.read(bucket)
            except DamagedTable:
                return None
        try:
            with self.storage.open(self.path(bucket)) as source:
                footer = pq.read_metadata(source).metadata or {}
            ours = (key for key in footer if key.startswith(_FOOTER))
            return Provenance.from_notes(
                {key.removeprefix(_FOOTER).decode(): footer[key].decode() for key in ours}
            )
        except (OSError, ValueError, pa.ArrowException, KeyError):
            return None

    def version(self) -> str | None:
        """Digest of the whole content; None where a bucket is missing or damaged."""
        return self.memory.version(self._version) if self.memory else self._version()

    def _version(self) -> str | None:
        found = self.storage.each(self.provenance, range(self.n_buckets))
        return combined(one.content for one in found if one) if all(found) else None

    def read(self, bucket: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows of one bucket as they were written; DamagedTable if they cannot be read."""
        names = self.schema.names if columns is None else list(columns)
        parts = list(self.parts(bucket, names))
        return pa.concat_tables(parts) if parts else self.schema.empty_table().select(names)

    def parts(self, bucket: int, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The same part by part, in the order in which they were written."""
        with self._open(bucket) as file:
            for number in range(file.num_row_groups):
                yield self._part(file, number, columns)

    def part(self, bucket: int, number: int) -> pa.Table:
        """One of these parts."""
        with self._open(bucket) as file:
            return self._part(file, number)

    @contextmanager
    def _open(self, bucket: int) -> Iterator[pq.ParquetFile]:
        path = self.path(bucket)
        try:
            with (
                self.storage.open(path) as source,
                pq.ParquetFile(source, page_checksum_verification=True) as file,
            ):
                yield file
        except FileNotFoundError as error:
            raise DamagedTable(
                f"{self.storage.address(path)} is not there: what it belongs to was never made, or "
                "the file was deleted. Refresh that first."
            ) from error
        except (OSError, ValueError, pa.ArrowException) as error:
            raise DamagedTable(
                f"{self.storage.address(path)} cannot be read ({error}). Delete it and refresh: "
                "it will be made anew."
            ) from error

    def _part(
        self, file: pq.ParquetFile, number: int, columns: Sequence[str] | None = None
    ) -> pa.Table:
        names = self.schema.names if columns is None else list(columns)
        rows = file.read_row_group(number, columns=names)
        # The pages have checksums; the footer, which names and types the columns, has none.
        expected = {name: self.schema.field(name).type for name in names}
        if dict(zip(rows.schema.names, rows.schema.types, strict=True)) != expected:
            raise ValueError("its columns are not those of the table")
        return rows

    def stored_schema(self) -> pa.Schema:
        """The columns that the first bucket has; DamagedTable if it cannot be read."""
        try:
            with self.storage.open(self.path(0)) as source:
                return pq.read_schema(source)
        except (OSError, ValueError, pa.ArrowException) as error:
            where = self.storage.address(self.path(0))
            raise DamagedTable(f"{where} cannot be read ({error})") from error

    def read_all(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Every row, bucket after bucket."""
        return pa.concat_tables(list(self.iterate(columns)))

    def iterate(self, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        return (self.read(bucket, columns) for bucket in range(self.n_buckets))

    def head(self, n_rows: int, columns: Sequence[str] | None = None) -> pa.Table:
        """The first rows, to look at."""
        found = self.schema.empty_table() if columns is None else self.read(0, columns).slice(0, 0)
        for part in self.iterate(columns):
            found = pa.concat_tables([found, part.slice(0, n_rows - found.num_rows)])
            if found.num_rows == n_rows:
                break
        return found

    def write(self, bucket: int, parts: Iterable[pa.Table], inputs: str, code: str) -> None:
        """Replace one bucket by these rows, which have to be of the table's schema."""
        with self.storage.draft(self.path(bucket)) as unfinished:
            self._write(unfinished, parts, inputs, code)

    def _write(self, path: Path, parts: Iterable[pa.Table], inputs: str, code: str) -> None:
        digest = ContentDigest(self.schema)
        with self._writer(path) as writer:
            for part in filter(len, parts):
                rows = part.select(self.schema.names).cast(with_image_feature(self.schema))
                digest.update(rows)
                writer.write_table(rows, row_group_size=_rows_in_a_part(rows))
            notes = Provenance(inputs, code, digest.hexdigest()).as_notes()
            writer.add_key_value_metadata(
                {_FOOTER + name.encode(): note for name, note in notes.items()}
            )

    def _writer(self, path: Path) -> pq.ParquetWriter:
        words = [field.name for field in self.schema if pa.types.is_string(field.type)]
        return pq.ParquetWriter(
            path,
            with_image_feature(self.schema),
            compression="zstd",
            compression_level=1,
            use_dictionary=[name for name in words if name != "sample_id"],
            write_statistics=words,
            write_page_checksum=True,
        )

    def trust(self, buckets: Iterable[int]) -> None:
        """Believe buckets that were just written, without reading them."""
        if self.memory is not None:
            self.memory.trust(self.path(bucket).name for bucket in buckets)

    def holds(self, rows: pa.Table) -> bool:
        """Whether the first bucket has exactly this content."""
        known = self.provenance(0)
        return known is not None and known.content == content_digest(rows)

    def remove_strays(self) -> None:
        """Delete what a killed run or another number of buckets left; hold the table's lock."""
        self.storage.keep_only(self.folder, {self.path(b) for b in range(self.n_buckets)})


def _rows_in_a_part(rows: pa.Table) -> int:
    return max(1, min(PART_ROWS, PART_BYTES * rows.num_rows // max(1, rows.nbytes)))
