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
from emotion_pipeline.lake.provenance import Provenance

_PROVENANCE = "provenance.json"


@dataclass(frozen=True)
class Artifact:
    """A folder of files in the lake."""

    folder: Path

    def provenance(self) -> Provenance | None:
        """What the artifact was made from and is; None where it is absent or not whole."""
        try:
            notes = json.loads((self.folder / _PROVENANCE).read_text())
            whole = all(
                (self.folder / name).stat().st_size == size for name, size in notes["files"].items()
            )
            return Provenance.from_notes(notes) if whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def version(self) -> str | None:
        found = self.provenance()
        return found.content if found is not None else None

    @contextmanager
    def replace(
        self, inputs: str, code: str, content_of: list[str] | None = None
    ) -> Iterator[Path]:
        """Fill the yielded empty folder; on leaving, it takes the artifact's place.

        The content digest covers the files named in `content_of`, or all of them.
        """
        unfinished = self.folder.with_name(f".{self.folder.name}.{os.getpid()}.unfinished")
        self._remove_strays()
        unfinished.mkdir(parents=True)
        yield unfinished
        files = sorted(path for path in unfinished.rglob("*") if path.is_file())
        names = [path.relative_to(unfinished).as_posix() for path in files]
        content = combined(
            f"{name} {digest_file(unfinished / name)}" for name in content_of or names
        )
        notes = {
            **Provenance(inputs, code, content).as_notes(),
            "files": {name: path.stat().st_size for name, path in zip(names, files, strict=True)},
        }
        (unfinished / _PROVENANCE).write_text(json.dumps(notes, indent=1))
        if self.folder.exists():
            shutil.rmtree(self.folder)
        unfinished.rename(self.folder)

    def _remove_strays(self) -> None:
        for folder in self.folder.parent.glob(f".{self.folder.name}.*.unfinished"):
            shutil.rmtree(folder)
