"""What a model's description says of how it was trained. Anything may be missing."""

from collections.abc import Collection, Mapping
from typing import Any

from emotion_pipeline.reports.base import DetectorResult, ModelResult
from emotion_pipeline.reports.parts.page import flattened

IN_NO_WEIGHT = ("description", "seeds", "evaluate_on")
"""Values of a recipe that change nothing in the weights."""


def runs(model: ModelResult | DetectorResult) -> dict[int, dict[str, Any]]:
    """The description of each seed's training, as `meta.json` holds it."""
    found = [one for one in model.meta.values() if isinstance(one, dict) and "seed" in one]
    return {int(one["seed"]): one for one in found}


def recipe_of(model: ModelResult) -> dict[str, Any]:
    """The recipe that the shown seed was trained by; empty where nothing is known of it."""
    recipe = runs(model).get(model.shown_seed, {}).get("recipe")
    return recipe if isinstance(recipe, dict) else {}


def section_of(recipe: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One section of a recipe, such as `data`; empty where there is none."""
    section = recipe.get(name)
    return section if isinstance(section, dict) else {}


def alike(
    models: Collection[ModelResult], apart_from: Collection[str]
) -> list[tuple[ModelResult, ...]]:
    """Two models and more whose recipes say the same, apart from these values and sections.

    Groups and models stand in the order in which they came. Of models whose recipe is not known
    nothing can be said.
    """
    ignored = {*IN_NO_WEIGHT, *apart_from}
    found: dict[tuple[tuple[str, str], ...], list[ModelResult]] = {}
    for model in models:
        recipe = recipe_of(model)
        if recipe:
            lines = [line for line in flattened(recipe) if not _stands_in(line[0], ignored)]
            found.setdefault(tuple(sorted(lines)), []).append(model)
    return [tuple(some) for some in found.values() if len(some) > 1]


def _stands_in(name: str, places: Collection[str]) -> bool:
    """Whether a dotted name is one of these values, or in one of these sections."""
    return any(name == place or name.startswith(f"{place}.") for place in places)
