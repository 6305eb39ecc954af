"""The data lake: the only code that writes under the lake's root.

`tables` holds rows in Parquet buckets, `compute` derives one table from another, `artifacts` holds
folders of files such as weights and reports. An asset's key is its path: `degraded/fer2013` lies in
`<root>/degraded/fer2013/`, its partition `old_photo-3` in `domain=old_photo-3/` below that.
`storage` says how files get there: into folders, or into a store as objects.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.lake.locks import held
from emotion_pipeline.lake.memory import Memory
from emotion_pipeline.lake.receipts import Receipts
from emotion_pipeline.lake.storage import LOCAL, Storage
from emotion_pipeline.lake.tables import Table

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lake:
    """The lake in a root folder, or in a store, with what only this machine needs in the folder."""

    root: Path
    store: str | None = None
    """URL of an object store."""

    @property
    def storage(self) -> Storage:
        if self.store is None:
            return LOCAL
        from emotion_pipeline.lake.object_store import ObjectStore

        return ObjectStore(self.root, self.store)

    @property
    def address(self) -> str:
        """The one name of the lake on all machines that share it."""
        return self.storage.address(self.root)

    def folder(self, key: str, **partition: str | int) -> Path:
        """Where an asset, or one partition of it, lies."""
        steps = [f"{dimension}={value}" for dimension, value in partition.items()]
        return self.root.joinpath(*key.split("/"), *steps)

    def table(self, key: str, schema: pa.Schema, n_buckets: int, **partition: str | int) -> Table:
        folder = self.folder(key, **partition)
        memory = self._memory(folder, f"of-{n_buckets:03d}")
        return Table(folder, schema, n_buckets, self.storage, memory)

    def artifact(self, key: str, **partition: str | int) -> Artifact:
        folder = self.folder(key, **partition)
        return Artifact(folder, self.storage, self._memory(folder, "artifact"))

    def _memory(self, folder: Path, name: str) -> Memory | None:
        """What is remembered of a folder of this machine; a store is asked each time."""
        if self.store is not None:
            return None
        place = self.scratch / "seen" / folder.relative_to(self.root)
        return Memory(folder, place / f"{name}.json")

    @property
    def scratch(self) -> Path:
        """Folder for what a run may lose: checkpoints, locks, what is remembered of files."""
        return self.root / ".scratch"

    @property
    def receipts(self) -> Receipts:
        """What every asset partition was made from."""
        return Receipts(self.root / ".receipts", self.storage)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Only one process at a time works on what the name stands for; others wait.

        With a store, this holds for the processes of one machine.
        """
        path = self.scratch / "locks" / f"{name.replace('/', '~')}.lock"
        with held(path, lambda: _LOG.info("%s: waiting for another process that makes it", name)):
            yield
