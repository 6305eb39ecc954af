"""Receipts: what each asset partition was made from, for telling at a glance what is stale.

A receipt is written after its asset. Losing one costs a look at the asset itself, which then finds
that it is up to date; it is never the only witness of what the lake holds.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


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

    def path(self, key: str, partition: str | None) -> Path:
        return self.folder.joinpath(*key.split("/")) / f"{partition or 'whole'}.json"

    def read(self, key: str, partition: str | None) -> Receipt | None:
        """None where there is none, or none that can be read."""
        try:
            return Receipt(**json.loads(self.path(key, partition).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, key: str, partition: str | None, receipt: Receipt) -> None:
        path = self.path(key, partition)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
        unfinished.write_text(json.dumps(asdict(receipt)))
        unfinished.replace(path)
