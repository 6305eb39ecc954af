"""Whether the maps of a model may be read at all, in numbers and in words."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.metrics.intervals import bootstrap_mean_interval
from emotion_pipeline.metrics.saliency import rank_similarity
from emotion_pipeline.reports.base import ExplainedResult
from emotion_pipeline.reports.parts import page

MIN_ROWS = 30
# Half of the order of the pixels is then that of a network which has learned nothing.
MOST_ALIKE = 0.5

ALL, RIGHT, WRONG = "all", "named right", "named wrong"
SAME, OTHER = "the same answer", "another answer"

_MEASURED = (
    *("redrawn_similarity", "salient_drop_score", "random_drop_score"),
    "drop_score_difference",
)
_INTERVALS = tuple(f"{name}{end}" for name in _MEASURED for end in ("", "_low", "_high"))
CHECKS = ("pictures", "n", *_INTERVALS)
STABILITY = ("degraded", "n", "map_similarity", "map_similarity_low", "map_similarity_high")

Row = Mapping[str, Any]


def placed(explained: ExplainedResult) -> pd.DataFrame:
    """The rows, with `place`: which of the maps is theirs."""
    return explained.rows.assign(place=np.arange(len(explained.rows)))


def original(explained: ExplainedResult) -> pd.DataFrame:
    """The same of the original domain."""
    rows = placed(explained)
    return rows[rows["domain"] == ORIGINAL]


def degraded_domain(explained: ExplainedResult) -> str | None:
    """The other domain that was explained, if there is one."""
    others = [domain for domain in explained.rows["domain"].unique() if domain != ORIGINAL]
    return str(others[0]) if others else None


def checks_table(explained: ExplainedResult) -> pd.DataFrame:
    """Both checks on the original pictures: of all, and of those named right and wrong; `CHECKS`.

    A kind of which there are no pictures is left out.
    """
    rows = original(explained)
    right = rows["predicted"] == rows["emotion"]
    kinds = {ALL: rows, RIGHT: rows[right], WRONG: rows[~right]}
    measured = [{"pictures": kind, **_checks(some)} for kind, some in kinds.items() if len(some)]
    return pd.DataFrame(measured, columns=list(CHECKS))


def _checks(rows: pd.DataFrame) -> dict[str, Any]:
    salient, random = (rows[f"{name}_drop"].to_numpy(np.float64) for name in ("salient", "random"))
    similarity = rows["redrawn_similarity"].to_numpy(np.float64)
    values = np.stack([similarity, salient, random, salient - random], axis=1)
    low, high = bootstrap_mean_interval(values)
    columns: dict[str, Any] = {"n": len(rows)}
    for name, *found in zip(_MEASURED, values.mean(axis=0), low, high, strict=True):
        columns |= {
            f"{name}{end}": one for end, one in zip(("", "_low", "_high"), found, strict=True)
        }
    return columns


def stability_table(explained: ExplainedResult) -> pd.DataFrame:
    """How alike the maps of a picture are before and after it is degraded; columns `STABILITY`.

    Apart by whether the model says the same of both. Empty without a degraded domain.
    """
    domain = degraded_domain(explained)
    if domain is None:
        return pd.DataFrame(columns=list(STABILITY))
    places = placed(explained).pivot(index="sample_id", columns="domain", values="place")
    both = places[[ORIGINAL, domain]].dropna().to_numpy(int)
    before, after = both[:, 0], both[:, 1]
    alike = rank_similarity(explained.maps[before], explained.maps[after])
    said = explained.rows["predicted"].to_numpy(object)
    same = said[before] == said[after]
    measured = [_stability(kind, alike[chosen]) for kind, chosen in ((SAME, same), (OTHER, ~same))]
    return pd.DataFrame([row for row in measured if row["n"]], columns=list(STABILITY))


def _stability(kind: str, alike: np.ndarray) -> dict[str, Any]:
    low, high = bootstrap_mean_interval(alike)
    mean = alike.mean() if len(alike) else np.nan
    return dict(zip(STABILITY, (kind, len(alike), mean, float(low), float(high)), strict=True))


def gives_another_map(checks: Row) -> bool:
    """Whether a network with re-drawn weights looks elsewhere, by the row `ALL` of the checks."""
    return bool(checks["redrawn_similarity_high"] < MOST_ALIKE)


def points_at_what_counts(checks: Row) -> bool:
    """Whether hiding the salient pixels harms more than hiding others, by the same row."""
    return bool(checks["drop_score_difference_low"] > 0)


def passed(checks: Row) -> bool:
    """Whether the maps may be read: both checks."""
    return gives_another_map(checks) and points_at_what_counts(checks)


def verdict(checks: Row) -> list[str]:
    """The verdict, and what it rests on, in sentences; `checks` is the row `ALL`."""
    first, second = gives_another_map(checks), points_at_what_counts(checks)
    says = (
        "The maps pass both checks: they tell of what this model has learned."
        if first and second
        else "The maps must not be read: they fail "
        + ("the second check." if first else "the first check." if second else "both checks.")
    )
    similarity = _with_interval(checks, "redrawn_similarity", _two_digits)
    salient, random, more = (_with_interval(checks, name, _points) for name in _MEASURED[1:])
    another = (
        "gives another map" if first else "gives about the same map, so it tells little of learning"
    )
    counts = (
        "so the maps point at what counts"
        if second
        else "so the maps point at nothing that counts more than other places do"
    )
    return [
        says,
        f"First check: a network with re-drawn weights {another}. Rank correlation with the real"
        f" one {similarity}; below {MOST_ALIKE} counts as another map. n = {checks['n']} pictures.",
        f"Second check: hiding the most salient fifth of a picture costs {salient} points of"
        f" probability, hiding another fifth {random}. That is {more} points more, {counts}.",
    ]


def in_short(checks: Row) -> str:
    """Both checks in one sentence."""
    more = _with_interval(checks, "drop_score_difference", _points)
    similarity = _with_interval(checks, "redrawn_similarity", _two_digits)
    return (
        f"Hiding the most salient fifth of a picture costs {more} points of probability more than"
        f" hiding another fifth, and the rank correlation with maps of re-drawn weights is"
        f" {similarity}."
    )


def _with_interval(checks: Row, name: str, text: Callable[[float], str]) -> str:
    value, low, high = (text(checks[f"{name}{end}"]) for end in ("", "_low", "_high"))
    return f"{value} (95 % interval {low} to {high})"


def _points(fraction: float) -> str:
    """0.301 as 30.1."""
    return f"{100 * fraction:.1f}".replace("-", "\N{MINUS SIGN}")


def _two_digits(value: float) -> str:
    return f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def short_verdict(checks: Row) -> str:
    """What stands in a table."""
    return "may be read" if passed(checks) else "must not be read"


def cautions(explained: ExplainedResult, checks: Row) -> list[str]:
    """Why the maps of a model are to be read with care, or not at all."""
    found = []
    if not passed(checks):
        found.append(f"{explained.recipe}: the maps fail a check and must not be read.")
    if checks["n"] < MIN_ROWS:
        n = page.count(checks["n"])
        found.append(f"{explained.recipe}: only {n} pictures, too few to check the maps by.")
    return found
