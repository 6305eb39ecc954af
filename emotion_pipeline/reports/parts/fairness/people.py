"""Who is on the test pictures, by what their dataset publishes, and what the model said of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from emotion_pipeline.reports.base import ModelResult

PERSON = "person_id"
CONDITIONS = ("angle", "annotation")
"""Columns about the photograph, and not about who is on it."""

MIN_ROWS, MIN_PERSONS = 30, 5
MAX_LEVELS = 12

_IDENTIFIERS = ("session",)


@dataclass(frozen=True)
class Columns:
    """What a dataset publishes: of people, and of the conditions of its photographs."""

    of_people: tuple[str, ...]
    of_conditions: tuple[str, ...]


def columns_of(people: pd.DataFrame) -> Columns:
    """Columns of 2 to 12 values that identify nobody.

    One that changes from picture to picture of a person is a condition.
    """
    few = [
        str(name)
        for name in people
        if name not in ("sample_id", *_IDENTIFIERS)
        and not str(name).endswith("_id")
        and 2 <= people[name].nunique() <= MAX_LEVELS
    ]
    conditions = [name for name in few if name in CONDITIONS or _changes(people, name)]
    return Columns(tuple(name for name in few if name not in conditions), tuple(conditions))


def _changes(people: pd.DataFrame, name: str) -> bool:
    return PERSON in people and bool((people.groupby(PERSON)[name].nunique() > 1).any())


@dataclass(frozen=True, eq=False)
class Grouped:
    """The original test pictures of a model and seed whose group is known, in order of their names.

    `group`, `truth` and `said` (n,) are positions in `levels` and in the model's emotions; `unit`
    (n,) numbers the persons of each group, or the pictures where nobody says who is shown.
    """

    model: ModelResult
    column: str
    levels: tuple[str, ...]
    by_person: bool
    sample_ids: pd.Index
    group: np.ndarray
    unit: np.ndarray
    truth: np.ndarray
    said: np.ndarray

    @cached_property
    def unit_groups(self) -> np.ndarray:
        """(u,) the group of each unit."""
        groups = np.zeros(int(self.unit.max(initial=-1)) + 1, dtype=np.int64)
        groups[self.unit] = self.group
        return groups

    @cached_property
    def unit_counts(self) -> np.ndarray:
        """Confusion counts (u, c, c) of each unit."""
        c = len(self.model.emotions)
        cells = (self.unit * c + self.truth) * c + self.said
        return np.bincount(cells, minlength=len(self.unit_groups) * c * c).reshape(-1, c, c)

    @cached_property
    def counts(self) -> np.ndarray:
        """Confusion counts (g, c, c) of each group."""
        found = np.zeros((len(self.levels), *self.unit_counts.shape[1:]), dtype=np.int64)
        np.add.at(found, self.unit_groups, self.unit_counts)
        return found

    def n_units(self, counted: np.ndarray) -> np.ndarray:
        """How many units of each group have some of what is counted (u, k), (g, k)."""
        found = np.zeros((len(self.levels), counted.shape[1]), dtype=np.int64)
        np.add.at(found, self.unit_groups, counted > 0)
        return found

    def of_groups(self, kept: np.ndarray) -> "Grouped":
        """The pictures of these groups (k,), which are numbered anew in this order."""
        place = np.full(len(self.levels), -1)
        place[kept] = np.arange(len(kept))
        rows = np.flatnonzero(place[self.group] >= 0)
        return replace(
            self.of_rows(rows),
            levels=tuple(self.levels[one] for one in kept),
            group=place[self.group[rows]],
        )

    def of_rows(self, rows: np.ndarray) -> "Grouped":
        """These pictures alone; units without any are gone."""
        return replace(
            self,
            sample_ids=self.sample_ids[rows],
            group=self.group[rows],
            unit=np.unique(self.unit[rows], return_inverse=True)[1],
            truth=self.truth[rows],
            said=self.said[rows],
        )


def grouped(
    model: ModelResult, people: pd.DataFrame, column: str, seed: int | None = None
) -> Grouped:
    """The test pictures of a seed (`shown_seed` where None) by a column of `people`."""
    rows = model.rows(seed=seed)
    told = people.set_index("sample_id").reindex(rows["sample_id"])
    known = told[column].notna().to_numpy()
    rows, told = rows[known], told[known]
    order = np.argsort(rows["sample_id"].to_numpy(str), kind="stable")
    rows, told = rows.iloc[order], told.iloc[order]
    group, levels = pd.factorize(told[column].to_numpy(str), sort=True)
    by_person = PERSON in told and bool(told[PERSON].notna().any())
    persons = _persons(told[PERSON]) if by_person else np.arange(len(rows))
    place = {emotion: number for number, emotion in enumerate(model.emotions)}
    return Grouped(
        model=model,
        column=column,
        levels=tuple(map(str, levels)),
        by_person=by_person,
        sample_ids=pd.Index(rows["sample_id"]),
        group=group,
        unit=np.unique(persons * max(len(levels), 1) + group, return_inverse=True)[1],
        truth=rows["emotion"].map(place).to_numpy(np.int64),
        said=model.probabilities(rows).argmax(axis=1),
    )


def _persons(named: pd.Series) -> np.ndarray:
    """(n,) a number for each person; a picture of nobody known is a person of its own."""
    numbers, names = pd.factorize(named)
    unknown = numbers < 0
    numbers[unknown] = len(names) + np.arange(unknown.sum())
    return numbers


def all_grouped(
    models: list[ModelResult], people: Mapping[str, pd.DataFrame], *, conditions: bool = False
) -> Iterator[Grouped]:
    """Each model by each column of people that its dataset of pictures publishes.

    With `conditions` by each column of conditions. Columns that no test picture has are left out.
    """
    for model in models:
        told = people.get(model.pictures_from)
        if told is None:
            continue
        columns = columns_of(told)
        for column in columns.of_conditions if conditions else columns.of_people:
            one = grouped(model, told, column)
            if len(one.group):
                yield one
