"""What reports are made from: per part of `reports.base.Results` its edges, versions and reader.

A report names the parts that it reads; it becomes stale by these and by nothing else.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emotion_pipeline.datasets.base import Dataset
from emotion_pipeline.digests import combined
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.reports.base import Results
from emotion_pipeline.stages.base import Needs, Workspace
from emotion_pipeline.stages.report_inputs import (
    detectors,
    explanations,
    models,
    people,
    pictures,
    reports,
    votes,
)
from emotion_pipeline.training.recipe_files import AnyRecipe

ABOUT_REPORTS = reports.NAME


@dataclass(frozen=True)
class Doors:
    """The datasets and recipes that there are."""

    datasets: Mapping[str, Dataset]
    recipes: Mapping[str, AnyRecipe]


@dataclass(frozen=True)
class Part:
    """One part of the results, read by a module.

    `needs`: the edges to the stages that make it. `versions`: what the lake holds of it, as text.
    `read`: the part itself.
    """

    module: str
    needs: Callable[[Doors], Iterator[Needs]]
    versions: Callable[[Workspace, Doors], Iterator[str]]
    read: Callable[[Workspace, Doors], Any]


def _part(module: Any) -> Part:
    return Part(
        module.__name__,
        lambda doors: module.needs(doors.datasets, doors.recipes),
        lambda workspace, doors: module.versions(workspace, doors.datasets, doors.recipes),
        lambda workspace, doors: module.read(workspace, doors.datasets, doors.recipes),
    )


PARTS: dict[str, Part] = {
    "models": _part(models),
    "detectors": _part(detectors),
    "people": _part(people),
    "votes": _part(votes),
    "pictures": _part(pictures),
    "explanations": _part(explanations),
    ABOUT_REPORTS: _part(reports),
}


def code(reads: Iterable[str]) -> str:
    """Fingerprint of what reads these parts."""
    return fingerprint(__name__, *(PARTS[name].module for name in reads))


def told(reads: Iterable[str], doors: Doors) -> str:
    """Digest of what recipes say of themselves that changes no prediction, where it is printed."""
    if not {"models", "detectors"} & set(reads):
        return ""
    return combined(
        f"{name} {recipe.description} {getattr(recipe, 'claim', None)}"
        for name, recipe in doors.recipes.items()
    )


def needs(reads: Iterable[str], doors: Doors) -> tuple[Needs, ...]:
    """The edges of a report that reads these parts."""
    return tuple(dict.fromkeys(need for name in reads for need in PARTS[name].needs(doors)))


def version(workspace: Workspace, reads: Iterable[str], doors: Doors) -> str:
    """Digest of what the lake holds of these parts."""
    return combined(
        f"{name} {one}" for name in reads for one in PARTS[name].versions(workspace, doors)
    )


def read(workspace: Workspace, reads: Iterable[str], doors: Doors) -> Results:
    """These parts of the results; the others are empty."""
    return Results(**{name: PARTS[name].read(workspace, doors) for name in reads})
