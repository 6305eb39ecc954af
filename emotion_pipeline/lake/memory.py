"""Versions of tables that were read before, kept beside the state of the files they were read from.

Asking a table of 256 buckets what it holds opens 256 files. Where a listing shows that none of them
has changed, the answer of last time is good. Losing a memory costs a look at the files.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from emotion_pipeline.lake.storage import LOCAL

# Until then a file may change twice within one tick of a coarse clock, and a power loss may take
# what is not on the disk yet without a trace in its size and times.
SETTLED_NS = 60 * 1_000_000_000


@dataclass(frozen=True)
class Memory:
    """What is remembered of one folder of this machine, in a file."""

    path: Path

    def version(self, folder: Path, read: Callable[[], str | None]) -> str | None:
        """What `read` says of the folder, or said when its files were the same as now."""
        state = _state(folder)
        if state is None:
            return read()
        with suppress(OSError, ValueError, TypeError):  # never written, or not whole
            remembered, version = json.loads(self.path.read_bytes())
            if remembered == state:
                return version
        version = read()
        if version is not None and _state(folder) == state:
            with suppress(OSError), LOCAL.draft(self.path) as unfinished:  # a look may only read
                unfinished.write_text(json.dumps([state, version]))
        return version


def _state(folder: Path) -> str | None:
    """Another one as soon as a file of the folder has changed; None where that could go unseen."""
    try:
        with os.scandir(folder) as entries:
            files = sorted((entry.name, entry.stat()) for entry in entries)
    except OSError:
        return None
    newest = max((stat.st_ctime_ns for _, stat in files), default=0)
    if time.time_ns() - newest < SETTLED_NS:
        return None
    # Programs can set the time of modification, but not that of change.
    seen = [(name, stat.st_size, stat.st_ctime_ns, stat.st_ino) for name, stat in files]
    return hashlib.blake2b(repr(seen).encode(), digest_size=16).hexdigest()
