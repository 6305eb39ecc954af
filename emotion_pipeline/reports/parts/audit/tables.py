"""The audits of a group of models as tables, and their claims as a figure. Fractions throughout."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from emotion_pipeline.reports.parts.audit.audits import Audit, Difference, moved_columns
from emotion_pipeline.reports.parts.audit.claims import Measured
from emotion_pipeline.reports.parts.figures import COLOURS, GRID, as_png, canvas, plain

MAX_DRAWN = 25


def _with_interval(name: str) -> tuple[str, ...]:
    return (name, f"{name}_low", f"{name}_high")


CLAIMS = (
    *("recipe", "claim_score", "verdict"),
    *_with_interval("accuracy_score"),
    *("n", "coverage_rate"),
    *_with_interval("leak_free_accuracy_score"),
    *("n_leak_free_rows", "n_seeds", "accuracy_score_mean", "accuracy_score_sd"),
)
LEAKS = (
    *("recipe", "n_seen_in_training", "n_seen_in_training_share"),
    *_with_interval("seen_accuracy_score"),
    *_with_interval("unseen_accuracy_score"),
    *_with_interval("seen_less_unseen_score_difference"),
    *_with_interval("leaks_are_worth_score_difference"),
)
ORDERS = (
    *("recipe", "order", "columns", "mistaken_for_one_another", "n", "accuracy_score"),
    *("reordered_accuracy_score", "p_value", "not_decided"),
)
PLAIN_ORDERS = ("recipe", "order", "n", "accuracy_score", "not_decided")
"""What is shown where no model has columns in another order."""
FINDINGS = ("recipe", "finding", "meaning")


def claims_table(audits: Sequence[Audit]) -> pd.DataFrame:
    """One row per model, columns `CLAIMS`."""
    rows = []
    for one in audits:
        scores = [one.model.right(one.model.rows(seed=seed)).mean() for seed in one.model.seeds]
        rows.append(
            {
                "recipe": one.model.recipe,
                "claim_score": np.nan if one.claim is None else one.claim,
                "verdict": str(one.verdict),
                **_measured("accuracy_score", one.official),
                "n": one.official.n,
                "coverage_rate": one.coverage,
                **_measured("leak_free_accuracy_score", one.leak_free),
                "n_leak_free_rows": one.leak_free.n,
                "n_seeds": len(scores),
                **_spread(scores),
            }
        )
    return pd.DataFrame(rows, columns=list(CLAIMS))


def leaks_table(audits: Sequence[Audit]) -> pd.DataFrame:
    """One row per model, columns `LEAKS`; NaN where there are too few leaked rows."""
    rows = [
        {
            "recipe": one.model.recipe,
            "n_seen_in_training": one.seen.n,
            "n_seen_in_training_share": one.seen.n / one.official.n,
            **_measured("seen_accuracy_score", one.seen),
            **_measured("unseen_accuracy_score", one.leak_free),
            **_difference("seen_less_unseen_score_difference", one.seen_difference),
            **_difference("leaks_are_worth_score_difference", one.worth),
        }
        for one in audits
    ]
    return pd.DataFrame(rows, columns=list(LEAKS))


def orders_table(audits: Sequence[Audit]) -> pd.DataFrame:
    """One row per model, columns `ORDERS`."""
    rows = []
    for one in audits:
        order, names = one.order, one.model.emotions
        undecided = [name for name, known in zip(names, order.decided, strict=True) if not known]
        rows.append(
            {
                "recipe": one.model.recipe,
                "order": "another" if order.swapped else "as named",
                "columns": moved_columns(one),
                "mistaken_for_one_another": " and ".join(one.mistaken or ()),
                "n": order.n,
                "accuracy_score": order.accuracy_score,
                "reordered_accuracy_score": order.meant_accuracy_score,
                "p_value": order.p_value,
                "not_decided": ", ".join(undecided),
            }
        )
    return pd.DataFrame(rows, columns=list(ORDERS))


def findings_table(audits: Sequence[Audit]) -> pd.DataFrame:
    """One row per model and finding, columns `FINDINGS`."""
    rows = [(one.model.recipe, found.what, found.words) for one in audits for found in one.findings]
    return pd.DataFrame(rows, columns=list(FINDINGS))


def claims_figure(audits: Sequence[Audit]) -> bytes:
    """Claims beside the official and the leak-free accuracy, one line per claimed model."""
    shown = audits[:MAX_DRAWN]
    figure = canvas(1.2 + 0.5 * len(shown), synthetic=any(one.model.synthetic for one in shown))
    axes = figure.add_subplot()
    lines = np.arange(len(shown))
    for label, shift, colour, fill, measured in (
        ("measured, all rows", -0.16, COLOURS[0], COLOURS[0], [one.official for one in shown]),
        ("measured, leak-free", 0.16, COLOURS[0], "white", [one.leak_free for one in shown]),
    ):
        score = 100 * np.array([one.score for one in measured])
        low, high = 100 * np.array([one.interval for one in measured]).T
        spread = np.clip([score - low, high - score], 0, None)
        axes.errorbar(
            *(score, lines + shift),
            xerr=spread,
            fmt="o",
            color=colour,
            markerfacecolor=fill,
            markersize=5,
            capsize=3,
            label=label,
        )
    claimed = 100 * np.array([np.nan if one.claim is None else one.claim for one in shown])
    axes.plot(claimed, lines, "D", color=COLOURS[1], markersize=7, label="claimed")
    names = [f"{plain(one.model.recipe)}\n{one.verdict}" for one in shown]
    axes.set_yticks(lines, names, fontsize=8)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlabel("test accuracy, % (bars: 95 % intervals)", fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    figure.legend(loc="outside lower right", frameon=False, ncols=3, fontsize=8)
    return as_png(figure)


def _measured(name: str, found: Measured) -> dict[str, float]:
    low, high = found.interval
    return {name: found.score, f"{name}_low": low, f"{name}_high": high}


def _spread(scores: Sequence[float]) -> dict[str, float]:
    """Mean and standard deviation over the seeds; one seed has none."""
    several = len(scores) > 1
    return {
        "accuracy_score_mean": float(np.mean(scores)) if several else np.nan,
        "accuracy_score_sd": float(np.std(scores, ddof=1)) if several else np.nan,
    }


def _difference(name: str, found: Difference) -> dict[str, float]:
    return {name: found.score, f"{name}_low": found.low, f"{name}_high": found.high}
