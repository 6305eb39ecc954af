"""Whether the outputs of a model stand in another order than somebody thinks.

Files of predictions lose the names of their columns, and every dataset numbers its emotions
differently. A model whose columns are exchanged looks bad and is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import binom

from emotion_pipeline.metrics.significance import exact_mcnemar

MAX_P = 0.001
"""Above this, an order that does better is taken for chance."""
MIN_ROWS = 5
"""Predictions of a class, in each half, below which nothing is said of its column."""
MIN_RECALL_GAIN = 0.2
"""By less than this, on average over the classes that moved, a weak model gets better by taking
its false alarms of one frequent class for that class; exchanged names are worth more."""


@dataclass(frozen=True)
class LabelOrder:
    """Column i is called class i, and `meant[i]` is the class that it stands for.

    `meant` is the identity unless `swapped`. Accuracies (0 to 1) and `p_value` are those of the
    rows that did not choose the order, `n` of them. `decided` (c,): enough rows have said of the
    column whether it is this one; what is said of the others is what was left over.
    """

    meant: tuple[int, ...]
    decided: tuple[bool, ...]
    swapped: bool
    n: int
    accuracy_score: float
    meant_accuracy_score: float
    p_value: float

    @property
    def moved(self) -> tuple[int, ...]:
        """The columns that are decided to stand for another class."""
        return tuple(i for i, to in enumerate(self.meant) if to != i and self.decided[i])


def label_order(
    truth: np.ndarray, predicted: np.ndarray, chooses: np.ndarray, n_classes: int
) -> LabelOrder:
    """The order in which the columns make most sense, if that is not the given one.

    `truth` and `predicted` (n,) int are class numbers below `n_classes`; `chooses` (n,) bool are
    the rows by which the order is chosen: the assignment of columns to classes with the most rows
    right (Kuhn 1955, "The Hungarian method for the assignment problem"). It is judged on the
    others, so that nothing is found by looking for it: `swapped` needs an exact McNemar test below
    MAX_P in its favour there, a mean recall of the moved classes that is MIN_RECALL_GAIN better,
    and at least two columns that each were more often the other class than their own by more than
    chance. One alone may be a model that always says the same.
    """
    chosen = _counts(truth[chooses], predicted[chooses], n_classes)
    held_out = _counts(truth[~chooses], predicted[~chooses], n_classes)
    columns, classes = linear_sum_assignment(_preferring_own(chosen).T, maximize=True)
    meant = np.empty(n_classes, dtype=int)
    meant[columns] = classes
    known, said = truth[~chooses], predicted[~chooses]
    right, meant_right = said == known, meant[said] == known
    test = exact_mcnemar(right, meant_right)
    own = np.arange(n_classes)
    as_meant, as_called = held_out[meant, own], held_out[own, own]
    # One-sided sign test among the rows of a column that are of either class.
    by_chance = binom.sf(as_meant - 1, as_meant + as_called, 0.5)
    enough = np.minimum(chosen.sum(axis=0), held_out.sum(axis=0)) >= MIN_ROWS
    moved = (meant != own) & enough & (by_chance < 0.01)
    better = test.p_value < MAX_P and _recall_gain(held_out, meant) >= MIN_RECALL_GAIN
    swapped = bool(better and meant_right.sum() > right.sum() and moved.sum() >= 2)
    decided = np.where(meant == own, enough, moved) if swapped else enough
    return LabelOrder(
        meant=tuple(map(int, meant if swapped else own)),
        decided=tuple(map(bool, decided)),
        swapped=swapped,
        n=len(known),
        accuracy_score=_share(right),
        meant_accuracy_score=_share(meant_right if swapped else right),
        p_value=test.p_value,
    )


def explained_by(order: LabelOrder, known: Mapping[str, Sequence[int]]) -> tuple[str, str] | None:
    """The names of two known orders that were mistaken for one another, or None.

    `known` has, by name, the class numbers in the order in which somebody lists them. The first
    name is the order in which the columns stand, the second the one by which they were named. All
    decided columns have to agree; the first pair that fits is given.
    """
    for stands, real in known.items():
        for named, taken in known.items():
            if stands == named or sorted(real) != sorted(taken):
                continue
            meaning = dict(zip(taken, real, strict=True))
            agree = [meaning.get(i) == to for i, to in enumerate(order.meant) if order.decided[i]]
            if order.swapped and agree and all(agree):
                return stands, named
    return None


def _counts(truth: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Counts (c, c) with the truth in rows."""
    cells = np.bincount(truth * n_classes + predicted, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes)


def _recall_gain(counts: np.ndarray, meant: np.ndarray) -> float:
    """By how much the mean recall of the moved classes is better in the other order; 0 for none."""
    own, n_rows = np.arange(len(counts)), counts.sum(axis=1)
    column_of = np.argsort(meant)
    counted = (column_of != own) & (n_rows >= MIN_ROWS)
    gained = counts[own, column_of] - counts[own, own]
    return float((gained[counted] / n_rows[counted]).mean()) if counted.any() else 0.0


def _preferring_own(counts: np.ndarray) -> np.ndarray:
    """The counts, with less than a row in favour of columns that stay: they decide ties."""
    return counts + np.eye(len(counts)) / (2 * len(counts))


def _share(right: np.ndarray) -> float:
    return float(right.mean()) if len(right) else float("nan")
