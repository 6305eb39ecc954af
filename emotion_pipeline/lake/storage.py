"""Where the files of the lake lie, and how a file gets there whole.

Files have the same names in every storage: a `Path` below the lake's root folder. Storages are
alike in what they guarantee: a reader sees the old file or the new one, never a part of one.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from platform import node
from typing import Protocol, TypeVar

import pyarrow as pa

Item = TypeVar("Item")
Result = TypeVar("Result")


class Storage(Protocol):
    """What the lake asks of the place of its files."""

    def open(self, path: Path) -> pa.NativeFile:
        """The file, to read at any place; FileNotFoundError where there is none."""

    def read(self, path: Path) -> bytes:
        """The whole file; FileNotFoundError where there is none."""

    def sizes(self, folder: Path) -> dict[str, int]:
        """The size in bytes of every file below a folder, by its name in it."""

    def folders(self, folder: Path) -> list[str]:
        """Names of the visible folders in a folder, which need not be there."""

    def draft(self, path: Path) -> AbstractContextManager[Path]:
        """A file of this machine to be written; on leaving without an error it takes its place."""

    def keep_only(self, folder: Path, expected: set[Path]) -> None:
        """Delete all other files of a folder, not of those below it."""

    def share(self, folder: Path, last: str) -> None:
        """Put a finished folder of this machine in its place; its file `last` comes last."""

    def discard(self, path: Path) -> None:
        """Delete a file, or all below a folder, but nothing that this machine has of it."""

    def bring(self, folder: Path, last: str) -> None:
        """See that the files of a folder are on this machine, as of when `last` was written."""

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Results of a function that waits for files, in the order of the items."""

    def address(self, path: Path) -> str:
        """Where people find a file."""


@dataclass(frozen=True)
class LocalFiles:
    """Folders of this machine, or those that it shares with others."""

    def open(self, path: Path) -> pa.NativeFile:
        return pa.OSFile(str(path))

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def sizes(self, folder: Path) -> dict[str, int]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}

    def folders(self, folder: Path) -> list[str]:
        children = folder.iterdir() if folder.is_dir() else ()
        return sorted(
            child.name
            for child in children
            if child.is_dir() and not child.is_symlink() and not child.name.startswith(".")
        )

    @contextmanager
    def draft(self, path: Path) -> Iterator[Path]:
        unfinished = unfinished_file(path)
        try:
            yield unfinished
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    def keep_only(self, folder: Path, expected: set[Path]) -> None:
        for file in folder.glob("*") if folder.is_dir() else ():
            if file.is_file() and file not in expected:
                file.unlink()

    def share(self, folder: Path, last: str) -> None:
        """It is in its place already."""

    def discard(self, path: Path) -> None:
        """Nobody else has it."""

    def bring(self, folder: Path, last: str) -> None:
        """They are here already."""

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        return [function(item) for item in items]

    def address(self, path: Path) -> str:
        return str(path)


LOCAL = LocalFiles()


def unfinished_file(path: Path) -> Path:
    """Where to write what is to become this file, in a folder that is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Two machines of a cluster may have processes of the same number.
    return path.with_name(f".{path.name}.{node()}-{os.getpid()}.unfinished")
