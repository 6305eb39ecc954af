"""Receipts: what each asset partition was made from, for telling at a glance what is stale.

A receipt is written after its asset. Losing one costs a look at the asset itself, which then finds
that it is up to date; it is never the only witness of what the lake holds.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from emotion_pipeline.lake.storage import LOCAL, Storage


@dataclass(frozen=True)
class Receipt:
    """Content digest, code version, and the digest of every input by asset key."""

    version: str
    code: str
    inputs: dict[str, str]


@dataclass(frozen=True)
class Receipts:
    """The receipts in one folder, a file per asset partition."""

    folder: Path
    storage: Storage = LOCAL

    def path(self, key: str, partition: str | None) -> Path:
        return self.folder.joinpath(*key.split("/")) / f"{partition or 'whole'}.json"

    def read(self, key: str, partition: str | None) -> Receipt | None:
        """None where there is none, or none that can be read."""
        try:
            return Receipt(**json.loads(self.storage.read(self.path(key, partition))))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, key: str, partition: str | None, receipt: Receipt) -> None:
        with self.storage.draft(self.path(key, partition)) as unfinished:
            unfinished.write_text(json.dumps(asdict(receipt)))

    def known(self, key: str, partitions: Iterable[str | None]) -> list[str | None]:
        """Those of the partitions of an asset that have a receipt."""
        partitions = list(partitions)
        names = self.storage.sizes(self.path(key, None).parent)
        return [one for one in partitions if self.path(key, one).name in names]
