"""The data lake: the only code that writes under the lake's root.

`tables` holds rows in Parquet buckets, `compute` derives one table from another, `artifacts` holds
folders of files such as weights and reports. An asset's key is its path: `degraded/fer2013` lies in
`<root>/degraded/fer2013/`, its partition `old_photo-3` in `domain=old_photo-3/` below that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from filelock import FileLock

from emotion_pipeline.lake.artifacts import Artifact
from emotion_pipeline.lake.receipts import Receipts
from emotion_pipeline.lake.tables import Table


@dataclass(frozen=True)
class Lake:
    """The lake at one root folder."""

    root: Path

    def folder(self, key: str, **partition: str | int) -> Path:
        """Where an asset, or one partition of it, lies."""
        steps = [f"{dimension}={value}" for dimension, value in partition.items()]
        return self.root.joinpath(*key.split("/"), *steps)

    def table(self, key: str, schema: pa.Schema, n_buckets: int, **partition: str | int) -> Table:
        return Table(self.folder(key, **partition), schema, n_buckets)

    def artifact(self, key: str, **partition: str | int) -> Artifact:
        return Artifact(self.folder(key, **partition))

    @property
    def scratch(self) -> Path:
        """Folder for what a run may lose: checkpoints, locks, remembered file digests."""
        return self.root / ".scratch"

    @property
    def receipts(self) -> Receipts:
        """What every asset partition was made from."""
        return Receipts(self.root / ".receipts")

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Only one process at a time works on what the name stands for; others wait."""
        path = self.scratch / "locks" / f"{name.replace('/', '~')}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path):
            yield
