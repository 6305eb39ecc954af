"""How right a model is on the rows that it is surest of.

Rows of one confidence are answered or refused together: no threshold parts them.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows ordered by confidence, surest first.

    `order` (n,): positions of the rows; `wrong` (n,): 1 for the wrong ones, in that order; `ends`
    (g,): the last place of every run of equal confidences.
    """

    order: np.ndarray
    wrong: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, confidences: np.ndarray, right: np.ndarray) -> "Ranked":
        """Rows with confidences (n,) that are right or not, (n,) bool; n > 0."""
        order = np.argsort(-confidences, kind="stable")
        ends = np.flatnonzero(np.append(np.diff(confidences[order]) != 0, True))
        return cls(order, (~right[order]).astype(np.float64), ends)

    def curve(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows answered (..., g), and the share of wrong ones among them, by falling threshold.

        El-Yaniv & Wiener 2010, "On the Foundations of Noise-free Selective Classification".
        """
        ordered = np.take(weights, self.order, axis=-1)
        answered = np.cumsum(ordered, axis=-1)
        wrong = np.cumsum(ordered * self.wrong.astype(weights.dtype), axis=-1)
        if len(self.ends) < len(self.order):
            answered, wrong = (np.take(one, self.ends, axis=-1) for one in (answered, wrong))
        return answered, wrong / np.maximum(answered, 1)

    def area_and_accuracies(self, weights: np.ndarray, coverages: tuple[int, ...]) -> np.ndarray:
        """Area under the curve, then the accuracy at each coverage in percent (..., 1 + k).

        The area is the mean risk over all coverages (AURC; Geifman & El-Yaniv 2017, "Selective
        Classification for Deep Neural Networks"). A coverage is reached with the fewest answers
        that are at least that share of the rows.
        """
        answered, risk = self.curve(weights)
        n = answered[..., -1:]
        area = (np.diff(answered, axis=-1, prepend=0) * risk).sum(axis=-1, keepdims=True) / n
        # Half a row less than needed, in hundredths: no rounding can step over a whole number.
        enough = [(one * n - 0.5) / 100 for one in coverages]
        first = [(answered < one).sum(axis=-1, keepdims=True) for one in enough]
        accuracies = [1 - np.take_along_axis(risk, one, axis=-1) for one in first]
        return np.concatenate([area, *accuracies], axis=-1)
