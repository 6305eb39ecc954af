"""What killed processes left in a lake, how large things are, and removing them.

Artifacts and tables remove their own strays when they are made again; here are those of everything
that is not made again.
"""

import os
import shutil
import time
from collections.abc import Collection, Iterator
from pathlib import Path

_UNFINISHED = (".unfinished", ".part")


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; links count as themselves."""
    found = path.rglob("*") if path.is_dir() and not path.is_symlink() else iter([path])
    total = 0
    for file in found:
        try:
            info = file.lstat()
        except FileNotFoundError:  # renamed or removed a moment ago
            continue
        total += 0 if file.is_dir() and not file.is_symlink() else info.st_size
    return total


def last_change(path: Path) -> float:
    """When a file, or the newest thing in a folder, was last written, in seconds since 1970."""
    times = [0.0]
    for file in (path, *path.rglob("*")):
        try:
            times.append(file.lstat().st_mtime)
        except FileNotFoundError:
            continue
    return max(times)


def strays(root: Path, older_than_s: float, not_in: Collection[Path]) -> Iterator[Path]:
    """Unfinished files and folders below a lake's root that nobody has written to for so long.

    The folders `not_in` are not looked into.
    """
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        if path in not_in or path.is_symlink():
            continue
        if path.name.startswith(".") and path.name.endswith(_UNFINISHED):
            if time.time() - last_change(path) > older_than_s:
                yield path
        elif path.is_dir():
            yield from strays(path, older_than_s, not_in)


def remove(path: Path, root: Path, never_in: Collection[Path]) -> None:
    """Delete a file or folder of the lake, and folders above it that are empty then.

    Raises ValueError where it is not below the root, or is, is in or holds one of `never_in`.
    """
    plain = Path(os.path.normpath(path.absolute()))
    path, root = plain.parent.resolve() / plain.name, root.resolve()
    kept = [other.resolve() for other in never_in]
    touches = any(path.is_relative_to(other) or other.is_relative_to(path) for other in kept)
    if root not in path.parents or touches:
        raise ValueError(f"{path} is not the lake's to delete")
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    above = path.parent
    while above != root and above.is_dir() and not any(above.iterdir()):
        above.rmdir()
        above = above.parent
