"""The transfer study: which weights were trained, and on which pictures, against all domains.

A study is two recipes and more of a group that say the same apart from what is frozen, the domains
of the training pictures and the optimiser, whose rate has to fit what is trained. All have looked
at each face as often: where there are five pictures of it, in a fifth of the epochs.
"""

from typing import Any

import pandas as pd

from emotion_pipeline.domains import DEGRADED, GRAYSCALE, ORIGINAL, Degradation
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.recipe_values import alike, recipe_of, section_of
from emotion_pipeline.reports.parts.robustness.numbers import ACCURACY, Robustness, over_seeds
from emotion_pipeline.reports.parts.robustness.tables import spread
from emotion_pipeline.reports.parts.robustness.trained_on import training_domains

_VARIED = ("freeze", "data.domains", "optimiser", "epochs")


def studies(models: list[Robustness]) -> list[list[Robustness]]:
    """The models of each study, by what was trained and on what; none is a normal state."""
    by_name = {one.model.recipe: one for one in models}
    found: dict[tuple[int, float], list[ModelResult]] = {}
    for number, some in enumerate(alike([one.model for one in models], _VARIED)):
        for model in some:
            found.setdefault((number, _looks(model)), []).append(model)
    return [
        sorted((by_name[model.recipe] for model in some), key=_order)
        for some in found.values()
        if len({(weights(model), training_domains(model)) for model in some}) > 1
    ]


def _looks(model: ModelResult) -> float:
    """How often a training looks at each face, by its recipe; 0 where that does not say."""
    return float(recipe_of(model).get("epochs", 0)) * len(training_domains(model))


def _order(one: Robustness) -> tuple[str, str, str]:
    return (weights(one.model), families(one.model), one.model.recipe)


def weights(model: ModelResult) -> str:
    """Which weights were trained: `frozen`, `fine-tuned`, or `all` from the start."""
    freeze = section_of(recipe_of(model), "freeze")
    if not freeze:
        return "all"
    return "fine-tuned" if freeze.get("epochs") else "frozen"


def families(model: ModelResult) -> str:
    """The kinds of pictures that it was trained on, such as `original, old_photo`."""
    kinds = (
        Degradation.parse(domain).corruption if domain in DEGRADED else domain
        for domain in training_domains(model)
    )
    return ", ".join(dict.fromkeys(kinds))


def table(study: list[Robustness]) -> pd.DataFrame:
    """One row per recipe: accuracy on the kinds of pictures that all of the study know."""
    corruptions = dict.fromkeys(name for one in study for name in one.severities)
    kinds = [ORIGINAL, GRAYSCALE, *corruptions]
    rows = [_row(one, kinds) for one in study]
    return pd.DataFrame(rows).dropna(axis="columns", how="all")


def _row(one: Robustness, kinds: list[str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "recipe": one.model.recipe,
        "weights": weights(one.model),
        "trained_on": families(one.model),
        "n": one.n,
        "n_seeds": len(one.model.seeds),
    }
    seeds = over_seeds(one)
    for kind in kinds:
        row |= one.get(ACCURACY, kind).columns(f"{kind}_score")
        row |= spread(f"{kind}_score", [seed[kind] for seed in seeds if kind in seed])
    return row
