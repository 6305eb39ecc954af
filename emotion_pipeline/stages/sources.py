"""Raw sources: what the user put under the raw root, and a digest of it.

A file is digested again only if its size or its time of change differs from what is remembered.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.digests import combined, digest_file
from emotion_pipeline.stages.base import Workspace


@dataclass(frozen=True)
class Observation:
    """The raw files of a dataset and the digest of their names and contents."""

    files: list[Path]
    version: str

    @property
    def n_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.files)


def observe(workspace: Workspace, dataset: Dataset) -> Observation:
    """What is there now; SourceMissing where nothing is."""
    files = dataset.find(workspace.settings.raw_root)
    memory = workspace.lake.scratch / "observed" / f"{dataset.name}.json"
    known = _remembered(memory)
    marks = {path: _mark(path) for path in files}
    digests = {mark: known.get(mark) or digest_file(path) for path, mark in marks.items()}
    if digests != known:
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(digests))
    return Observation(files, combined(f"{path.name} {digests[marks[path]]}" for path in files))


def _mark(path: Path) -> str:
    stat = path.stat()
    return f"{path} {stat.st_size} {stat.st_mtime_ns}"


def _remembered(memory: Path) -> dict[str, str]:
    """Digests by mark; none where they cannot be read."""
    try:
        found = json.loads(memory.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
