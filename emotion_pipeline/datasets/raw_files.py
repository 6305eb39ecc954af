"""Raw files on disk: how they are listed, and the words for a dataset that is not there.

Listing looks at names, sizes and times of change only, so that it can be done every minute on
hundreds of thousands of files. What a file holds is the business of its reader.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import NamedTuple

SYNTHETIC_MARK = "SYNTHETIC.txt"
SYNTHETIC_NOTE = (
    "The faces in this folder are drawn by a program, not photographed, and their labels are made\n"
    "up. Numbers measured on them test the pipeline and say nothing about people.\n"
)
PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".gif", ".webp")
ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_SHOWN_NAMES = 5


class SourceMissing(Exception):
    """A dataset's raw files are not where they were looked for."""


class SourceRefused(Exception):
    """A raw file is not what its name promises; the message says what was expected."""


class RawFile(NamedTuple):
    """One file as it is listed: `name` is its path below the dataset's folder, with `/`.

    `changed_ns` is the time of change, which programs cannot set, unlike that of modification.
    `digest` (16 bytes) is that of its content; it is filled in once the content has been read. A
    link that was found in a folder is never opened, since it could lead anywhere.
    """

    name: str
    path: str
    n_bytes: int
    changed_ns: int
    digest: bytes = b""
    is_link: bool = False

    @classmethod
    def at(cls, path: Path) -> "RawFile":
        """A single file, named by its own name."""
        stat = path.stat()
        return cls(_shown(path.name), str(path), stat.st_size, stat.st_ctime_ns)

    @property
    def suffix(self) -> str:
        """With its point, in lower case."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def is_picture(self) -> bool:
        return self.name.lower().endswith(PICTURES)


def folder_of(raw_root: Path, *names: str) -> list[Path]:
    """Folders below the raw root with one of these names, whatever their case."""
    wanted = [name.lower() for name in names]
    found = raw_root.iterdir() if raw_root.is_dir() else ()
    folders = [path for path in found if path.is_dir() and path.name.lower() in wanted]
    return sorted(folders, key=lambda path: (wanted.index(path.name.lower()), path.name))


def listed(folder: Path, *suffixes: str, without: Collection[str] = ()) -> list[RawFile]:
    """Every file below a folder with one of these suffixes (lower case, with the point), by name.

    The mark of drawn samples, if it lies in the folder itself, is listed too. Left out are hidden
    files, what macOS packs beside real files, folders named in `without` (lower case), and linked
    folders, which could lead anywhere or in a circle.
    """
    return sorted(_walk(str(folder), "", suffixes, frozenset(without)))


def real_files_in(raw_root: Path, name: str) -> Path | None:
    """A folder of that name, whatever its case, that holds something else than a drawn sample."""
    for folder in folder_of(raw_root, name):
        if any(folder.iterdir()) and not (folder / SYNTHETIC_MARK).is_file():
            return folder
    return None


def is_synthetic(files: list[RawFile]) -> bool:
    """Whether the mark of drawn samples is among the files."""
    return any(file.name == SYNTHETIC_MARK for file in files)


def missing(title: str, folder: Path, expects: str, homepage: str) -> SourceMissing:
    """The error for a dataset that is not there: where it was looked for, what was expected."""
    return SourceMissing(
        f"{title} is not in {folder}: {_what_is_there(folder)}. Expected: {expects}. Get it from"
        f" {homepage}, or write drawn samples with `emotion-pipeline sample {folder.parent}`."
    )


def _walk(
    folder: str, above: str, suffixes: tuple[str, ...], without: frozenset[str]
) -> Iterator[RawFile]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):  # deleted or replaced since it was listed
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name == "__MACOSX":
            continue
        name = f"{above}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            if entry.name.lower() not in without:
                yield from _walk(entry.path, f"{name}/", suffixes, without)
        elif name.lower().endswith(suffixes) or name == SYNTHETIC_MARK:
            yield from _stat(entry, name)


def _stat(entry: "os.DirEntry[str]", name: str) -> Iterator[RawFile]:
    """The file or link, unless it is gone or neither of the two."""
    link = entry.is_symlink()
    with suppress(FileNotFoundError):
        if link or entry.is_file(follow_symlinks=False):
            stat = entry.stat(follow_symlinks=False)
            place = (_shown(name), entry.path)
            yield RawFile(*place, stat.st_size, stat.st_ctime_ns, is_link=link)


def _shown(name: str) -> str:
    """A name that can be stored and printed, also where it is not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _what_is_there(folder: Path) -> str:
    near = next(iter(folder_of(folder.parent, folder.name)), folder)
    if not near.is_dir():
        return "there is no such folder"
    names = sorted(_shown(path.name) for path in near.iterdir())
    if not names:
        return "the folder is empty"
    packed = [name for name in names if name.lower().endswith(ARCHIVES)]
    if packed:
        return f"there is {packed[0]}, which has to be unpacked"
    more = " and others" if len(names) > _SHOWN_NAMES else ""
    return f"there are {', '.join(names[:_SHOWN_NAMES])}{more}, none of which is it"
