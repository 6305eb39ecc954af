"""What is left of a score under corruption.

Scores stand by domain key (`original`, `old_photo-3`, ...); each is a number, or an array of
resamples of one shape. Domains that are no corruption (`grayscale`) do not enter.
Definitions: Michaelis et al. 2019, "Benchmarking Robustness in Object Detection: Autonomous
Driving when Winter is Coming", after Hendrycks & Dietterich 2019.
"""

from collections.abc import Mapping

import numpy as np

from emotion_pipeline.domains import CORRUPTIONS, DEGRADED, ORIGINAL, Degradation

Scores = Mapping[str, np.ndarray | float]


def severities(domains: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """The severities that are there, ascending, for every corruption among the domain keys."""
    found = [Degradation.parse(domain) for domain in domains if domain in DEGRADED]
    return {
        corruption: tuple(sorted(one.severity for one in found if one.corruption == corruption))
        for corruption in CORRUPTIONS
        if any(one.corruption == corruption for one in found)
    }


def corruption_scores(scores: Scores) -> dict[str, np.ndarray]:
    """Mean over the severities that are there, for every corruption."""
    return {
        corruption: np.mean(
            [np.asarray(scores[Degradation(corruption, level).key]) for level in found], axis=0
        )
        for corruption, found in severities(tuple(scores)).items()
    }


def mean_corrupted_score(scores: Scores) -> np.ndarray:
    """Mean over corruptions of their mean over severities (mPC). ValueError without corruption."""
    means = corruption_scores(scores)
    if not means:
        raise ValueError(f"no corrupted domain among {', '.join(scores)}")
    return np.mean(list(means.values()), axis=0)


def relative_corrupted_score(scores: Scores) -> np.ndarray:
    """Share of the clean score that is left under corruption (rPC): mPC / original."""
    clean = np.asarray(scores[ORIGINAL], dtype=np.float64)
    return mean_corrupted_score(scores) / np.where(clean > 0, clean, np.nan)
