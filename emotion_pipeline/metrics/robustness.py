"""What is left of a score under corruption, and how many predictions change.

Scores stand by domain key (`original`, `old_photo-3`, ...); each is a number, or an array of
resamples of one shape. Domains that are no corruption (`grayscale`) do not enter.
mPC and rPC: Michaelis et al. 2019, "Benchmarking Robustness in Object Detection: Autonomous
Driving when Winter is Coming". mCE and flips: Hendrycks & Dietterich 2019, "Benchmarking Neural
Network Robustness to Common Corruptions and Perturbations".
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


def mean_corruption_error(scores: Scores, reference: Scores) -> np.ndarray:
    """Error under corruption as a multiple of that of a reference model (mCE); below 1 is better.

    Mean over corruptions of the sum of errors by the sum of the reference's errors, over the
    corrupted domains that both have; NaN where the reference makes no error.
    ValueError where they share no corrupted domain.
    """
    return _error_ratio(scores, reference, 1.0, 1.0)


def relative_mean_corruption_error(scores: Scores, reference: Scores) -> np.ndarray:
    """What corruption adds to the error, as a multiple of what it adds to the reference's.

    As `mean_corruption_error`, with the error on original pictures taken off every error; NaN where
    corruption costs the reference nothing.
    """
    return _error_ratio(scores, reference, scores[ORIGINAL], reference[ORIGINAL])


def _error_ratio(
    scores: Scores, reference: Scores, best: np.ndarray | float, reference_best: np.ndarray | float
) -> np.ndarray:
    """Mean over corruptions of what is missing to `best`, by what the reference misses."""
    shared = severities(tuple(domain for domain in scores if domain in reference))
    if not shared:
        raise ValueError("no corrupted domain that both models were tested on")
    ratios = []
    for corruption, levels in shared.items():
        keys = [Degradation(corruption, level).key for level in levels]
        missed = sum(np.asarray(best) - scores[key] for key in keys)
        by_reference = sum(np.asarray(reference_best) - reference[key] for key in keys)
        ratios.append(missed / np.where(by_reference > 0, by_reference, np.nan))
    return np.mean(ratios, axis=0)


def flip_rates(said: np.ndarray, before: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Share of pictures whose predicted class is another one than before, (b, d).

    `said` (n, d) are predicted classes in d domains, `before` (n,) those on the original pictures;
    `drawn` (b, n) counts how often each picture stands in each of b resamples.
    """
    return _shares(said != before[:, None], drawn)


def lost_rates(
    said: np.ndarray, before: np.ndarray, truth: np.ndarray, drawn: np.ndarray
) -> np.ndarray:
    """Share of pictures whose predicted class was right before and is no more, (b, d).

    Arrays as in `flip_rates`, with the true classes (n,). These are the flips that cost accuracy.
    """
    return _shares((said != before[:, None]) & (before == truth)[:, None], drawn)


def _shares(found: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    counts = drawn.astype(np.float64, copy=False) @ found.astype(np.float64)
    return counts / drawn.sum(axis=1, keepdims=True)
