"""Artifacts of the lake: folders of files such as weights or a report, replaced as a whole.

`provenance.json` is written last and lists every file with its size, so that a half-written or
half-deleted artifact is not mistaken for a whole one.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emotion_pipeline.digests import combined, digest_file
from emotion_pipeline.lake.memory import Memory
from emotion_pipeline.lake.provenance import Provenance
from emotion_pipeline.lake.storage import LOCAL, Storage

_PROVENANCE = "provenance.json"


@dataclass(frozen=True)
class Artifact:
    """A folder of files in the lake."""

    place: Path
    storage: Storage = LOCAL
    memory: Memory | None = None

    @property
    def folder(self) -> Path:
        """The files on this machine, brought here from a store where they lie in one."""
        self.storage.bring(self.place, _PROVENANCE)
        return self.place

    def provenance(self) -> Provenance | None:
        """What the artifact was made from and is; None where it is absent or not whole.

        Files that are others than they were are read, too.
        """
        try:
            notes = json.loads(self.storage.read(self.place / _PROVENANCE))
            sizes = self.storage.sizes(self.place)
            for name, (n_bytes, digest) in notes["files"].items():
                if sizes[name] != n_bytes or not self._is_believed(name, digest):
                    return None
            if self.memory is not None:
                self.memory.trust(notes["files"])
            return Provenance.from_notes(notes)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _is_believed(self, name: str, digest: str) -> bool:
        """Whether a file of the right size is what was written."""
        if self.memory is None or not self.memory.doubts(name):
            return True
        return digest_file(self.place / name) == digest

    def version(self) -> str | None:
        found = self.provenance()
        return found.content if found is not None else None

    def intact(self) -> set[str]:
        """Names of the files that are what was written, whatever became of the others.

        Where the provenance is lost, these are all that are there.
        """
        there = set(self.storage.sizes(self.folder)) - {_PROVENANCE}
        try:
            written = json.loads((self.place / _PROVENANCE).read_text())["files"]
            digests = {name: digest for name, (_, digest) in written.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return there
        return {name for name in there if digest_file(self.place / name) == digests.get(name)}

    @contextmanager
    def replace(
        self, inputs: str, code: str, content_of: list[str] | None = None
    ) -> Iterator[Path]:
        """Fill the yielded empty folder; on leaving, it takes the artifact's place.

        The content digest covers the files named in `content_of`, or all of them.
        """
        unfinished = self.place.with_name(f".{self.place.name}.{os.getpid()}.unfinished")
        self.restore()
        unfinished.mkdir(parents=True)
        yield unfinished
        files = sorted(path for path in unfinished.rglob("*") if path.is_file())
        names = [path.relative_to(unfinished).as_posix() for path in files]
        digests = dict(zip(names, map(digest_file, files), strict=True))
        content = combined(f"{name} {digests[name]}" for name in content_of or names)
        notes = {
            **Provenance(inputs, code, content).as_notes(),
            "files": {
                name: (path.stat().st_size, digests[name])
                for name, path in zip(names, files, strict=True)
            },
        }
        (unfinished / _PROVENANCE).write_text(json.dumps(notes, indent=1))
        if self.place.exists():
            self.place.rename(self._replaced)
        unfinished.rename(self.place)
        if self.memory is not None:
            self.memory.trust(names)
        self.storage.share(self.place, _PROVENANCE)
        self.restore()

    def restore(self) -> None:
        """Clear up after a writer that was killed: its folder goes, and what it had put aside
        comes back unless something else is there by now. Hold the artifact's lock."""
        if self._replaced.exists() and not self.place.exists():
            self._replaced.rename(self.place)
        for folder in self.place.parent.glob(f".{self.place.name}.*"):
            if folder.suffix in (".unfinished", ".replaced"):
                shutil.rmtree(folder)

    @property
    def _replaced(self) -> Path:
        """Where the folder waits until another one is in its place."""
        return self.place.with_name(f".{self.place.name}.replaced")
