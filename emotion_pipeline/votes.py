"""Rules that turn the ten FER+ votes of a picture into a target distribution, or set it aside.

Arrays only. The first three rules are those of Barsoum et al. 2016, "Training Deep Networks for
Facial Expression Recognition with Crowd-Sourced Label Distribution", as Microsoft released them;
`distribution` keeps every vote that was given to an emotion.
"""

from collections.abc import Callable

import numpy as np

from emotion_pipeline.labels import EMOTIONS, nearest

VOTE_CLASSES: tuple[str, ...] = (*EMOTIONS, "unknown", "not_a_face")
N_EMOTIONS = len(EMOTIONS)

Targets = tuple[np.ndarray, np.ndarray]


def _without_single_votes(votes: np.ndarray) -> np.ndarray:
    """The released reader drops every class that only one tagger chose, before any rule."""
    return np.where(votes <= 1, 0, votes).astype(np.float64)


def _emotions_only(weights: np.ndarray, kept: np.ndarray) -> Targets:
    """Cut the two non-emotions, renormalise, and skip rows that the non-emotions lead."""
    leads = weights.argmax(axis=1) < N_EMOTIONS
    shares = weights[:, :N_EMOTIONS]
    total = shares.sum(axis=1, keepdims=True)
    kept = kept & leads & (total[:, 0] > 0)
    return np.where(kept[:, None], shares / np.maximum(total, 1e-12), 0.0), kept


def majority(votes: np.ndarray) -> Targets:
    """One class with more than half of the votes that are left, as a one-hot row."""
    counts = _without_single_votes(votes)
    peak = counts.max(axis=1, keepdims=True)
    one_hot = np.zeros_like(counts)
    one_hot[np.arange(len(counts)), counts.argmax(axis=1)] = 1.0
    return _emotions_only(one_hot, peak[:, 0] > 0.5 * counts.sum(axis=1))


def probability(votes: np.ndarray) -> Targets:
    """The leading classes, ties together, until 75 % of the votes or three classes are gathered.

    Gathering stops at `unknown` or `not_a_face`, which is dropped if an emotion came before it.
    Rows with at most half of the votes gathered, or more than three classes, are set aside.
    """
    left = _without_single_votes(votes)
    total = left.sum(axis=1)
    gathered = np.zeros_like(left)
    n_classes = np.zeros(len(left), dtype=np.int64)
    open_rows = np.ones(len(left), dtype=bool)
    while True:
        open_rows &= (
            (gathered.sum(axis=1) < 0.75 * total) & (n_classes < 3) & (left.max(axis=1) > 0)
        )
        if not open_rows.any():
            break
        top = open_rows[:, None] & (left == left.max(axis=1, keepdims=True))
        for column in range(left.shape[1]):  # in order: a non-emotion ends the row on the spot
            rows = top[:, column] & open_rows
            value = left[rows, column].copy()
            gathered[rows, column] = value
            left[rows, column] = 0
            n_classes[rows] += 1
            if column >= N_EMOTIONS:
                preceded = np.zeros(len(left), dtype=bool)
                preceded[rows] = gathered[rows].sum(axis=1) > value
                gathered[preceded, column] = 0
                n_classes[preceded] -= 1
                open_rows &= ~rows
    kept = (gathered.sum(axis=1) > 0.5 * total) & (n_classes <= 3)
    return _emotions_only(gathered, kept)


def multi_target(votes: np.ndarray) -> Targets:
    """Every class with at least 30 % of the votes, if together they hold more than half."""
    counts = _without_single_votes(votes)
    total = counts.sum(axis=1, keepdims=True)
    strong = np.where((counts >= 0.3 * total) & (counts > 0), counts, 0.0)
    return _emotions_only(strong, strong.sum(axis=1) > 0.5 * total[:, 0])


def distribution(votes: np.ndarray) -> Targets:
    """Every vote that names an emotion, if they are at least half of all votes."""
    counts = votes.astype(np.float64)
    shares = counts[:, :N_EMOTIONS]
    total = shares.sum(axis=1, keepdims=True)
    kept = (total[:, 0] >= 0.5 * counts.sum(axis=1)) & (total[:, 0] > 0)
    return np.where(kept[:, None], shares / np.maximum(total, 1), 0.0), kept


VOTE_RULES: dict[str, Callable[[np.ndarray], Targets]] = {
    "majority": majority,
    "probability": probability,
    "multi_target": multi_target,
    "distribution": distribution,
}


def apply_rule(name: str, votes: np.ndarray) -> Targets:
    """Targets (n, 8) float64 that sum to 1 where kept and to 0 elsewhere, and kept (n,) bool.

    `votes` is (n, 10), non-negative counts in the order of `VOTE_CLASSES`. Raises KeyError for an
    unknown rule and ValueError for another shape.
    """
    if votes.ndim != 2 or votes.shape[1] != len(VOTE_CLASSES):
        raise ValueError(f"votes must be (n, {len(VOTE_CLASSES)}), got {votes.shape}")
    if name not in VOTE_RULES:
        raise KeyError(f"vote rule: {nearest(name, tuple(VOTE_RULES))}")
    return VOTE_RULES[name](votes)


def tied(votes: np.ndarray) -> np.ndarray:
    """Rows (n,) bool where two or more emotions share the lead: an arg-max would pick by order."""
    emotions = votes[:, :N_EMOTIONS]
    peak = emotions.max(axis=1, keepdims=True)
    return ((emotions == peak).sum(axis=1) > 1) & (peak[:, 0] > 0)
