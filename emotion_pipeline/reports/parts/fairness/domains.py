"""Whether gray, noisy, blurred and aged pictures make the accuracy gap between groups larger.

All numbers of a model are over the same pictures, those that it was given in every domain. The gap
is between the groups that are highest and lowest on the original ones.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from emotion_pipeline.domains import GRAYSCALE, ORIGINAL
from emotion_pipeline.metrics import fairness
from emotion_pipeline.metrics.robustness import corruption_scores
from emotion_pipeline.reports.parts.fairness.gaps import Compared, quantiles
from emotion_pipeline.reports.parts.fairness.people import Grouped
from emotion_pipeline.reports.parts.fairness.tables import adjusted, findings
from emotion_pipeline.reports.parts.robustness.outcomes import Outcomes, outcomes_of

_GAP = ("gap_score_difference", "gap_score_difference_low", "gap_score_difference_high")
_CHANGE = ("change_score_difference", "change_score_difference_low", "change_score_difference_high")
_ABOUT = ("recipe", "by", "highest", "lowest")
BY_DOMAIN = (*_ABOUT, "domain", "n", *_GAP)
BY_FAMILY = (*_ABOUT, "family", "n", *_GAP, *_CHANGE, "p_value", "p_value_holm", "finding")


def domain_tables(compared: list[Compared]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The gap by domain, and by family of domains with its change against original pictures.

    One row per model, column and domain or family, columns `BY_DOMAIN` and `BY_FAMILY`. Models
    without a gap on original pictures, or that know these alone, are left out.
    """
    domains: list[dict[str, object]] = []
    families: list[dict[str, object]] = []
    for one in compared:
        paired = _paired(one) if len(one.rows.model.domains) > 1 and one.n_groups[0] > 1 else None
        if paired is not None:
            by_domain, by_family = paired
            domains += by_domain
            families += by_family
    table = pd.DataFrame(families, columns=list(BY_FAMILY))
    table["p_value_holm"] = table.groupby("recipe", sort=False)["p_value"].transform(adjusted)
    table["finding"] = np.where(
        table["family"] == ORIGINAL, "", findings(table, _CHANGE[0])
    ).astype(object)
    return pd.DataFrame(domains, columns=list(BY_DOMAIN)), table


def _paired(one: Compared) -> tuple[list[dict[str, object]], list[dict[str, object]]] | None:
    """Rows of both tables; None where no picture is in all domains."""
    highest, lowest = (int(ends[0]) for ends in one.ranked)
    pair = one.rows.of_groups(np.array([highest, lowest]))
    outcomes = outcomes_of(one.rows.model)
    shared = pair.sample_ids.isin(outcomes.sample_ids)
    pair = pair.of_rows(np.flatnonzero(shared))
    if len(np.unique(pair.group)) < 2:
        return None
    right = _right(pair, outcomes)
    families = _families(right)
    changes = {name: values - families[ORIGINAL] for name, values in families.items()}
    measured = _measured(pair, [*right.values(), *families.values(), *changes.values()])
    p_values = _p_values(pair, list(changes.values()))
    about = {
        "recipe": pair.model.recipe,
        "by": pair.column,
        "highest": pair.levels[0],
        "lowest": pair.levels[1],
        "n": len(pair.group),
    }
    gaps, family_gaps, family_changes = np.split(measured, [len(right), len(right) + len(families)])
    domains = [
        about | {"domain": domain} | _named(_GAP, gap)
        for domain, gap in zip(right, gaps, strict=True)
    ]
    rows = zip(families, family_gaps, family_changes, p_values, strict=True)
    return domains, [
        about
        | {"family": family, "p_value": np.nan if family == ORIGINAL else float(p_value)}
        | _named(_GAP, gap)
        | _named(_CHANGE, change if family != ORIGINAL else np.full(3, np.nan))
        for family, gap, change, p_value in rows
    ]


def _right(pair: Grouped, outcomes: Outcomes) -> dict[str, np.ndarray]:
    """By domain 1 where a picture (n,) is predicted rightly, else 0."""
    own = outcomes.of(pair.sample_ids)
    return dict(zip(own.domains, own.right.T.astype(np.float64), strict=True))


def _families(right: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Original, gray, and per corruption the mean over its severities (n,)."""
    plain = {domain: right[domain] for domain in (ORIGINAL, GRAYSCALE) if domain in right}
    return plain | corruption_scores(right)


def _named(names: tuple[str, ...], values: np.ndarray) -> dict[str, object]:
    return dict(zip(names, map(float, values), strict=True))


def _measured(pair: Grouped, values: list[np.ndarray]) -> np.ndarray:
    """Mean of each of the values (n,) in the first group minus that in the second, (k, 3).

    With the ends of its interval, of units drawn again within their groups.
    """
    groups = pair.unit_groups
    drawn = _differences(pair, values, fairness.drawn_units(groups), groups)
    found = _differences(pair, values, _ones(pair), groups)[0]
    return np.stack([found, *quantiles(drawn)], axis=1)


def _p_values(pair: Grouped, values: list[np.ndarray]) -> np.ndarray:
    """How often so large a difference (k,) comes of dealing the groups out by chance."""
    groups = pair.unit_groups
    dealt = _differences(pair, values, _ones(pair), fairness.dealt_groups(groups))
    found = _differences(pair, values, _ones(pair), groups)[0]
    return fairness.dealt_p_values(np.abs(found), np.abs(dealt), groups)


def _ones(pair: Grouped) -> np.ndarray:
    return np.ones((1, len(pair.unit_groups)), dtype=np.float32)


def _differences(
    pair: Grouped, values: list[np.ndarray], weights: np.ndarray, groups: np.ndarray
) -> np.ndarray:
    """(b, k) for weights and groups as `fairness.sums_by_group` takes them."""
    counted = np.column_stack([*values, np.ones(len(pair.group))])
    sums = np.zeros((len(pair.unit_groups), counted.shape[1]))
    np.add.at(sums, pair.unit, counted)
    totals = fairness.sums_by_group(weights, groups, sums, 2)
    means = totals[..., :-1] / totals[..., -1:]
    return means[:, 0] - means[:, 1]
