"""What of a lake nobody needs any more; it is told here and removed by whoever asked.

Raw files and model files are the user's and never among it, nor is what a stage of the graph would
find: only checkpoints of trainings that are over, strays, and what no stage knows.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from emotion_pipeline.lake.cleaning import last_change, size_of, strays
from emotion_pipeline.lake.storage import LOCAL, Storage
from emotion_pipeline.stages.base import Stage, Workspace

STRAY_AFTER_S = 24 * 3600
"""Nobody writes to one file for so long without adding to it."""
_BESIDE_SAMPLES = ("rejects", "quality")

Graph = Mapping[str, Stage]
Sizes = dict[Path, int]
"""What is removable, with its size in bytes; the sizes of what a store holds are those there."""


def not_ours(workspace: Workspace) -> tuple[Path, ...]:
    """Folders of the user."""
    return (workspace.settings.raw_root, workspace.settings.model_files_root)


def stray_files(workspace: Workspace) -> Sizes:
    """Unfinished files and folders that killed processes left more than a day ago."""
    return sizes_of(strays(workspace.lake.root, STRAY_AFTER_S, not_ours(workspace)))


def finished_training_scratch(workspace: Workspace, graph: Graph) -> Sizes:
    """Checkpoints and TensorBoard logs of trainings whose weights are in the lake, and newer."""
    found = []
    for name, seed, folder in _training_folders(workspace):
        key = f"models/{name}"
        weights = workspace.lake.folder(key, seed=seed)
        is_whole = key in graph and graph[key].version(workspace, seed) is not None
        if is_whole and last_change(weights) >= last_change(folder):
            found.append(folder)
    return sizes_of(found)


def orphans(workspace: Workspace, graph: Graph) -> Sizes:
    """Folders of datasets, recipes and partitions that the graph does not know, with checkpoints.

    Only folders of kinds that the graph makes are looked at; others are somebody else's.
    """
    storage, found = workspace.lake.storage, list[Path]()
    samples = [stage for stage in graph.values() if stage.group == "samples"]
    known = dict(graph) | {
        f"{kind}/{stage.key.split('/')[1]}": stage for kind in _BESIDE_SAMPLES for stage in samples
    }
    for group in sorted({key.split("/")[0] for key in known}):
        for name in storage.folders(workspace.lake.root / group):
            folder, stage = workspace.lake.root / group / name, known.get(f"{group}/{name}")
            found += [folder] if stage is None else _unknown_partitions(storage, stage, folder)
    sizes = {folder: sum(storage.sizes(folder).values()) for folder in found}
    scratch = []
    for name, seed, folder in _training_folders(workspace):
        stage = graph.get(f"models/{name}")
        if stage is None or seed not in stage.partitions:
            scratch.append(folder)
    return sizes | sizes_of(scratch)


def forgotten_receipts(workspace: Workspace, graph: Graph) -> Sizes:
    """Receipts of what neither the graph knows nor the lake holds.

    Those of a known asset stay although its files are gone: by them it is seen that what comes out
    is what it was, and that nothing below has to be made again.
    """
    root, storage, found = workspace.lake.receipts.folder, workspace.lake.storage, Sizes()
    sizes = {root / name: size for name, size in storage.sizes(root).items()}
    for path in sorted(path for path in sizes if path.suffix == ".json"):
        key, name = path.parent.relative_to(root).as_posix(), path.stem
        stage, folder = graph.get(key), workspace.lake.folder(key)
        names = (stage.partitions or ("whole",)) if stage is not None else ()
        if name not in names and not _is_held(storage, folder, name):
            found[path] = sizes[path]
    return found


def sizes_of(paths: Iterable[Path]) -> Sizes:
    """Bytes of files and folders of this machine."""
    return {path: size_of(path) for path in paths}


def _is_held(storage: Storage, folder: Path, partition: str) -> bool:
    if partition == "whole":
        return bool(storage.sizes(folder))
    return any(name.partition("=")[2] == partition for name in storage.folders(folder))


def _training_folders(workspace: Workspace) -> Iterator[tuple[str, str, Path]]:
    place = workspace.lake.scratch / "training"
    for recipe in LOCAL.folders(place):
        for seed in LOCAL.folders(place / recipe):
            yield recipe, seed, place / recipe / seed


def _unknown_partitions(storage: Storage, stage: Stage, folder: Path) -> list[Path]:
    if not stage.partitions:
        return []
    start = f"{stage.dimension}="
    found = [name for name in storage.folders(folder) if name.startswith(start)]
    return [folder / name for name in found if name.removeprefix(start) not in stage.partitions]
