"""Whether a model is as sure as it is right.

The confidence of a row is the probability of its predicted class. Measures take weights (..., n) of
the rows: ones for the rows as they are, counts of a bootstrap for rows drawn again, so that an
interval costs one call and no loop.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

N_BINS = 15
COLDEST, HOTTEST = 0.05, 20.0

_LEAST = 1e-12  # a probability of 0 would cost infinitely much


def equal_width_bins(confidences: np.ndarray) -> np.ndarray:
    """Bins 0 to 14 (n,) of equal width over 0 to 1; a bin has its lower bound, the last both."""
    edges = np.linspace(0, 1, N_BINS + 1)
    return np.clip(np.searchsorted(edges, confidences, side="right") - 1, 0, N_BINS - 1)


def equal_mass_bins(confidences: np.ndarray) -> np.ndarray:
    """Bins (n,) of about equally many rows, least sure first; equal confidences share a bin.

    Nguyen & O'Connor 2015, "Posterior calibration and exploratory analysis for natural language
    processing models".
    """
    if not len(confidences):
        return np.zeros(0, dtype=np.int64)
    edges = np.unique(np.quantile(confidences, np.linspace(0, 1, N_BINS + 1)[1:-1]))
    return np.searchsorted(edges, confidences, side="right")


@dataclass(frozen=True, eq=False)
class Binned:
    """Rows in bins: `member` (n, 15) is 1 in the bin of a row, and `gap` (n, 15) is there how much
    surer it was than right (confidence minus 1 or 0); both are 0 in all other bins."""

    member: np.ndarray
    gap: np.ndarray

    @classmethod
    def of(
        cls,
        confidences: np.ndarray,
        right: np.ndarray,
        bins: Callable[[np.ndarray], np.ndarray] = equal_width_bins,
    ) -> "Binned":
        """Rows of confidences (n,) 0 to 1 that came true or not, (n,) bool."""
        member = np.eye(N_BINS)[bins(confidences)]
        return cls(member, member * (confidences - right)[:, None])

    def expected_error(self, weights: np.ndarray) -> np.ndarray:
        """Mean over rows (...) of the distance between confidence and accuracy in their bin (ECE).

        Naeini et al. 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning"; Guo et
        al. 2017, "On Calibration of Modern Neural Networks".
        """
        gaps = weights @ self.gap.astype(np.result_type(weights, np.float32))
        return np.asarray(np.abs(gaps).sum(axis=-1) / weights.sum(axis=-1))

    def maximum_error(self, weights: np.ndarray) -> np.ndarray:
        """The largest distance (...) among the bins that have rows (MCE, ibid.)."""
        n = weights @ self.member.astype(np.result_type(weights, np.float32))
        gaps = weights @ self.gap.astype(np.result_type(weights, np.float32))
        return np.asarray((np.abs(gaps) / np.maximum(n, 1)).max(axis=-1))


def classwise(probabilities: np.ndarray, truth: np.ndarray) -> list[Binned]:
    """Per class, its probabilities (n, c) against being the true class, (n,) int."""
    columns = enumerate(probabilities.T)
    return [Binned.of(column, truth == number) for number, column in columns]


def classwise_error(weights: np.ndarray, classes: list[Binned]) -> np.ndarray:
    """Mean over the classes (...) of their expected error.

    Kull et al. 2019, "Beyond temperature scaling: Obtaining well-calibrated multi-class
    probabilities with Dirichlet calibration".
    """
    return np.asarray(np.mean([one.expected_error(weights) for one in classes], axis=0))


def error_by_chance(confidences: np.ndarray, *, n_draws: int = 200, seed: int = 0) -> float:
    """The expected error (ECE) of a perfectly calibrated model with these confidences (n,).

    The mean over draws in which every row comes true with its confidence: what so few rows show
    though nothing is wrong. Bröcker & Smith 2007, "Increasing the Reliability of Reliability
    Diagrams". NaN without rows.
    """
    n = len(confidences)
    if n == 0:
        return float("nan")
    came_true = np.random.default_rng(seed).random((n_draws, n)) < confidences
    member = np.eye(N_BINS)[equal_width_bins(confidences)]
    return float((np.abs((confidences - came_true) @ member).sum(axis=1) / n).mean())


def brier_errors(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Squared distance (n,) of probabilities (n, c) from certainty of the truth, 0 to 2.

    Brier 1950, "Verification of forecasts expressed in terms of probability".
    """
    certain = np.eye(probabilities.shape[1])[truth]
    return np.asarray(((probabilities - certain) ** 2).sum(axis=1))


def log_losses(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Negative log likelihood (n,) in nats of the true classes (n,) int."""
    likelihood = np.take_along_axis(probabilities, truth[:, None], axis=1)[:, 0]
    return -np.log(np.maximum(likelihood, _LEAST))


def with_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities (n, c) had their logits been divided by a temperature; below 1 is surer.

    Guo et al. 2017. Log-probabilities are logits up to a constant, which no softmax sees.
    """
    logits = np.log(np.maximum(probabilities, _LEAST)) / temperature
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def fit_temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature, 0.05 to 20, with the least mean log loss of rows (n, c), n > 0."""

    def loss(log_temperature: float) -> float:
        warmed = with_temperature(probabilities, float(np.exp(log_temperature)))
        return float(log_losses(warmed, truth).mean())

    found = minimize_scalar(loss, bounds=np.log((COLDEST, HOTTEST)), method="bounded")
    return float(np.exp(found.x))
