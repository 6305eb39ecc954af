"""Augmentation studies: what is gained by augmenting, all else being equal.

A study is two recipes and more of a group that say the same apart from how they augment.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.intervals import bootstrap_mean_interval, wilson_interval
from emotion_pipeline.metrics.significance import exact_mcnemar, holm_adjusted
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.recipe_values import alike, recipe_of, section_of

NONE = "none"
ALPHA = 0.05
CONFIRMED, REFUTED, UNDECIDED = "confirmed", "refuted", "not decided"
LEAST_SEEDS = 3

PUBLISHED: dict[str, float] = {
    "none": 0.63,
    "flip": 0.66,
    "vertical_flip": 0.62,
    "moderate": 0.71,
}
"""About what was published for FER2013 without neutral (six classes), by policy."""


@dataclass(frozen=True, eq=False)
class Study:
    """Models that differ in how they augment, by how they do; the first is compared against."""

    models: dict[str, ModelResult]

    @property
    def first(self) -> str:
        return next(iter(self.models))

    @property
    def is_published(self) -> bool:
        """Whether it repeats the published one: FER2013 without neutral, pictures of people."""
        one = self.models[self.first]
        asked = (one.labels_from, one.pictures_from, one.label_space)
        return asked == ("fer2013", "fer2013", "six_emotions") and not one.synthetic


def studies(models: list[ModelResult]) -> list[Study]:
    """The studies among the models of a group. Of equal augmentations the first by name counts."""
    found = []
    for some in alike(models, ("augment",)):
        ordered = sorted(some, key=lambda model: (augmentation(model) != NONE, model.recipe))
        by_kind: dict[str, ModelResult] = {}
        for model in ordered:
            by_kind.setdefault(augmentation(model), model)
        if len(by_kind) > 1:
            found.append(Study(by_kind))
    return found


def augmentation(model: ModelResult) -> str:
    """The policy, with what comes after it: `moderate, crop_px 40`."""
    section = section_of(recipe_of(model), "augment")
    others = [f"{name} {value}" for name, value in section.items() if name != "policy" and value]
    return ", ".join([str(section.get("policy", NONE)), *others])


def policy_table(study: Study) -> pd.DataFrame:
    """One row per augmentation: accuracy of the shown seed and over seeds, and against the first.

    Exact McNemar tests of the official test rows, adjusted after Holm over the rows.
    """
    rows = [_policy(kind, model, study) for kind, model in study.models.items()]
    table = pd.DataFrame(rows)
    holm = np.full(len(table), np.nan)
    holm[1:] = holm_adjusted(table["p_value"].to_numpy(np.float64)[1:])
    return table.assign(p_value_holm=holm)


def _policy(kind: str, model: ModelResult, study: Study) -> dict[str, Any]:
    test = model.rows()
    clean = test[~test["seen_in_training"].to_numpy(bool)]
    accuracies = over_seeds(model)
    row: dict[str, Any] = {
        "augmentation": kind,
        "recipe": model.recipe,
        "n": len(test),
        **_accuracy("accuracy_score", model.right(test)),
        "n_seeds": len(accuracies),
        "accuracy_score_mean": float(np.mean(accuracies)),
        "accuracy_score_sd": float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else np.nan,
        "n_leak_free": len(clean),
        **_accuracy("leak_free_accuracy_score", model.right(clean)),
    }
    if kind == study.first:
        return {**row, "p_value": np.nan}
    return {**row, **_compared(model, study.models[study.first])}


def _accuracy(name: str, right: np.ndarray) -> dict[str, float]:
    low, high = wilson_interval(int(right.sum()), len(right))
    value = float(right.mean()) if len(right) else np.nan
    return {name: value, f"{name}_low": float(low), f"{name}_high": float(high)}


def over_seeds(model: ModelResult) -> list[float]:
    """Test accuracy of every seed."""
    tests = [model.rows(seed=seed) for seed in model.seeds]
    return [float(model.right(rows).mean()) for rows in tests if len(rows)]


def _compared(one: ModelResult, other: ModelResult) -> dict[str, Any]:
    """Accuracy of one minus the other's, on the test pictures of both."""
    right, other_right = _right_of_both(one, other)
    difference = right.astype(np.float64) - other_right
    low, high = bootstrap_mean_interval(difference)
    result = exact_mcnemar(right, other_right)
    return {
        "accuracy_score_difference": float(difference.mean()) if len(difference) else np.nan,
        "accuracy_score_difference_low": float(low),
        "accuracy_score_difference_high": float(high),
        "n_only_this_right": result.n_only_first,
        "n_only_other_right": result.n_only_second,
        "p_value": result.p_value,
    }


def _right_of_both(one: ModelResult, other: ModelResult) -> tuple[np.ndarray, np.ndarray]:
    """Which of the test pictures that both were asked about each got right, (n,) bool."""
    columns = [pd.Series(m.right(m.rows()), m.rows()["sample_id"].to_numpy()) for m in (one, other)]
    both = pd.concat(columns, axis=1, join="inner").to_numpy(bool)
    return both[:, 0], both[:, 1]


def pair_table(study: Study) -> pd.DataFrame:
    """One row per pair of augmentations: which is better, and whether that was published so.

    A pair is decided if Holm's p-value over all pairs is below 0.05, the interval excludes 0, and
    every seed of the better one is above every seed of the other, three or more of each. The first
    two compare two networks; how much another draw of the weights changes only seeds can tell.
    """
    pairs = list(combinations(study.models.items(), 2))
    rows = [
        {
            "augmentation": kind,
            "against": other,
            "n": len(_right_of_both(model, against)[0]),
            **_compared(model, against),
            "seeds_gap_score_difference": _distance(over_seeds(model), over_seeds(against)),
        }
        for (other, against), (kind, model) in pairs
    ]
    table = pd.DataFrame(rows)
    table["p_value_holm"] = holm_adjusted(table["p_value"].to_numpy(np.float64))
    records = table.to_dict("records")
    table["better"] = [_better(row) for row in records]
    if study.is_published:
        table["published_score_difference"] = [_published(row) for row in records]
        table["published_order"] = [_verdict(row) for row in table.to_dict("records")]
    return table


def _distance(one: list[float], other: list[float]) -> float:
    """From the worst seed of the better one down to the best seed of the other; negative where the
    other is better, 0 where they overlap, NaN with fewer than three seeds of either."""
    if min(len(one), len(other)) < LEAST_SEEDS:
        return float("nan")
    return max(0.0, min(one) - max(other)) - max(0.0, min(other) - max(one))


def _better(row: dict[str, Any]) -> str:
    difference = row["accuracy_score_difference"]
    outside = (row["accuracy_score_difference_low"] > 0) or (
        row["accuracy_score_difference_high"] < 0
    )
    agreed = difference * row["seeds_gap_score_difference"] > 0  # false for NaN
    if row["p_value_holm"] < ALPHA and outside and agreed:
        return str(row["augmentation"] if difference > 0 else row["against"])
    return UNDECIDED


def _published(row: dict[str, Any]) -> float:
    """Published accuracy of one minus the other's; not a number where there is none."""
    return PUBLISHED.get(row["augmentation"], np.nan) - PUBLISHED.get(row["against"], np.nan)


def _verdict(row: dict[str, Any]) -> str:
    published = row["published_score_difference"]
    if np.isnan(published):
        return "not published"
    if row["better"] == UNDECIDED:
        return UNDECIDED
    ahead = row["augmentation"] if published > 0 else row["against"]
    return CONFIRMED if row["better"] == ahead else REFUTED
