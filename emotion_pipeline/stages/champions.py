"""`champions/<group>`: the best model of each group of recipes that may be compared.

It is chosen by validation accuracy alone. On the test pictures a candidate is only asked whether it
is worse than what was accepted last; then that stays champion, until somebody accepts the candidate
all the same.
"""

import getpass
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_pipeline.digests import combined
from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.fingerprint import fingerprint
from emotion_pipeline.metrics.intervals import wilson_interval
from emotion_pipeline.metrics.promotion import Comparison, best_on_validation, compare
from emotion_pipeline.stages import champion_files, model_folders, predictions
from emotion_pipeline.stages.base import Needs, Produced, Workspace, present
from emotion_pipeline.stages.champion_files import (
    ANSWERS,
    LOST_PICTURES,
    Entrant,
    Record,
    Refusal,
    Score,
)
from emotion_pipeline.training.recipe import Recipe
from emotion_pipeline.training.recipe_files import AnyRecipe

CODE = fingerprint(
    __name__,
    champion_files.__name__,
    "emotion_pipeline.metrics.promotion",
    "emotion_pipeline.metrics.intervals",
)
SAME_PICTURE = ["sample_id", "emotion", "synthetic"]

Group = Mapping[str, Recipe]


class AcceptError(ValueError):
    """There is nothing to accept, or no longer what was refused."""


class BaselineLost(ValueError):
    """What the champion said is not known any more, so that nothing can be compared with it."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """The best of a group, with its answers about the test pictures."""

    entrant: Entrant
    answers: pa.Table


def groups(recipes: Mapping[str, AnyRecipe]) -> dict[str, dict[str, Recipe]]:
    """Recipes that may be compared, by the name of their group: labels, pictures, label space.

    The name is that of `reports.parts.groups.Group.slug`, for people and drawn faces alike. Recipes
    without a validation part, such as those that leave groups out, cannot be chosen from.
    """
    found: dict[str, dict[str, Recipe]] = {}
    for name, recipe in recipes.items():
        if not isinstance(recipe, Recipe) or recipe.data.leave_out:
            continue
        if ORIGINAL in recipe.evaluate_on:
            sources = dict.fromkeys((recipe.data.labels, recipe.data.pictures))
            group = "_".join([*sources, recipe.data.label_space])
            found.setdefault(group, {})[name] = recipe
    return found


def needs(group: Group) -> tuple[Needs, ...]:
    """The edges to the models of a group and to what they say of the original pictures."""
    return tuple(
        need
        for name in group
        for need in (Needs(f"models/{name}"), Needs(f"predictions/{name}", (ORIGINAL,)))
    )


def make(workspace: Workspace, name: str, group: Group) -> Produced:
    """Find the best model of a group; it is promoted unless it is worse than the accepted one."""
    target = champion_files.artifact(workspace, name)
    with workspace.lake.lock(f"champions/{name}"):
        target.restore()
        inputs = _inputs(workspace, group)
        known = target.provenance()
        if known is None or not known.made_from(inputs, CODE):
            record = judged(champion_files.read(target), _candidate(workspace, group))
            champion_files.write(target, record, inputs, CODE)
        made = present(target.version())
    return _produced(made, champion_files.read(target))


def judged(before: Record, candidate: Candidate | None) -> Record:
    """The record after a look at the best model that there is now; mostly nothing is new.

    Raises BaselineLost where there is a champion, but not what it said.
    """
    if candidate is None:
        return replace(before, refusal=None)
    if candidate.entrant == before.champion:
        return replace(before, answers=candidate.answers, refusal=None)
    if before.champion is None:
        return _promoted(before, candidate, None, "the first one")
    if before.answers.num_rows == 0:
        raise BaselineLost(
            f"{champion_files.ACCEPTED} is damaged, so that {candidate.entrant} cannot be compared"
            f" with {before.champion}: put the file back, or remove its folder to begin anew"
        )
    before_right, now_right, lost = _on_common_pictures(before.answers, candidate.answers)
    comparison = compare(before_right, now_right)
    if not comparison.is_worse:
        return _promoted(before, candidate, comparison, "not worse than the accepted one")
    refusal = Refusal(candidate.entrant, comparison, lost)
    noted = _line("refused", candidate, comparison, "worse than the accepted one")
    return replace(before, refusal=refusal, history=(*before.history, noted))


def accept(workspace: Workspace, name: str, group: Group, reason: str) -> Entrant:
    """Promote the refused candidate of a group all the same.

    Raises AcceptError where none was refused, or where the best model is another one by now.
    """
    target = champion_files.artifact(workspace, name)
    with workspace.lake.lock(f"champions/{name}"):
        target.restore()
        before = champion_files.read(target)
        if before.refusal is None:
            raise AcceptError(f"champions/{name}: no candidate was refused, so there is no choice")
        candidate = _candidate(workspace, group)
        if candidate is None or candidate.entrant != before.refusal.candidate:
            raise AcceptError(
                f"champions/{name}: {before.refusal.candidate} was refused, but that is no longer"
                f" the best model: emotion-pipeline refresh champions/{name}"
            )
        why = f"accepted by {getpass.getuser()}: {reason}"
        record = _promoted(before, candidate, before.refusal.comparison, why)
        champion_files.write(target, record, _inputs(workspace, group), CODE)
    return candidate.entrant


def refusal(workspace: Workspace, name: str) -> Refusal | None:
    """The candidate of a group that was refused, if the last one was."""
    return champion_files.read(champion_files.artifact(workspace, name)).refusal


def _promoted(
    before: Record, candidate: Candidate, comparison: Comparison | None, why: str
) -> Record:
    noted = _line("promoted", candidate, comparison, why)
    return Record(candidate.entrant, candidate.answers, None, (*before.history, noted))


def _line(
    decision: str, candidate: Candidate, comparison: Comparison | None, why: str
) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "decision": decision,
        "why": why,
        "model": asdict(candidate.entrant),
        "comparison": asdict(comparison) if comparison is not None else None,
    }


def _on_common_pictures(
    accepted: pa.Table, candidate: pa.Table
) -> tuple[np.ndarray, np.ndarray, pa.Table]:
    """Who was right on the pictures that both know (n,) bool, and what the candidate lost.

    A picture whose true emotion has changed is another question, and not compared.
    """
    before = accepted.to_pandas()[[*SAME_PICTURE, "right"]]
    both = before.merge(candidate.to_pandas(), on=SAME_PICTURE, suffixes=("_before", ""))
    lost = both[both["right_before"] & ~both["right"]].sort_values("sample_id")
    table = pa.Table.from_pandas(
        lost[LOST_PICTURES.names], schema=LOST_PICTURES, preserve_index=False
    )
    return both["right_before"].to_numpy(bool), both["right"].to_numpy(bool), table


def _inputs(workspace: Workspace, group: Group) -> str:
    """Digest of the predictions and weights of a group."""
    return combined(
        f"{name} {seed} {_predictions(workspace, name, recipe)} {_weights(workspace, name, seed)}"
        for name, recipe in group.items()
        for seed in recipe.seeds
    )


def _predictions(workspace: Workspace, name: str, recipe: Recipe) -> str | None:
    return predictions.version(workspace, name, recipe, ORIGINAL)


def _weights(workspace: Workspace, name: str, seed: int) -> str | None:
    return model_folders.artifact(workspace, name, seed).version()


def _candidate(workspace: Workspace, group: Group) -> Candidate | None:
    """The best model that has predicted with all its seeds; one on people before drawn faces."""
    every = dict(_answers(workspace, group))
    of_people = {
        name: seeds
        for name, seeds in every.items()
        if not any(pc.any(rows["synthetic"]).as_py() for rows in seeds.values())
    }
    accuracies = {
        name: {seed: _score(_of(rows, "validation")).accuracy_score for seed, rows in seeds.items()}
        for name, seeds in (of_people or every).items()
    }
    best = best_on_validation(accuracies)
    if best is None:
        return None
    recipe, seed = best
    rows = every[recipe][seed]
    test = _of(rows, "test")
    entrant = Entrant(
        recipe=recipe,
        seed=seed,
        weights=present(_weights(workspace, recipe, seed)),
        synthetic=recipe not in of_people,
        validation_over_seeds=float(np.mean([*accuracies[recipe].values()])),
        validation=_score(_of(rows, "validation")),
        test=_score(test),
        test_without_leaks=_score(test.filter(pc.invert(test["seen_in_training"]))),
    )
    return Candidate(entrant, test.select(ANSWERS.names).cast(ANSWERS))


def _answers(workspace: Workspace, group: Group) -> Iterator[tuple[str, dict[int, pa.Table]]]:
    """By recipe and seed all answers, of the recipes that are complete and can be chosen by."""
    for name, recipe in group.items():
        whole = all(_weights(workspace, name, seed) for seed in recipe.seeds)
        if whole and _predictions(workspace, name, recipe):
            rows = {seed: _answered(workspace, name, recipe, seed) for seed in recipe.seeds}
            if all(len(_of(one, "validation")) and len(_of(one, "test")) for one in rows.values()):
                yield name, rows


def _answered(workspace: Workspace, name: str, recipe: Recipe, seed: int) -> pa.Table:
    """The predictions of a seed with what is most probable, and whether it is right."""
    rows = predictions.table(workspace, name, recipe, ORIGINAL, seed).read(0)
    p = np.stack([rows[f"p_{emotion}"].to_numpy() for emotion in recipe.emotions], axis=1)
    said = pa.array(np.array(recipe.emotions, dtype=object)[p.argmax(axis=1)], pa.string())
    return rows.append_column("predicted", said).append_column(
        "right", pc.equal(said, rows["emotion"].combine_chunks())
    )


def _of(rows: pa.Table, split: str) -> pa.Table:
    return rows.filter(pc.equal(rows["split"], split))


def _score(rows: pa.Table) -> Score:
    n, n_right = rows.num_rows, pc.sum(rows["right"]).as_py() or 0
    if n == 0:
        return Score(0, 0.0, 0.0, 1.0)
    low, high = wilson_interval(n_right, n)
    return Score(n, n_right / n, float(low), float(high))


def _produced(version: str, record: Record) -> Produced:
    champion = record.champion
    if champion is None:
        return Produced(version, "no model to choose from")
    said = f"{champion}: {champion.validation} on validation"
    figures: dict[str, float | int | str] = {
        "recipe": champion.recipe,
        "seed": champion.seed,
        "validation_accuracy_score": champion.validation.accuracy_score,
        "test_accuracy_score": champion.test.accuracy_score,
        "test_accuracy_score_without_leaks": champion.test_without_leaks.accuracy_score,
        "decisions": len(record.history),
    }
    return Produced(version, f"{said}; {record.refusal}" if record.refusal else said, figures)
