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
    stats = {path: path.stat() for path in files}
    marks = {str(path): [stat.st_size, stat.st_mtime_ns] for path, stat in stats.items()}
    digests = {
        path: known[path][1]
        if path in known and known[path][0] == mark
        else digest_file(Path(path))
        for path, mark in marks.items()
    }
    fresh = {path: [mark, digests[path]] for path, mark in marks.items()}
    if fresh != known:
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(fresh))
    return Observation(files, combined(f"{path.name} {digests[str(path)]}" for path in files))


def _remembered(memory: Path) -> dict[str, list]:
    try:
        return json.loads(memory.read_text())
    except (OSError, ValueError):
        return {}
