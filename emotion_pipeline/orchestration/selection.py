"""What a refresh is asked for: partitions of assets, and all that these follow from.

Patterns are parsed here. What of a selection is missing or stale is said in `look`.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatch

from emotion_pipeline.labels import nearest
from emotion_pipeline.lake import Lake
from emotion_pipeline.orchestration.pipeline import Pipeline
from emotion_pipeline.stages.base import Stage, Workspace

Selection = Mapping[str, tuple[str | None, ...]]
"""The wanted partitions by asset key, sources first; `(None,)` for an asset without partitions."""

_Graph = Mapping[str, Stage]
_Wanted = dict[str, set[str | None]]


def select(pipeline: Pipeline, patterns: Iterable[str]) -> Selection:
    """What the patterns name, and exactly those partitions above it that it follows from.

    A pattern is that of an asset key, and perhaps of its partitions in brackets, as `status` prints
    them: `degraded/kdef[old_photo-*]`, `models/x[1, 2]`. Without brackets it means all partitions.

    No pattern selects every asset. Of one that is made on demand these are the partitions that it
    has by default, those that were made before, and those that others need; it may be none.

    Raises KeyError, with the nearest names, for a pattern that matches nothing.
    """
    patterns = list(patterns)
    wanted: _Wanted = {key: set() for key in pipeline.graph}
    named = (found for pattern in patterns for found in _named(pipeline.graph, pattern))
    for key, partition in named if patterns else _unasked(pipeline):
        wanted[key].add(partition)
    _add_needs(pipeline.graph, wanted, set(_unasked(pipeline)))
    return {
        key: tuple(partition for partition in _partitions(stage) if partition in wanted[key])
        for key, stage in pipeline.graph.items()
        if wanted[key] or not patterns
    }


def _unasked(pipeline: Pipeline) -> Iterator[tuple[str, str | None]]:
    lake = Workspace(pipeline.settings).lake
    for key, stage in pipeline.graph.items():
        partitions = _partitions(stage)
        wanted = partitions
        if stage.by_default is not None:
            made = (*lake.receipts.known(key, partitions), *_held(lake, stage))
            wanted = (*stage.by_default, *made)
        yield from ((key, partition) for partition in partitions if partition in wanted)


def _held(lake: Lake, stage: Stage) -> Iterator[str | None]:
    """Partitions of which the lake has files, also where their receipts are lost."""
    folder = lake.folder(stage.key)
    for name in lake.storage.folders(folder) if stage.partitions else ():
        yield name.removeprefix(f"{stage.dimension}=")
    if not stage.partitions and lake.storage.sizes(folder):
        yield None


def _named(graph: _Graph, pattern: str) -> Iterator[tuple[str, str | None]]:
    key_pattern, partition_patterns = _parsed(pattern)
    keys = [key for key in graph if fnmatch(key, key_pattern)]
    if not keys:
        raise KeyError(f"no asset matches {key_pattern!r}: {nearest(key_pattern, tuple(graph))}")
    every = [(key, partition) for key in keys for partition in _partitions(graph[key])]
    if not partition_patterns:
        yield from every
    for wanted in partition_patterns:
        found = [(key, name) for key, name in every if name is not None and fnmatch(name, wanted)]
        if not found:
            known = tuple(dict.fromkeys(name for _, name in every if name is not None))
            close = nearest(wanted, known) if known else "it is made whole; leave the brackets out"
            raise KeyError(f"no partition of {key_pattern} matches {wanted!r}: {close}")
        yield from found


def _parsed(pattern: str) -> tuple[str, list[str]]:
    """The pattern of the key, and those of the partitions, none where there are no brackets."""
    key, opening, partitions = pattern.partition("[")
    if not opening or not partitions.endswith("]"):
        return pattern, []
    return key, [one.strip() for one in partitions.removesuffix("]").split(",")]


def _add_needs(graph: _Graph, wanted: _Wanted, unasked: set[tuple[str, str | None]]) -> None:
    """Add what the wanted partitions follow from.

    A stage that makes do with any of its needs asks for none that is made on demand only: a report
    is about the models that there are, and trains no others.
    """
    for key in reversed(list(graph)):  # sources come first, so one pass is enough
        for needs in graph[key].needs:
            if needs.key not in graph:
                continue
            present = graph[needs.key].partitions
            for partition in wanted[key]:
                found = needs.partitions_for(partition, present) if present else (None,)
                wanted[needs.key].update(
                    name
                    for name in found
                    if not graph[key].needs_any or (needs.key, name) in unasked
                )


def _partitions(stage: Stage) -> tuple[str | None, ...]:
    return stage.partitions or (None,)
