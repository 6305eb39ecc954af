"""How far people agree with one another on the same pictures.

Votes are counts (n, c), a row per picture; a panel is the people who voted on it.
"""

import numpy as np
from scipy.special import gammaln, xlogy

from emotion_pipeline.votes import N_EMOTIONS, majority


def split_agreement(
    votes: np.ndarray, n_first: int, *, n_draws: int = 100, seed: int = 0
) -> np.ndarray:
    """How often (n,), 0 to 1, `n_first` voters drawn from each row agree with all the others.

    Voters are drawn without replacement (hypergeometric). Two parts agree where their most voted
    classes, the non-emotions among them, are the same; ties are broken by lot. Rows have more than
    `n_first` votes.
    """
    rng = np.random.default_rng(seed)
    agreed = np.zeros(len(votes))
    for _ in range(n_draws):
        first = _drawn(votes, n_first, rng)
        agreed += _most_voted(first, rng) == _most_voted(votes - first, rng)
    return agreed / n_draws


def redrawn_agreement(votes: np.ndarray, *, n_draws: int = 100, seed: int = 0) -> np.ndarray:
    """How often (n,) the majority of a new panel of as many people is the most voted emotion.

    New panels are drawn from the shares of the votes as if these were the opinions of everybody
    (multinomial), and decide by `votes.majority`; draws without a majority do not count. NaN where
    no draw has one. Ten votes look surer than everybody is, so this is an upper bound.
    """
    rng = np.random.default_rng(seed)
    n_voters = votes.sum(axis=1)
    shares = votes / n_voters[:, None]
    best = votes[:, :N_EMOTIONS].argmax(axis=1)
    n_agreed, n_decided = np.zeros(len(votes)), np.zeros(len(votes))
    for _ in range(n_draws):
        targets, decided = majority(rng.multinomial(n_voters, shares))
        n_decided += decided
        n_agreed += decided & (targets.argmax(axis=1) == best)
    return np.where(n_decided > 0, n_agreed / np.maximum(n_decided, 1), np.nan)


def equal_by_chance(votes: np.ndarray) -> np.ndarray:
    """Probability (n,) that a new panel gives each class the very same counts.

    By the multinomial with the shares of the votes, under which it is larger than under any other
    shares: an upper bound for a panel of other people.
    """
    n_voters = votes.sum(axis=1)
    parts = xlogy(votes, votes / n_voters[:, None]) - gammaln(votes + 1)
    return np.exp(gammaln(n_voters + 1) + parts.sum(axis=1))


def kappa(counts: np.ndarray) -> np.ndarray:
    """Agreement (...) beyond chance of counts (..., c, c), 1 at most; NaN where all is one class.

    Cohen 1960, "A coefficient of agreement for nominal scales".
    """
    n = counts.sum(axis=(-2, -1))
    agreed = np.trace(counts, axis1=-2, axis2=-1) / n
    chance = (counts.sum(axis=-1) * counts.sum(axis=-2)).sum(axis=-1) / n**2
    return np.where(chance < 1, (agreed - chance) / np.where(chance < 1, 1 - chance, 1), np.nan)


def _drawn(votes: np.ndarray, n_first: int, rng: np.random.Generator) -> np.ndarray:
    """Counts (n, c) of voters drawn from each row: class by class, from those that are left."""
    drawn = np.zeros_like(votes)
    n_others, n_open = votes.sum(axis=1), np.full(len(votes), n_first)
    for number, column in enumerate(votes.T):
        n_others = n_others - column
        drawn[:, number] = rng.hypergeometric(column, n_others, n_open)
        n_open = n_open - drawn[:, number]
    return drawn


def _most_voted(votes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (votes + rng.random(votes.shape) / 2).argmax(axis=1)
