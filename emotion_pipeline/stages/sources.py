"""Raw sources: what the user put under the raw root, and a digest of it.

A file is digested again only if its size or its time of change differs from what is remembered;
where no file's does, not even the remembered digests are looked at.
"""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.datasets.raw_files import RawFile
from emotion_pipeline.digests import combined, digest_bytes, digest_file
from emotion_pipeline.lake.storage import LOCAL
from emotion_pipeline.schema import DIGEST
from emotion_pipeline.stages.base import Workspace

_MEMORY = pa.schema([("mark", pa.binary()), ("digest", DIGEST)])
# What stands for the content of a file that cannot be read; its reader will reject it.
_UNREADABLE = digest_bytes(b"unreadable")
_LINK = digest_bytes(b"link")
_FILES_AT_ONCE = 256


@dataclass(frozen=True)
class Observation:
    """The raw files of a dataset and the digest of their names and contents."""

    files: list[RawFile]
    version: str

    @property
    def n_bytes(self) -> int:
        return sum(file.n_bytes for file in self.files)


def observe(workspace: Workspace, dataset: Dataset) -> Observation:
    """What is there now, without digests of the files; SourceMissing where nothing is."""
    files = dataset.find(workspace.settings.raw_root)
    known = _last_seen(_memory(workspace, dataset).with_suffix(".json"))
    if known is not None and known.get("marks") == _marks(files):
        return Observation(files, str(known["version"]))
    return _digested(workspace, dataset, files)


def observe_content(workspace: Workspace, dataset: Dataset) -> Observation:
    """The same with the digest of every file filled in."""
    return _digested(workspace, dataset, dataset.find(workspace.settings.raw_root))


def _digested(workspace: Workspace, dataset: Dataset, files: list[RawFile]) -> Observation:
    memory = _memory(workspace, dataset)
    known = _remembered(memory)
    new = [file for file in files if _mark(file) not in known]
    batches = [new[at : at + _FILES_AT_ONCE] for at in range(0, len(new), _FILES_AT_ONCE)]
    with ThreadPoolExecutor() as threads:  # digesting leaves the interpreter lock
        made = zip(new, chain.from_iterable(threads.map(_digests, batches)), strict=True)
        digests = known | {_mark(file): digest for file, digest in made}
    files = [file._replace(digest=digests[_mark(file)]) for file in files]
    version = combined(f"{file.name} {file.digest.hex()}" for file in files)
    seen = {"marks": _marks(files), "version": version}
    if new or len(known) != len(files) or _last_seen(memory.with_suffix(".json")) != seen:
        _remember(memory, files, seen)
    return Observation(files, version)


def _memory(workspace: Workspace, dataset: Dataset) -> Path:
    return workspace.lake.scratch / "observed" / f"{dataset.name}.parquet"


def _mark(file: RawFile) -> bytes:
    text = f"{file.path} {file.n_bytes} {file.changed_ns}"
    return text.encode("utf-8", "surrogateescape")


def _marks(files: Iterable[RawFile]) -> str:
    return digest_bytes(b"\n".join(_mark(file) for file in files)).hex()


def _digests(files: list[RawFile]) -> list[bytes]:
    return [_digest(file) for file in files]


def _digest(file: RawFile) -> bytes:
    if file.is_link:
        return _LINK
    try:
        return bytes.fromhex(digest_file(Path(file.path)))
    except OSError:
        return _UNREADABLE


def _remember(memory: Path, files: list[RawFile], seen: dict[str, str]) -> None:
    """Keep what could be read; the note for a quick look is written last and only for a whole."""
    memory.parent.mkdir(parents=True, exist_ok=True)
    note = memory.with_suffix(".json")
    note.unlink(missing_ok=True)
    read = [file for file in files if file.digest != _UNREADABLE]
    columns = [[_mark(file) for file in read], [file.digest for file in read]]
    rows = pa.table([pa.array(*one) for one in zip(columns, _MEMORY.types, strict=True)], _MEMORY)
    with LOCAL.draft(memory) as unfinished:
        pq.write_table(rows, unfinished, write_page_checksum=True)
    if len(read) == len(files):
        note.write_text(json.dumps(seen))


def _last_seen(note: Path) -> dict[str, object] | None:
    try:
        found = json.loads(note.read_text())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "version" in found else None


def _remembered(memory: Path) -> dict[bytes, bytes]:
    """Digests by mark; none where they cannot be read."""
    try:
        rows = pq.read_table(memory, schema=_MEMORY, page_checksum_verification=True)
    except (OSError, ValueError, pa.ArrowException):
        return {}
    if any(column.null_count for column in rows.columns):  # damage that the checksums do not cover
        return {}
    return dict(zip(*rows.to_pydict().values(), strict=True))
