"""A lake in an object store that speaks S3; the machine keeps copies of the artifacts it uses.

An object appears under its name when all of it has arrived, so no renaming is needed. Tables are
read where they are. Artifacts, which torch and browsers want as files, are copied into the lake's
folder on this machine, and again when those of the store have changed.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
from pyarrow import fs

from emotion_pipeline.lake.storage import LOCAL, Item, Result, unfinished_file

REQUESTS_AT_ONCE = 16
CHUNK_BYTES = 8 << 20


class StoreFailed(Exception):
    """The store did not do what it was asked to, and not because an object is missing."""


@dataclass(frozen=True)
class ObjectStore:
    """The objects below `s3://bucket/prefix`, named like the files below the folder `root`.

    The URL may end in options of Arrow, such as `?endpoint_override=host:9000&scheme=http`.
    Credentials come from where the tools of Amazon look for them, such as `AWS_ACCESS_KEY_ID`.
    """

    root: Path
    url: str

    def open(self, path: Path) -> pa.NativeFile:
        with self._told(path):
            return self._files.open_input_file(self._name(path))

    def read(self, path: Path) -> bytes:
        with self._told(path), self._files.open_input_stream(self._name(path)) as stream:
            return bytes(stream.read())

    def sizes(self, folder: Path) -> dict[str, int]:
        found = self._listed(folder, fs.FileType.File, recursive=True)
        start = f"{self._name(folder)}/"
        return {one.path.removeprefix(start): one.size for one in found}

    def folders(self, folder: Path) -> list[str]:
        found = self._listed(folder, fs.FileType.Directory, recursive=False)
        return sorted(one.base_name for one in found if not one.base_name.startswith("."))

    @contextmanager
    def draft(self, path: Path) -> Iterator[Path]:
        unfinished = unfinished_file(path)
        try:
            yield unfinished
            self._put(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)

    def keep_only(self, folder: Path, expected: set[Path]) -> None:
        LOCAL.keep_only(folder, set())  # drafts of a run that was killed
        for name in self.sizes(folder):
            if "/" not in name and folder / name not in expected:
                self._delete(folder / name)

    def share(self, folder: Path, last: str) -> None:
        self._delete(folder / last)
        names = LOCAL.sizes(folder).keys()
        for name in self.sizes(folder).keys() - names:
            self._delete(folder / name)
        self.each(lambda name: self._put(folder / name, folder / name), names - {last})
        self._put(folder / last, folder / last)

    def discard(self, path: Path) -> None:
        if self.sizes(path):
            with self._told(path):
                self._files.delete_dir(self._name(path))
        else:
            self._delete(path)

    def bring(self, folder: Path, last: str) -> None:
        try:
            wanted = self.read(folder / last)
        except FileNotFoundError:
            return
        there = self.sizes(folder)
        with suppress(FileNotFoundError):
            same = (folder / last).read_bytes() == wanted
            if same and there.items() <= LOCAL.sizes(folder).items():
                return
        (folder / last).unlink(missing_ok=True)
        self.each(lambda name: self._get(folder / name), there.keys() - {last})
        self._get(folder / last)
        if (folder / last).read_bytes() != wanted:  # somebody has replaced it meanwhile
            self.bring(folder, last)

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        with ThreadPoolExecutor(REQUESTS_AT_ONCE) as threads:
            return list(threads.map(function, items))

    def require_bucket(self) -> None:
        """StoreFailed where there is no bucket, which otherwise looks like an empty one to read."""
        bucket = urlsplit(self.url).netloc
        with self._told(self.root):
            if self._files.base_fs.get_file_info(bucket).type == fs.FileType.NotFound:
                raise OSError(f"there is no bucket {bucket}")

    def address(self, path: Path) -> str:
        place = urlsplit(self.url)
        return f"s3://{place.netloc}{place.path.rstrip('/')}/{self._name(path)}".rstrip("/")

    @property
    def _files(self) -> fs.SubTreeFileSystem:
        return _opened(self.url)

    def _name(self, path: Path) -> str:
        return "/".join(path.relative_to(self.root).parts)

    def _listed(self, folder: Path, kind: fs.FileType, recursive: bool) -> list[fs.FileInfo]:
        chosen = fs.FileSelector(self._name(folder), allow_not_found=True, recursive=recursive)
        with self._told(folder):
            return [one for one in self._files.get_file_info(chosen) if one.type == kind]

    def _put(self, file: Path, path: Path) -> None:
        with (
            file.open("rb") as source,
            self._told(path),
            self._files.open_output_stream(self._name(path)) as target,
        ):
            shutil.copyfileobj(source, target, CHUNK_BYTES)

    def _get(self, path: Path) -> None:
        with (
            LOCAL.draft(path) as unfinished,
            unfinished.open("wb") as target,
            self._told(path),
            self._files.open_input_stream(self._name(path)) as source,
        ):
            shutil.copyfileobj(source, target, CHUNK_BYTES)

    def _delete(self, path: Path) -> None:
        with self._told(path), suppress(FileNotFoundError):
            self._files.delete_file(self._name(path))

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        """Tell a store that cannot be reached from an object that is not there."""
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise StoreFailed(
                f"{self.address(path)}: {error}. Is EMOTION_PIPELINE_LAKE_STORE right, does the "
                "bucket exist, and may these credentials read and write it?"
            ) from error


@lru_cache
def _opened(url: str) -> fs.SubTreeFileSystem:
    files, prefix = fs.FileSystem.from_uri(url)
    return fs.SubTreeFileSystem(prefix, files)
