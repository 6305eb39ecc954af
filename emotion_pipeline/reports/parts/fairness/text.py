"""The words of the fairness report: its answer in a sentence, its findings, cautions and terms."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.fairness.numbers import FairnessNumbers
from emotion_pipeline.reports.parts.fairness.people import MIN_PERSONS, MIN_ROWS
from emotion_pipeline.reports.parts.fairness.tables import LEVEL, YES, smallest_adjusted_p

ENOUGH_SEEDS = 3
ENOUGH_PERSONS = 10
MAX_LINES = 6

_ASKED_FOR = ("gender", "age", "ethnicity")


def lead(found: list[FairnessNumbers]) -> str:
    """The report's answer: the accuracy gap of the best model whose dataset says who is shown."""
    if not found:
        return "No model has been evaluated yet. Train one and let it predict its test pictures."
    told = [one for one in found if one.compared]
    if not told:
        names = ", ".join(dict.fromkeys(one.dataset for one in found))
        return (
            "Nothing can be said about fairness: nothing is published about the people on the"
            f" pictures of {names}."
        )
    row = told[0].summary.iloc[0].to_dict()
    if not row["highest"]:
        return (
            f"Nothing can be said about {row['recipe']}: its groups have too few pictures or"
            " persons."
        )
    tested = sum(one.n_tested for one in told)
    n_findings = sum(len(one.findings) for one in told)
    accuracy = told[0].gaps.iloc[0]
    verdict = "a finding" if accuracy["finding"] == YES else "no finding"
    few = ", and with so few persons none is possible" if out_of_reach(told[0]) else ""
    return (
        f"{row['recipe']} is right {_points(row, 'accuracy_gap')} more often on pictures that"
        f" {told[0].dataset} calls {row['highest']} than on those that it calls {row['lowest']}"
        f" ({row['by']}; {row['n']:,} pictures{_of_persons(row['n_persons'])}): {verdict}{few}."
        f" Of {tested} tested gaps of {_models(told)}, {n_findings} are findings."
    )


def _of_persons(n_persons: float) -> str:
    return f" of {n_persons:.0f} persons" if n_persons == n_persons else ""


def _models(told: list[FairnessNumbers]) -> str:
    n = sum(len(one.group.models) for one in told)
    return "1 model" if n == 1 else f"{n} models"


def _points(row: Mapping[str, Any], name: str) -> str:
    low, high = (page.points(row[f"{name}_score_difference_{end}"]) for end in ("low", "high"))
    value = 100 * abs(row[f"{name}_score_difference"])
    return f"{value:.1f} points ({low} to {high})"


def published(numbers: FairnessNumbers) -> str:
    """What the dataset says of people, in its own words, and what it does not."""
    levels: dict[str, tuple[str, ...]] = {}
    for one in numbers.compared:
        levels[one.rows.column] = one.rows.levels
    said = "; ".join(f"{column}: {', '.join(names)}" for column, names in levels.items())
    missing = " and ".join(name for name in _ASKED_FOR if name not in levels)
    nothing = f" It says nothing of {missing}: no claim about them is possible." if missing else ""
    return f"What {numbers.dataset} says of the people on its pictures: {said}.{nothing}"


def nothing_said(found: list[FairnessNumbers]) -> list[str]:
    """A line per dataset that does not say who is shown."""
    names = dict.fromkeys(one.dataset for one in found if not one.compared)
    return [
        f"{name} publishes no column about the people on its test pictures: nothing can be said"
        " about whether models treat them alike."
        for name in names
    ]


def finding_lines(numbers: FairnessNumbers) -> list[str]:
    """The findings in words, or that there are none."""
    found = [_finding(row) for row in numbers.findings.to_dict("records")]
    if not numbers.n_tested:
        return ["No gap can be tested: the groups have too few pictures or persons."]
    if not found:
        return [
            f"None of the {numbers.n_tested} tested gaps is a finding. This does not show that"
            " there are none: look at how far their intervals reach."
        ]
    return _shortened(found)


def change_lines(numbers: FairnessNumbers) -> list[str]:
    """Which families of domains change a gap by more than chance, or that none does."""
    found = [_change(row) for row in numbers.changes.to_dict("records")]
    nothing = ["No family of domains changes the accuracy gap of a model by more than chance."]
    return _shortened(found) or nothing


def _shortened(lines: list[str]) -> list[str]:
    n_more = len(lines) - MAX_LINES
    return lines[:MAX_LINES] + ([f"{n_more} more are in the table."] if n_more > 0 else [])


def _finding(row: dict[str, Any]) -> str:
    of = f" of {row['emotion']}" if row["emotion"] else ""
    return (
        f"{row['recipe']}: {row['measure']}{of} is {_points(row, 'gap')} higher where"
        f" {row['by']} is {row['highest']} ({page.percent(row['highest_score'])} %) than where it"
        f" is {row['lowest']} ({page.percent(row['lowest_score'])} %), over {row['n']:,} pictures;"
        f" adjusted p {page.p_value(row['p_value_holm'])}."
    )


def _change(row: dict[str, Any]) -> str:
    change = page.points(row["change_score_difference"])
    low, high = (page.points(row[f"change_score_difference_{end}"]) for end in ("low", "high"))
    return (
        f"{row['recipe']}: {row['family'].replace('_', ' ')} changes the accuracy gap between"
        f" {row['highest']} and {row['lowest']} by {change} points ({low} to {high});"
        f" adjusted p {page.p_value(row['p_value_holm'])}."
    )


def out_of_reach(numbers: FairnessNumbers) -> list[str]:
    """That no gap of some models can become a finding, where persons are so few."""
    by_person = [one for one in numbers.compared if one.rows.by_person]
    models = list(dict.fromkeys(one.rows.model for one in by_person))
    least = {one.recipe: smallest_adjusted_p(by_person, one) for one in models}
    hopeless = {name: p for name, p in least.items() if p >= LEVEL}
    if not hopeless:
        return []
    sizes = " and ".join(map(str, np.bincount(by_person[0].rows.unit_groups)))
    return [
        f"With {sizes} persons no gap can become a finding, however large, in"
        f" {', '.join(hopeless)}: adjusted for all tests, no p-value can be below"
        f" {page.p_value(min(hopeless.values()))}. More test persons are needed; a recipe that"
        " leaves out each person in turn (`leave_out: person_id`) tests on all of them."
    ]


def cautions(found: list[FairnessNumbers]) -> tuple[str, ...]:
    """What a reader must not overlook."""
    told = [one for one in found if one.compared]
    models = [model for one in told for model in one.group.models]
    said = {
        "Fewer than 3 seeds, so that how much a training varies is not known": _few_seeds(models),
        "Some test pictures also stand in the training rows, which may flatter one group": [
            one.recipe for one in models if one.rows()["seen_in_training"].any()
        ],
        "Trained elsewhere, on what, nobody here knows; test persons may be among it": [
            one.recipe for one in models if one.foreign
        ],
        f"Fewer than {ENOUGH_PERSONS} persons in a group, so that intervals are too narrow": [
            one.rows.model.recipe
            for numbers in told
            for one in numbers.compared
            if one.rows.by_person and np.bincount(one.rows.unit_groups).min() < ENOUGH_PERSONS
        ],
    }
    listed = (
        f"{words}: {', '.join(dict.fromkeys(names))}." for words, names in said.items() if names
    )
    return (*listed, *_not_by_person(told))


def _few_seeds(models: list[ModelResult]) -> list[str]:
    return [one.recipe for one in models if len(one.seeds) < ENOUGH_SEEDS and not one.foreign]


def _not_by_person(told: list[FairnessNumbers]) -> Iterator[str]:
    for name in dict.fromkeys(
        one.dataset for one in told if not all(some.rows.by_person for some in one.compared)
    ):
        yield (
            f"{name} does not say which pictures show one person: pictures count as independent,"
            " which makes intervals and p-values too small if they are not."
        )


DEFINITIONS = {
    "groups": (
        "What the dataset publishes about the people on its pictures, in its own words; columns of"
        f" 2 to 12 values that identify nobody. Cells of fewer than {MIN_ROWS} pictures or"
        f" {MIN_PERSONS} persons are `too few` and never part of a gap."
    ),
    "persons": (
        "Pictures of one person are alike. Where the dataset says who is shown, persons are drawn"
        " again for intervals and dealt out to groups for p-values, never single pictures. A"
        " picture of nobody known counts as a person of its own."
    ),
    "gap": (
        "Value of the highest group minus that of the lowest, in points (fairlearn, Bird et al."
        " 2020). The interval is between these two groups and may reach below 0. What stands alone"
        " belongs to the lowest seed; ± is the standard deviation over seeds."
    ),
    "recall, false positive rate": (
        "Of an emotion against all others: share of its pictures that were found, and share of the"
        " other pictures that were taken for it. A higher false positive rate is worse."
    ),
    "macro F1": "Mean over emotions of the harmonic mean of precision and recall.",
    "intervals": (
        "95 %: percentile bootstrap of 1,000 resamples of persons (Davison & Hinkley 1997), of"
        " shares never narrower than Wilson's interval (Wilson 1927), which is used alone where no"
        " persons are known. Of differences that are never below 0: moved so that the median is"
        " the measured one."
    ),
    "p value": (
        "Share of the deals of group labels to persons that make so large a gap: all of them, or"
        " 1,999 (permutation test, Fisher 1935). Without persons: Fisher's exact test for two"
        " groups, chi-square for more, and for macro F1 labels dealt to pictures. holm: adjusted"
        " for all tested gaps of the model (Holm 1979)."
    ),
    "finding": (
        f"A gap with an adjusted p-value below {LEVEL} whose interval excludes 0. That a gap is no"
        " finding does not show that groups are treated alike."
    ),
    "equalised odds": (
        "Difference over groups: the larger of the gaps in recall and in false positive rate of an"
        " emotion (Hardt et al. 2016; fairlearn). 0 is alike. Not tested: its parts are."
    ),
    "demographic parity": (
        "Difference over groups in how often an emotion is predicted (Dwork et al. 2012;"
        " fairlearn). 0 is alike; not to be wished for where groups differ in"
        " how often they show it."
    ),
    "change of the gap": (
        "Accuracy gap on degraded pictures minus that on the originals of the same pictures, mean"
        " over severities, between the groups that are highest and lowest on original pictures."
        " p-values are adjusted for all families of the model."
    ),
    "by condition": (
        "Groups of photographs, not of people: how the picture was taken or annotated. Nothing"
        " about fairness follows from them."
    ),
}
