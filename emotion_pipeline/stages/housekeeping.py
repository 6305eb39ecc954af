"""What of a lake nobody needs any more; it is told here and removed by whoever asked.

Raw files and model files are the user's and never among it, nor is what a stage of the graph would
find: only checkpoints of trainings that are over, strays, and what no stage knows.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from emotion_pipeline.lake.cleaning import last_change, strays
from emotion_pipeline.stages.base import Stage, Workspace

STRAY_AFTER_S = 24 * 3600
"""Nobody writes to one file for so long without adding to it."""
_BESIDE_SAMPLES = ("rejects", "quality")

Graph = Mapping[str, Stage]


def not_ours(workspace: Workspace) -> tuple[Path, ...]:
    """Folders of the user."""
    return (workspace.settings.raw_root, workspace.settings.model_files_root)


def stray_files(workspace: Workspace) -> list[Path]:
    """Unfinished files and folders that killed processes left more than a day ago."""
    return list(strays(workspace.lake.root, STRAY_AFTER_S, not_ours(workspace)))


def finished_training_scratch(workspace: Workspace, graph: Graph) -> list[Path]:
    """Checkpoints and TensorBoard logs of trainings whose weights are in the lake, and newer."""
    found = []
    for name, seed, folder in _training_folders(workspace):
        key = f"models/{name}"
        weights = workspace.lake.folder(key, seed=seed)
        is_whole = key in graph and graph[key].version(workspace, seed) is not None
        if is_whole and last_change(weights) >= last_change(folder):
            found.append(folder)
    return found


def orphans(workspace: Workspace, graph: Graph) -> list[Path]:
    """Folders of datasets, recipes and partitions that the graph does not know, with checkpoints.

    Only folders of kinds that the graph makes are looked at; others are somebody else's.
    """
    found = []
    samples = [stage for stage in graph.values() if stage.group == "samples"]
    known = dict(graph) | {
        f"{kind}/{stage.key.split('/')[1]}": stage for kind in _BESIDE_SAMPLES for stage in samples
    }
    for group in sorted({key.split("/")[0] for key in known}):
        for folder in _folders(workspace.lake.root / group):
            stage = known.get(f"{group}/{folder.name}")
            found += [folder] if stage is None else _unknown_partitions(stage, folder)
    for name, seed, folder in _training_folders(workspace):
        stage = graph.get(f"models/{name}")
        if stage is None or seed not in stage.partitions:
            found.append(folder)
    return found


def forgotten_receipts(workspace: Workspace, graph: Graph) -> list[Path]:
    """Receipts of what neither the graph knows nor the lake holds.

    Those of a known asset stay although its files are gone: by them it is seen that what comes out
    is what it was, and that nothing below has to be made again.
    """
    root = workspace.lake.receipts.folder
    found = []
    for path in sorted(root.rglob("*.json")):
        key, name = path.parent.relative_to(root).as_posix(), path.stem
        stage, folder = graph.get(key), workspace.lake.folder(key)
        names = (stage.partitions or ("whole",)) if stage is not None else ()
        held = folder if name == "whole" else next(folder.glob(f"*={name}"), None)
        if name not in names and (held is None or not held.exists()):
            found.append(path)
    return found


def _training_folders(workspace: Workspace) -> Iterator[tuple[str, str, Path]]:
    for recipe in _folders(workspace.lake.scratch / "training"):
        for folder in _folders(recipe):
            yield recipe.name, folder.name, folder


def _unknown_partitions(stage: Stage, folder: Path) -> list[Path]:
    if not stage.partitions:
        return []
    start = f"{stage.dimension}="
    found = [child for child in _folders(folder) if child.name.startswith(start)]
    return [child for child in found if child.name.removeprefix(start) not in stage.partitions]


def _folders(folder: Path) -> list[Path]:
    """Visible folders in a folder, which need not be there; links are not followed."""
    children = sorted(folder.iterdir()) if folder.is_dir() else []
    return [
        child
        for child in children
        if child.is_dir() and not child.is_symlink() and not child.name.startswith(".")
    ]
