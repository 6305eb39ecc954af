"""Which corruptions a model has been trained on: they say little about the unforeseen."""

from emotion_pipeline.domains import DEGRADED, Degradation
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.recipe_values import recipe_of, section_of

AUGMENTED_WITH: dict[str, tuple[str, ...]] = {"all": ("gaussian_noise", "gaussian_blur")}
"""Corruptions among the random changes of an augmentation policy."""

COMPOSED_OF: dict[str, tuple[str, ...]] = {
    "old_photo": ("gaussian_blur", "vignette", "film_grain", "fading", "scratches", "jpeg")
}
"""Corruptions that are part of another one."""


def training_domains(model: ModelResult) -> tuple[str, ...]:
    """The domains of the training pictures; empty where nothing is known of them."""
    domains = section_of(recipe_of(model), "data").get("domains")
    return tuple(map(str, domains)) if isinstance(domains, list | tuple) else ()


def trained_corruptions(model: ModelResult) -> frozenset[str]:
    """Corruptions, at any severity, in the training pictures: alone, as a part, or as augmentation.

    Of a foreign model it is not known; the set is empty then.
    """
    domains = [domain for domain in training_domains(model) if domain in DEGRADED]
    chosen = {Degradation.parse(domain).corruption for domain in domains}
    parts = {part for one in chosen for part in COMPOSED_OF.get(one, ())}
    policy = section_of(recipe_of(model), "augment").get("policy")
    return frozenset({*chosen, *parts, *AUGMENTED_WITH.get(str(policy), ())})
