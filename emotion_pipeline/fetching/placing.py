"""Putting what has arrived where readers look, by renaming: all of it or nothing."""

from pathlib import Path

from emotion_pipeline.datasets.raw_files import SYNTHETIC_MARK


def in_the_way(folder: Path, file: str | None) -> list[Path]:
    """What `put` would replace although it is not drawn: files, or entries of the folder."""
    if not folder.exists() or _is_drawn(folder):
        return []
    if file is not None:
        return [path for path in (folder / file,) if path.exists()]
    return sorted(folder.iterdir())


def put(arrived: Path, folder: Path, file: str | None) -> None:
    """Move one arrived file into the folder, or the whole arrived folder in its place.

    A folder of drawn samples is always replaced as a whole, with its mark. `arrived` has to be on
    the same disk; what was there before ends up beside it, for the caller to delete.
    """
    if file is not None and folder.exists() and not _is_drawn(folder):
        (arrived / file).replace(folder / file)
        return
    before = arrived.with_name("before")
    if folder.exists():
        folder.rename(before)
    try:
        arrived.rename(folder)
    except OSError:
        if before.exists():
            before.rename(folder)
        raise


def _is_drawn(folder: Path) -> bool:
    return (folder / SYNTHETIC_MARK).is_file()
