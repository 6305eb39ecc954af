"""All tables of the leaderboard about the models of one group."""

from dataclasses import dataclass

import pandas as pd

from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts import references
from emotion_pipeline.reports.parts.comparisons import baseline, comparison_table
from emotion_pipeline.reports.parts.groups import Group
from emotion_pipeline.reports.parts.leaderboard.costs import costs_table
from emotion_pipeline.reports.parts.leaderboard.families import families_table
from emotion_pipeline.reports.parts.leaderboard.overview import overview_table, scores_table

BEST, BASELINE = "best", "baseline"


@dataclass(frozen=True, eq=False)
class GroupNumbers:
    """`overview` has a row per model with what it costs, best on validation first; `comparisons`
    are with the models of `against`, both by role, `BEST` and `BASELINE`."""

    group: Group
    scores: pd.DataFrame
    overview: pd.DataFrame
    families: pd.DataFrame
    against: dict[str, ModelResult]
    comparisons: dict[str, pd.DataFrame]

    @property
    def beside_people(self) -> bool:
        """Whether human and published lines may stand beside these results."""
        return references.apply_to(self.group.first)

    @property
    def voted(self) -> bool:
        """Whether people voted on any of the test rows."""
        return bool(self.overview["n_voted"].any())

    @property
    def noise(self) -> float:
        """Half the width of the interval of the first model's accuracy."""
        first = self.overview.iloc[0]
        return float(first["accuracy_score_high"] - first["accuracy_score_low"]) / 2


def numbers_of(group: Group) -> GroupNumbers:
    """Measure a group."""
    scores = scores_table(group.models)
    overview = overview_table(group.models, scores)
    costs = costs_table(group.models, overview["accuracy_score"].to_numpy(float))
    against = _against(group)
    return GroupNumbers(
        group,
        scores,
        overview.merge(costs, on="recipe", validate="1:1"),
        families_table(group.models),
        against,
        {role: comparison_table(group.models, one) for role, one in against.items()},
    )


def _against(group: Group) -> dict[str, ModelResult]:
    """Whom the others are compared with; nobody where there are no others."""
    if len(group.models) < 2:
        return {}
    smallest = baseline(group.models)
    found = {BEST: group.first}
    return found if smallest in (None, group.first) else {**found, BASELINE: smallest}
