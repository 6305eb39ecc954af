"""Whether a model may take the place of another one: which stands for a recipe, and is it worse.

Models are chosen by their validation accuracy. The test pictures choose nothing: all that they can
do is to block a candidate that is worse on them than what was accepted before.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

WORSE_BELOW = 0.05
"""A candidate is worse where chance alone would let it look so bad less often than this."""


def best_on_validation(accuracies: Mapping[str, Mapping[int, float]]) -> tuple[str, int] | None:
    """The recipe with the best mean over its seeds, and its best seed; None where there is none.

    `accuracies` are validation accuracies (0 to 1) by recipe and seed. Of equal ones the first by
    name, and the lowest seed.
    """
    if not accuracies:
        return None
    recipe = min(accuracies, key=lambda name: (-float(np.mean([*accuracies[name].values()])), name))
    seeds = accuracies[recipe]
    return recipe, min(seeds, key=lambda seed: (-seeds[seed], seed))


@dataclass(frozen=True)
class Comparison:
    """An accepted model and a candidate on the n pictures that both know.

    `p_value`: how often chance alone leaves at least so many pictures to the accepted one alone.
    """

    n: int
    n_right_accepted: int
    n_right_candidate: int
    n_only_accepted: int
    n_only_candidate: int
    p_value: float

    @property
    def is_worse(self) -> bool:
        """Whether the candidate is worse by more than chance."""
        return self.p_value < WORSE_BELOW

    def __str__(self) -> str:
        before, after = (
            n_right / max(self.n, 1) for n_right in (self.n_right_accepted, self.n_right_candidate)
        )
        return (
            f"{before:.1%} before and {after:.1%} now on the {self.n:,} test pictures that both"
            f" know; {self.n_only_accepted} only before, {self.n_only_candidate} only now;"
            f" p = {self.p_value:.2g}"
        )


def compare(accepted_right: np.ndarray, candidate_right: np.ndarray) -> Comparison:
    """Exact one-sided McNemar test of two (n,) bool arrays over the same pictures, in one order.

    McNemar 1947, as in `significance.exact_mcnemar`, against the single alternative that the
    candidate is worse. No pictures, or the same ones right: p = 1. ValueError for unequal shapes.
    """
    from scipy.special import bdtrc

    if accepted_right.shape != candidate_right.shape:
        raise ValueError(f"not the same rows: {accepted_right.shape} and {candidate_right.shape}")
    n_only_accepted = int((accepted_right & ~candidate_right).sum())
    n_only_candidate = int((candidate_right & ~accepted_right).sum())
    n_different = n_only_accepted + n_only_candidate
    p_value = float(bdtrc(n_only_accepted - 1, n_different, 0.5)) if n_different else 1.0
    return Comparison(
        n=len(accepted_right),
        n_right_accepted=int(accepted_right.sum()),
        n_right_candidate=int(candidate_right.sum()),
        n_only_accepted=n_only_accepted,
        n_only_candidate=n_only_candidate,
        p_value=p_value,
    )
