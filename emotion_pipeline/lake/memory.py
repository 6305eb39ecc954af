"""What was seen of the files of a table or an artifact when they were last known to be whole.

Asking a table of 256 buckets what it holds opens 256 files. Where a listing shows that none of them
has changed, the answer of last time is good. A file that has changed since is not believed by its
footer or its size alone: it is read. Losing a memory costs a look at the files.
"""

import json
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from emotion_pipeline.lake.storage import LOCAL

# Until then a file may change twice within one tick of a coarse clock, and a power loss may take
# what is not on the disk yet without a trace in its size and times.
SETTLED_NS = 60 * 1_000_000_000

State = tuple[int, int, int]
"""Bytes, time of change and number of a file: programs can set the time of modification, but not
that of change."""


@dataclass(frozen=True)
class _Known:
    states: dict[str, State] = field(default_factory=dict)
    version: str | None = None
    """Of a table with exactly these files, read once they had settled."""


@dataclass(frozen=True)
class Memory:
    """What is remembered of one folder of this machine, in a file elsewhere."""

    folder: Path
    path: Path

    def version(self, read: Callable[[], str | None]) -> str | None:
        """What `read` says of the folder, or said when its files were the same as now."""
        try:
            with os.scandir(self.folder) as entries:
                now = {entry.name: _state(entry.stat()) for entry in entries}
        except OSError:
            return read()
        known, settled = self._known(), _have_settled(now)
        if settled and known.version is not None and known.states == now:
            return known.version
        version = read()
        if version is not None and now == self._present(now):
            self._keep(_Known(now, version if settled else None), known)
        return version

    def doubts(self, name: str) -> bool:
        """Whether a file is another one than when it was last known to be whole.

        One that was never seen is not doubted.
        """
        before = self._known().states.get(name)
        return before is not None and {name: before} != self._present([name])

    def trust(self, names: Iterable[str]) -> None:
        """Remember files, which were just written or read, as whole as they are now."""
        known = self._known()
        states = {**known.states, **self._present(names)}
        if states != known.states:
            self._keep(_Known(states), known)

    def _present(self, names: Iterable[str]) -> dict[str, State]:
        found = {}
        for name in names:
            with suppress(OSError):
                found[name] = _state((self.folder / name).stat())
        return found

    def _known(self) -> _Known:
        with suppress(OSError, ValueError, TypeError, AttributeError):  # never written, or damaged
            states, version = json.loads(self.path.read_bytes())
            return _Known({name: tuple(state) for name, state in states.items()}, version)
        return _Known()

    def _keep(self, found: _Known, before: _Known) -> None:
        if found != before:
            with suppress(OSError), LOCAL.draft(self.path) as unfinished:  # a look may only read
                unfinished.write_text(json.dumps([found.states, found.version]))


def _state(stat: os.stat_result) -> State:
    return stat.st_size, stat.st_ctime_ns, stat.st_ino


def _have_settled(states: dict[str, State]) -> bool:
    newest = max((changed_ns for _, changed_ns, _ in states.values()), default=0)
    return time.time_ns() - newest >= SETTLED_NS
