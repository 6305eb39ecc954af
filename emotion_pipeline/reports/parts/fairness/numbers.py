"""All numbers of the fairness report about the models that may be compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from emotion_pipeline.reports.parts.fairness import tables
from emotion_pipeline.reports.parts.fairness.domains import domain_tables
from emotion_pipeline.reports.parts.fairness.gaps import Compared
from emotion_pipeline.reports.parts.fairness.people import all_grouped
from emotion_pipeline.reports.parts.groups import Group


@dataclass(frozen=True, eq=False)
class FairnessNumbers:
    """The models of a group by what their dataset of pictures publishes, which may be nothing."""

    group: Group
    people: pd.DataFrame | None

    @property
    def dataset(self) -> str:
        return self.group.first.pictures_from

    @cached_property
    def compared(self) -> list[Compared]:
        """Each model by each column of people, best on validation first."""
        return self._compared(conditions=False)

    @cached_property
    def conditions(self) -> pd.DataFrame:
        """Values over all emotions by condition of the photograph."""
        table = tables.cells_table(self._compared(conditions=True))
        return table[table["emotion"] == ""].drop(columns="emotion").reset_index(drop=True)

    def _compared(self, *, conditions: bool) -> list[Compared]:
        told = {} if self.people is None else {self.dataset: self.people}
        found = all_grouped(self.group.models, told, conditions=conditions)
        return [Compared(rows) for rows in found]

    @cached_property
    def cells(self) -> pd.DataFrame:
        return tables.cells_table(self.compared)

    @cached_property
    def gaps(self) -> pd.DataFrame:
        people = pd.DataFrame({"sample_id": []}) if self.people is None else self.people
        return tables.gaps_table(self.compared, people)

    @cached_property
    def summary(self) -> pd.DataFrame:
        return tables.summary_table(self.gaps, self.compared)

    @cached_property
    def odds(self) -> pd.DataFrame:
        return tables.odds_table(self.compared)

    @cached_property
    def by_domain(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """By domain, and by family of domains."""
        return domain_tables(self.compared)

    @property
    def findings(self) -> pd.DataFrame:
        """The gaps that are more than chance, in the order of the models and measures."""
        return self.gaps[self.gaps["finding"] == tables.YES]

    @property
    def changes(self) -> pd.DataFrame:
        """The families of domains that change the gap by more than chance."""
        families = self.by_domain[1]
        return families[families["finding"] == tables.YES]

    @property
    def n_tested(self) -> int:
        """Gaps that were tested."""
        return int(self.gaps["p_value"].notna().sum())


def numbers_of(group: Group, people: Mapping[str, pd.DataFrame]) -> FairnessNumbers:
    """The numbers of a group; `people` by dataset of pictures."""
    return FairnessNumbers(group, people.get(group.first.pictures_from))
