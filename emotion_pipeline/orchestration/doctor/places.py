"""Checks of folders: the lake, the raw files, the model files."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from emotion_pipeline.datasets import all_datasets
from emotion_pipeline.fetching.model_files import MODEL_FILES, digest
from emotion_pipeline.lake.object_store import ObjectStore, StoreFailed
from emotion_pipeline.orchestration.doctor.finding import Finding, ok, problem, warning
from emotion_pipeline.settings import Settings
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.survey import survey

LEAST_FREE_BYTES = 10 * 10**9
NETWORK = ("nfs", "cifs", "smb", "afs", "9p", "ceph", "lustre", "gluster", "fuse.")
MOUNTS = Path("/proc/mounts")


def lake_folder(settings: Settings) -> Iterator[Finding]:
    """The lake's folder can be written to."""
    place = existing(settings.lake)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        yield problem(
            "lake_folder",
            f"the lake {settings.lake} cannot be written: {error.strerror}",
            "give yourself the right to write there, or set EMOTION_PIPELINE_LAKE",
        )
        return
    new = "" if place == settings.lake else "; it will be made"
    yield ok("lake_folder", f"the lake is {settings.lake}{new}")


def lake_store(settings: Settings) -> Iterator[Finding]:
    """The object store that holds the lake answers."""
    if settings.lake_store is None:
        return
    store = ObjectStore(settings.lake, settings.lake_store)
    try:
        store.require_bucket()
        names = store.folders(settings.lake)
    except StoreFailed as failed:
        yield problem("lake_store", str(failed), "correct EMOTION_PIPELINE_LAKE_STORE")
        return
    held, address = ", ".join(names) or "nothing yet", store.address(settings.lake)
    yield ok("lake_store", f"the store of the lake, {address}, answers and holds {held}")


def lake_file_system(settings: Settings, mounts: Path = MOUNTS) -> Iterator[Finding]:
    """The lake lies on a disk of this machine, where locks and renaming can be relied on."""
    if not mounts.is_file():
        return
    points = [line.split()[1:3] for line in mounts.read_text().splitlines()]
    place = existing(settings.lake).resolve()
    above = [(Path(point), kind) for point, kind in points if place.is_relative_to(Path(point))]
    point, kind = max(above, key=lambda one: len(one[0].parts), default=(Path("/"), "unknown"))
    if kind.startswith(NETWORK):
        yield warning(
            "lake_file_system",
            f"the lake lies on a network file system ({kind} at {point})",
            "let one machine refresh at a time, unless its locks are known to work",
        )
    else:
        yield ok("lake_file_system", f"the lake lies on {kind} at {point}")


def raw_data(settings: Settings) -> Iterator[Finding]:
    """Which datasets are there, and whether the disk has room for what is made of them."""
    found = [survey(Workspace(settings), dataset) for dataset in all_datasets().values()]
    for one in found:
        name = one.dataset.name
        if one.state == "absent":
            yield ok("raw_data", f"{name} is absent, which is fine; `sources {name}` tells more")
            continue
        size = f"{one.n_files:,} files, {one.n_bytes / 1e6:,.1f} MB"
        yield ok("raw_data", f"{name} is {one.state}: {size}")
        for note in one.notes:
            yield warning("raw_data", f"{name}: {note}", f"emotion-pipeline sources {name}")
    n_free = shutil.disk_usage(existing(settings.lake)).free
    n_wanted = max(LEAST_FREE_BYTES, sum(one.n_bytes for one in found))
    what = f"{n_free / 1e9:,.1f} GB are free for the lake"
    if n_free < n_wanted:
        yield warning(
            "disk",
            f"{what}, less than {n_wanted / 1e9:,.1f} GB",
            "emotion-pipeline gc, or another disk by EMOTION_PIPELINE_LAKE",
        )
    else:
        yield ok("disk", what)


def model_files(settings: Settings) -> Iterator[Finding]:
    """Model files of other publishers hold the bytes that this version was written for."""
    folder = settings.model_files_root
    for model in MODEL_FILES:
        source = model.source
        found = digest(model, folder)
        if found is None:
            yield ok(
                "model_files",
                f"{source.file} is not in {folder}; it is downloaded when it is needed",
            )
        elif source.sha256 not in (None, found):
            yield problem(
                "model_files",
                f"{folder / source.file} holds other bytes (SHA-256 {found})",
                "move it away, and it is downloaded anew",
            )
        else:
            yield ok("model_files", f"{source.file}, for {model.purpose}")


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.exists())
