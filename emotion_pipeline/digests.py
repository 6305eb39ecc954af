"""Digests of bytes, rows and tables.

All are BLAKE2b over a canonical form, so that equal content has an equal digest whatever library
wrote it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.schema import DIGEST_BYTES


def digest_bytes(data: bytes) -> bytes:
    """16-byte digest of some bytes."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def digest_file(path: Path) -> str:
    """Digest (hexadecimal) of a file's bytes."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(
            file, lambda: hashlib.blake2b(digest_size=DIGEST_BYTES)
        ).hexdigest()


def combined(parts: Iterable[str]) -> str:
    """Digest (hexadecimal) of a sequence of texts."""
    return digest_bytes("\n".join(parts).encode()).hex()


def combined_if_all(parts: Sequence[str | None]) -> str | None:
    """The same; None where one is missing."""
    return combined(part for part in parts if part) if all(parts) else None


def row_digests(rows: pa.Table, columns: Sequence[str]) -> list[bytes]:
    """A 16-byte digest per row over the named columns; binary ones must not hold nulls."""
    blobs = [name for name in columns if _is_binary(rows.schema.field(name).type)]
    plain = [rows[name].to_pylist() for name in columns if name not in blobs]
    texts = [repr(values) for values in zip(*plain, strict=True)] if plain else [""] * len(rows)
    digests = [hashlib.blake2b(text.encode(), digest_size=DIGEST_BYTES) for text in texts]
    for name in blobs:
        for digest, blob in zip(digests, rows[name].to_pylist(), strict=True):
            if len(blobs) > 1:
                digest.update(b"%d " % len(blob))
            digest.update(blob)
    return [digest.digest() for digest in digests]


def content_digest(rows: pa.Table) -> str:
    """Digest (hexadecimal) of a table's values; see ContentDigest."""
    digest = ContentDigest(rows.schema)
    digest.update(rows)
    return digest.hexdigest()


class ContentDigest:
    """Digest of a table's values, taken part by part; how the rows are parted does not count.

    Pictures count by their `image_digest`. `input_digest` is bookkeeping and does not count, so
    that other inputs with the same result leave everything below fresh.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._fields = [field for field in schema if field.name not in ("image", "input_digest")]
        self._digests: dict[str, hashlib.blake2b] = {}
        self.update(schema.empty_table())

    def update(self, rows: pa.Table) -> None:
        """Add rows that come after those before."""
        for field in self._fields:
            for place, part in _flat(f"{field.name} {field.type}", rows[field.name]):
                empty = hashlib.blake2b(digest_size=DIGEST_BYTES)
                self._digests.setdefault(place, empty).update(part)

    def hexdigest(self) -> str:
        """Of all rows so far."""
        return combined(f"{place} {one.hexdigest()}" for place, one in self._digests.items())


def _flat(place: str, values: pa.ChunkedArray | pa.Array) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of flat columns: lists as their lengths and items, structs as their fields.

    Hundreds of coordinates in a row are numbers without gaps; their text would take seconds.
    """
    kind = values.type
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        yield f"{place} lengths", _lines(pc.list_value_length(values))
        items = pc.list_flatten(values)
        is_plain = pa.types.is_floating(items.type) and items.null_count == 0
        if is_plain:
            yield f"{place} items", items.to_numpy().tobytes()
        else:
            yield from _flat(f"{place} items", items)
    elif pa.types.is_struct(kind):
        yield f"{place} valid", _lines(pc.is_valid(values))
        for field in kind:
            yield from _flat(f"{place} {field.name}", pc.struct_field(values, field.name))
    else:
        yield place, _lines(values)


def _lines(values: pa.ChunkedArray | pa.Array) -> bytes:
    return "".join([f"{value!r}\n" for value in values.to_pylist()]).encode()


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind)
