"""Which rows a training learns from and is validated with: by split, or without one group each."""

from collections.abc import Iterable

import numpy as np

from emotion_pipeline.stages import labelled_rows, training_rows
from emotion_pipeline.stages.base import Workspace
from emotion_pipeline.stages.training_rows import Seen
from emotion_pipeline.training.recipe import Recipe

MOST_GROUPS = 200
Parts = list[Seen]
"""The same rows once per domain that is trained on."""


def all_parts(workspace: Workspace, recipe: Recipe) -> Parts:
    """The rows to learn from and to validate with, together."""
    splits = labelled_rows.splits_used(recipe, "train", "validation")
    found = labelled_rows.labelled(workspace, recipe, *splits)
    return [training_rows.seen(workspace, recipe, found, domain) for domain in recipe.data.domains]


def by_split(recipe: Recipe, parts: Parts) -> tuple[Parts, Parts]:
    """Rows to learn from and rows to validate with; the same where every row is a fold's test."""
    if recipe.data.leave_out:
        return parts, parts
    learned, held_out = (
        _where(parts, [part.found.column("split") == split for part in parts])
        for split in ("train", "validation")
    )
    return learned, held_out


def unused(workspace: Workspace, recipe: Recipe, parts: Parts) -> dict[str, dict[str, int]]:
    """By split, how many rows are neither learned from nor validated with, by the reason why."""
    splits = labelled_rows.splits_used(recipe, "train", "validation")
    counted = labelled_rows.counts(workspace, recipe, *splits)
    for split, reasons in counted.items():
        n_used = reasons.pop(labelled_rows.USED, 0)
        for part in parts:
            n_seen = int((part.found.column("split") == split).sum())
            reasons[f"no picture in {part.domain}"] = n_used - n_seen
    return {split: dict(sorted((+reasons).items())) for split, reasons in sorted(counted.items())}


def left_out(recipe: Recipe, parts: Parts) -> list[str]:
    """The groups that are predicted by a model which has not seen them; none for most recipes.

    Raises ValueError for a single group, and for more than MOST_GROUPS, each of which would cost a
    training: recordings without a recorder's names are that many takes of one picture each.
    """
    column = recipe.data.leave_out
    if column is None:
        return []
    groups = sorted({str(group) for part in parts for group in part.found.column(column)})
    if len(groups) < 2:
        raise ValueError(f"data.leave_out: a single {column}, so nothing is left to learn from")
    if len(groups) > MOST_GROUPS:
        raise ValueError(
            f"data.leave_out: {len(groups):,} values of {column}, such as {groups[0]!r:.80}, and a"
            f" training for each; at most are {MOST_GROUPS}. Pictures that belong together have to"
            " say so by their names"
        )
    return groups


def without(recipe: Recipe, parts: Parts, group: str) -> tuple[Parts, Parts]:
    """Rows to learn from, which are those of the other groups, and those of the group."""
    groups = [part.found.column(recipe.data.leave_out or "") for part in parts]
    inside = [column.astype(str) == group for column in groups]
    return _where(parts, [~mask for mask in inside]), _where(parts, inside)


def _where(parts: Parts, masks: Iterable[np.ndarray]) -> Parts:
    return [part.take(mask) for part, mask in zip(parts, masks, strict=True)]
