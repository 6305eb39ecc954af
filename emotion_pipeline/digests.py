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
    """Digest (hexadecimal) of a table's values.

    Pictures count by their `image_digest`. `input_digest` is bookkeeping and does not count, so
    that other inputs with the same result leave everything below fresh.
    """
    whole = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for field, column in zip(rows.schema, rows.columns, strict=True):
        if field.name not in ("image", "input_digest"):
            whole.update(f"{field.name} {field.type} ".encode())
            for part in _parts(column):
                whole.update(part)
            whole.update(b"\n")
    return whole.hexdigest()


def _parts(values: pa.ChunkedArray | pa.Array) -> Iterator[bytes]:
    """Bytes that stand for values: lists by their lengths and items, structs by their fields.

    Hundreds of coordinates in a row are numbers without gaps; their text would take seconds.
    """
    kind = values.type
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        yield repr(pc.list_value_length(values).to_pylist()).encode()
        items = pc.list_flatten(values)
        is_plain = pa.types.is_floating(items.type) and items.null_count == 0
        yield from [items.to_numpy().tobytes()] if is_plain else _parts(items)
    elif pa.types.is_struct(kind):
        yield repr(pc.is_valid(values).to_pylist()).encode()
        for field in kind:
            yield from _parts(pc.struct_field(values, field.name))
    else:
        yield repr(values.to_pylist()).encode()


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind)
