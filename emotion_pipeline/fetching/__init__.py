"""Downloading the raw files of a dataset, where its publisher lets a program do so.

Files arrive in a hidden folder beside the others and are renamed when they are whole, so that no
reader ever sees half a dataset.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from emotion_pipeline.datasets import get_dataset
from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.datasets.raw_files import SourceMissing, SourceRefused, is_synthetic
from emotion_pipeline.fetching import kaggle, placing, web
from emotion_pipeline.fetching.failure import FetchFailed
from emotion_pipeline.fetching.sources import SOURCES, KaggleSource, Source


def fetch(
    name: str,
    raw_root: Path,
    *,
    force: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Path:
    """Download a dataset into `raw_root/<name>` and return that folder.

    `progress` is told now and then how many bytes there are so far. Drawn samples are replaced;
    real files only with `force`. FetchFailed if that is not possible; then nothing has changed.
    """
    dataset = _dataset(name)
    folder = raw_root / name
    source = SOURCES.get(name)
    page = source.page if isinstance(source, KaggleSource) else dataset.homepage
    by_hand = f"get it from {page} and put it into {folder} by hand: {dataset.expects}."
    if source is None:
        raise FetchFailed(
            f"{dataset.title} is not downloaded by this program. Its licence: {dataset.licence}."
            f" Please {by_hand}"
        )
    if not force:
        _refuse_real_files(dataset, raw_root, source)
    try:
        raw_root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=raw_root) as work:
            arrived = Path(work) / name
            arrived.mkdir()
            if isinstance(source, KaggleSource):
                kaggle.download(source, arrived, progress)
            else:
                web.download(source, arrived, progress)
            _check_layout(dataset, arrived)
            placing.put(arrived, folder, source.file)
    except (FetchFailed, OSError) as error:
        raise FetchFailed(f"{dataset.title} was not fetched: {error} Or {by_hand}") from error
    return folder


def _dataset(name: str) -> Dataset:
    try:
        return get_dataset(name)
    except KeyError as error:
        raise FetchFailed(error.args[0]) from error


def _refuse_real_files(dataset: Dataset, raw_root: Path, source: Source) -> None:
    """FetchFailed if the reader finds real files already, or others would be written over."""
    there = placing.in_the_way(raw_root / dataset.name, source.file)
    try:
        files = dataset.find(raw_root)
        there += [Path(file.path) for file in files if not is_synthetic(files)][:1]
    except SourceMissing:
        pass
    except SourceRefused as error:
        raise FetchFailed(f"{error} Use force to replace what is there.") from error
    if there:
        raise FetchFailed(
            f"{dataset.title} was not fetched: {there[0]} is there already. Move it away, or use"
            " force to replace it."
        )


def _check_layout(dataset: Dataset, arrived: Path) -> None:
    """FetchFailed if the reader of the dataset would not find what has arrived."""
    try:
        dataset.find(arrived.parent)
    except (SourceMissing, SourceRefused) as error:
        names = ", ".join(sorted(path.name for path in arrived.iterdir())[:5]) or "nothing"
        raise FetchFailed(
            f"what arrived ({names}) is not laid out as this version expects, so it is kept out."
        ) from error
