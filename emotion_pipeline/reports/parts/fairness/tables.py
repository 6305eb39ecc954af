"""The tables of the fairness report: values by group, gaps, and fairlearn's differences.

A gap is a finding where its adjusted p-value is below 0.05 and its interval excludes 0. Holm's
adjustment is over all tested gaps of a model.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from emotion_pipeline.metrics import fairness
from emotion_pipeline.metrics.significance import holm_adjusted
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.fairness.gaps import ACCURACY, MACRO_F1, Compared, quantiles
from emotion_pipeline.reports.parts.fairness.people import grouped

YES, NO, TOO_FEW = "yes", "no", "too few"
LEVEL = 0.05

_GAP = ("gap_score_difference", "gap_score_difference_low", "gap_score_difference_high")
_ODDS = tuple(f"equalised_odds_score{end}" for end in ("", "_low", "_high"))
_PARITY = tuple(f"demographic_parity_score{end}" for end in ("", "_low", "_high"))

CELLS = (
    *("recipe", "by", "group", "measure", "emotion", "n", "n_persons"),
    *("value_score", "value_score_low", "value_score_high", "note"),
)
GAPS = (
    *("recipe", "by", "measure", "emotion", "n"),
    *("highest", "highest_score", "lowest", "lowest_score"),
    *(*_GAP, "gap_score_mean", "gap_score_sd", "n_seeds", "p_value", "p_value_holm", "finding"),
)
ODDS = ("recipe", "by", "emotion", "n", *_ODDS, *_PARITY)


def cells_table(compared: list[Compared]) -> pd.DataFrame:
    """One row per model, column, group and measure, columns `CELLS`."""
    rows = [row for one in compared for row in _cells(one)]
    return pd.DataFrame(rows, columns=list(CELLS))


def _cells(one: Compared) -> Iterator[dict[str, object]]:
    low, high = one.ends
    for number, (measure, emotion) in enumerate(one.names):
        for group, name in enumerate(one.rows.levels):
            at = group, number
            yield {
                "recipe": one.rows.model.recipe,
                "by": one.rows.column,
                "group": name,
                "measure": measure,
                "emotion": emotion,
                "n": int(one.n[at]),
                "n_persons": int(one.n_units[at]) if one.rows.by_person else np.nan,
                "value_score": float(one.values[at]),
                "value_score_low": float(low[at]),
                "value_score_high": float(high[at]),
                "note": "" if one.enough[at] else TOO_FEW,
            }


def gaps_table(compared: list[Compared], people: pd.DataFrame) -> pd.DataFrame:
    """One row per model, column and measure, columns `GAPS`; `people` tells the groups."""
    table = pd.DataFrame(
        [row for one in compared for row in _gaps(one, people)], columns=list(GAPS)
    )
    table["p_value_holm"] = table.groupby("recipe", sort=False)["p_value"].transform(adjusted)
    table["finding"] = findings(table, "gap_score_difference")
    return table


def _gaps(one: Compared, people: pd.DataFrame) -> Iterator[dict[str, object]]:
    gap = one.gaps(one.values)
    low, high = quantiles(one.gaps(one.resampled_values))
    over_seeds = _over_seeds(one, people)
    highest, lowest = one.ranked
    for number, (measure, emotion) in enumerate(one.names):
        there = one.n_groups[number] > 1
        ends = {"highest": highest[number], "lowest": lowest[number]}
        yield {
            "recipe": one.rows.model.recipe,
            "by": one.rows.column,
            "measure": measure,
            "emotion": emotion,
            "n": int(one.n[one.enough[:, number], number].sum()),
            **{end: one.rows.levels[at] if there else "" for end, at in ends.items()},
            **{
                f"{end}_score": float(one.values[at, number]) if there else np.nan
                for end, at in ends.items()
            },
            "gap_score_difference": float(gap[number]),
            "gap_score_difference_low": float(low[number]),
            "gap_score_difference_high": float(high[number]),
            "gap_score_mean": float(over_seeds[:, number].mean()),
            "gap_score_sd": float(over_seeds[:, number].std(ddof=1))
            if len(over_seeds) > 1
            else np.nan,
            "n_seeds": len(over_seeds),
            "p_value": float(one.p_values[number]),
        }


def _over_seeds(one: Compared, people: pd.DataFrame) -> np.ndarray:
    """The same gaps (s, k) of every seed: between the groups that the shown seed names."""
    model, column = one.rows.model, one.rows.column
    each = [grouped(model, people, column, seed) for seed in model.seeds]
    return np.stack([one.gaps(fairness.measures(some.counts)) for some in each])


def adjusted(p_values: pd.Series) -> pd.Series:
    """The p-values adjusted for being several (Holm); untested ones stay no numbers."""
    tested = p_values.notna()
    found = p_values.copy()
    found[tested] = holm_adjusted(p_values[tested].to_numpy(float))
    return found


def findings(table: pd.DataFrame, difference: str) -> np.ndarray:
    """Per row whether the difference is more than chance: yes, no, or too few."""
    excludes = (table[f"{difference}_low"] > 0) | (table[f"{difference}_high"] < 0)
    found = np.where((table["p_value_holm"] < LEVEL) & excludes, YES, NO)
    return np.where(table["p_value"].isna(), TOO_FEW, found).astype(object)


def odds_table(compared: list[Compared]) -> pd.DataFrame:
    """One row per model, column and emotion, columns `ODDS`, over the groups with enough."""
    rows = [row for one in compared for row in _odds(one)]
    return pd.DataFrame(rows, columns=list(ODDS))


def _odds(one: Compared) -> Iterator[dict[str, object]]:
    n_classes = len(one.rows.model.emotions)
    for number, emotion in enumerate(one.rows.model.emotions):
        recall = fairness.N_OVERALL + number
        kept = np.flatnonzero(one.enough[:, recall] & one.enough[:, recall + n_classes])
        if len(kept) < 2:
            continue
        counts = one.rows.counts[kept]
        found = fairness.group_differences(counts, number)
        drawn = fairness.resampled_differences(one.resampled[:, kept], number)
        low, high = _around(np.array(found), drawn)
        yield {
            "recipe": one.rows.model.recipe,
            "by": one.rows.column,
            "emotion": emotion,
            "n": int(counts.sum()),
            **dict(zip(_ODDS, (found[0], float(low[0]), float(high[0])), strict=True)),
            **dict(zip(_PARITY, (found[1], float(low[1]), float(high[1])), strict=True)),
        }


def _around(found: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends moved so that the median is what was found (k,): noise widens what is never below 0."""
    low, middle, high = np.nanquantile(values, [0.025, 0.5, 0.975], axis=0)
    return np.maximum(low - middle + found, 0), np.maximum(high - middle + found, 0)


def summary_table(gaps: pd.DataFrame, compared: list[Compared]) -> pd.DataFrame:
    """One row per model and column: the gaps over all emotions, and how many tests found what."""
    by = ["recipe", "by"]
    overall = [gaps[gaps["measure"] == measure].set_index(by) for measure in (ACCURACY, MACRO_F1)]
    accuracy, macro_f1 = (
        table.rename(columns=lambda name, own=own: _own_name(name, own))
        for table, own in zip(overall, ("accuracy", "macro_f1"), strict=True)
    )
    n_persons = [len(one.rows.unit_groups) if one.rows.by_person else np.nan for one in compared]
    table = accuracy[["n", "highest", "lowest", *(f"accuracy_{name}" for name in _GAP)]].assign(
        n_persons=n_persons
    )
    spread = [
        "accuracy_gap_score_mean",
        "accuracy_gap_score_sd",
        "n_seeds",
        "p_value_accuracy_holm",
    ]
    table = table.join(accuracy[spread])
    table = table.join(macro_f1[[*(f"macro_f1_{name}" for name in _GAP), "p_value_macro_f1_holm"]])
    grouped_gaps = gaps.groupby(by, sort=False)
    table = table.assign(
        n_tested=grouped_gaps["p_value"].count(),
        n_findings=grouped_gaps["finding"].agg(lambda found: int((found == YES).sum())),
    )
    return table.reset_index()


def _own_name(name: str, own: str) -> str:
    if name == "p_value_holm":
        return f"p_value_{own}_holm"
    return f"{own}_{name}" if name.startswith("gap_") else name


def smallest_adjusted_p(compared: list[Compared], model: ModelResult) -> float:
    """The least adjusted p-value that any gap of a model can reach; NaN where none is tested."""
    own = [one for one in compared if one.rows.model is model]
    n_tested = sum(int((one.n_groups > 1).sum()) for one in own)
    least = [
        fairness.smallest_p_value(one.n_units[one.enough[:, 0], 0])
        for one in own
        if one.n_groups[0] > 1
    ]
    return min(1.0, min(least) * n_tested) if least else float("nan")
