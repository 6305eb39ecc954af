"""One model under audit: what was claimed of it, what it may have seen, and what looks wrong."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.intervals import bootstrap_interval
from emotion_pipeline.metrics.label_order import LabelOrder, explained_by, label_order
from emotion_pipeline.reports.base import ModelResult
from emotion_pipeline.reports.parts.audit.claims import Measured, Verdict, verdict_of
from emotion_pipeline.reports.parts.audit.known_orders import known_orders
from emotion_pipeline.reports.parts.page import percent

MIN_SEEN = 10
"""Leaked rows below which no difference is reported."""
COLLAPSED_SHARE = 0.99
SUM_TOLERANCE = 0.01
# By labels and label space: the accuracy from which a published number is no credible bar.
NOT_CREDIBLE = {("ferplus", "eight_emotions"): 0.95, ("fer2013", "seven_emotions"): 0.798}

Interval = tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """A difference of accuracies with its interval; NaN where there is too little."""

    score: float
    low: float
    high: float


@dataclass(frozen=True)
class Finding:
    """Something that a reader has to know: its short name, and a sentence."""

    what: str
    words: str


@dataclass(frozen=True, eq=False)
class Audit:
    """`seen_difference` is the accuracy on test rows seen in training less that on the others,
    `worth` the official accuracy less the leak-free one."""

    model: ModelResult
    claim: float | None
    official: Measured
    leak_free: Measured
    seen: Measured
    seen_difference: Difference
    worth: Difference
    n_missing: int
    order: LabelOrder
    mistaken: tuple[str, str] | None
    findings: tuple[Finding, ...]
    verdict: Verdict
    why: str

    @property
    def coverage(self) -> float:
        """Share of the test rows that have a prediction."""
        return self.official.n / (self.official.n + self.n_missing)


def audit(model: ModelResult, claim: float | None = None) -> Audit:
    """The audit of a model against a claim (0 to 1), that of the model where None."""
    claim = model.claim if claim is None else claim
    test = model.rows()
    right, seen = model.right(test), test["seen_in_training"].to_numpy(bool)
    official, leak_free = Measured.of(right), Measured.of(right[~seen])
    difference, worth = _leaks(right, seen)
    order = _order(model)
    named = known_orders(model.emotions)
    mistaken = explained_by(order, named)
    table = model.meta.get("table", {})
    n_missing = int(table.get("n_test", official.n)) - official.n
    verdict, why = _verdict(model, claim, official, leak_free, n_missing, order)
    return Audit(
        model=model,
        claim=claim,
        official=official,
        leak_free=leak_free,
        seen=Measured.of(right[seen]),
        seen_difference=difference,
        worth=worth,
        n_missing=n_missing,
        order=order,
        mistaken=mistaken,
        findings=tuple(_findings(model, claim, leak_free, n_missing, order, mistaken)),
        verdict=verdict,
        why=why,
    )


def statement(model: ModelResult) -> str:
    """What an accuracy of the model is about: the class set, whose truth, and which rows."""
    shares = model.rows().filter(like="share_")
    truth = "the majority of the votes of" if shares.notna().all(axis=None) else "the labels of"
    faces = "drawn faces" if model.synthetic else f"pictures of {model.pictures_from}"
    return (
        f"Test rows of {len(model.emotions)} classes ({model.label_space}); the truth is {truth}"
        f" {model.labels_from}, on {faces}."
    )


def moved_columns(found: Audit) -> str:
    """Such as `p_fear holds anger, p_anger holds fear`."""
    names = found.model.emotions
    moved = found.order.moved
    return ", ".join(f"p_{names[i]} holds {names[found.order.meant[i]]}" for i in moved)


def _verdict(
    model: ModelResult,
    claim: float | None,
    official: Measured,
    leak_free: Measured,
    n_missing: int,
    order: LabelOrder,
) -> tuple[Verdict, str]:
    if claim is None:
        return Verdict.NO_CLAIM, f"Nothing is claimed; measured without leaks: {leak_free}."
    said = f"The claim is {percent(claim)} %"
    if model.synthetic:
        return Verdict.UNJUDGED, f"{said}, but the faces are drawn: they say nothing about people."
    if order.swapped:
        return Verdict.UNJUDGED, (
            f"{said}, but the columns stand in another order than they are named; in the order that"
            f" fits, {percent(order.meant_accuracy_score)} % of {order.n:,} rows are right."
        )
    return verdict_of(claim, official, leak_free, n_missing)


def _leaks(right: np.ndarray, seen: np.ndarray) -> tuple[Difference, Difference]:
    """Accuracy on seen rows less that on the others, and the official less the leak-free one."""
    if seen.sum() < MIN_SEEN or (~seen).sum() < MIN_SEEN:
        nothing = Difference(*[float("nan")] * 3)
        return nothing, nothing
    cells = 2 * seen.astype(int) + right
    counts = np.bincount(cells, minlength=4).reshape(2, 2)
    values = _differences(counts[np.newaxis])[0]
    low, high = bootstrap_interval(counts, _differences)
    numbers = np.stack([values, low, high], axis=1).tolist()
    return Difference(*numbers[0]), Difference(*numbers[1])


def _differences(counts: np.ndarray) -> np.ndarray:
    """Both differences (b, 2) of counts (b, 2, 2): unseen and seen rows, wrong and right ones."""
    unseen, seen = np.moveaxis(counts[..., 1] / np.maximum(counts.sum(axis=-1), 1), -1, 0)
    official = counts[..., 1].sum(axis=-1) / counts.sum(axis=(-2, -1))
    return np.stack([seen - unseen, official - unseen], axis=-1)


def _order(model: ModelResult) -> LabelOrder:
    """By the test and validation rows; half of them, drawn by their names, choose the order."""
    rows = pd.concat([model.rows(), model.rows("validation")])
    place = {name: number for number, name in enumerate(model.emotions)}
    chooses = pd.util.hash_array(rows["sample_id"].to_numpy(object)) % 2 == 0
    predicted = model.probabilities(rows).argmax(axis=1)
    truth = rows["emotion"].map(place).to_numpy(int)
    return label_order(truth, predicted, chooses, len(model.emotions))


def _findings(
    model: ModelResult,
    claim: float | None,
    leak_free: Measured,
    n_missing: int,
    order: LabelOrder,
    mistaken: tuple[str, str] | None,
) -> Iterator[Finding]:
    if order.swapped:
        by = f" Perhaps {' and '.join(mistaken)} were mistaken for one another." if mistaken else ""
        yield Finding("label order", "The columns stand in another order than they are named." + by)
    yield from _of_the_probabilities(model)
    yield from _of_the_table(model, n_missing)
    bar = NOT_CREDIBLE.get((model.labels_from, model.label_space))
    if bar is not None and not model.synthetic:
        limit = f"{percent(bar)} %, which labels as noisy as these leave to nobody"
        if leak_free.interval[0] > bar:
            words = f"Measured above {limit}: it may have learned from the test rows."
            yield Finding("too good", words)
        if claim is not None and claim >= bar:
            yield Finding("claim not credible", f"Claimed is at least {limit}.")
    if model.rows("validation").empty:
        yield Finding("no validation rows", "Whether it was chosen by its test rows stays unknown.")


def _of_the_probabilities(model: ModelResult) -> Iterator[Finding]:
    p = model.probabilities(model.rows())
    if ((p == 0) | (p == 1)).all():
        yield Finding(
            "hard labels",
            "One emotion per picture and no probabilities: nothing but accuracy and"
            " F1 means anything.",
        )
    error = max(
        float(np.abs(p.sum(axis=1) - 1).max()),
        float(model.meta.get("table", {}).get("largest_sum_error", 0)),
    )
    if error > SUM_TOLERANCE:
        yield Finding("sums", f"Probabilities of a row are up to {error:.2f} away from 1 together.")
    counts = np.bincount(p.argmax(axis=1), minlength=p.shape[1])
    if counts.max() >= COLLAPSED_SHARE * len(p):
        name = model.emotions[int(counts.argmax())]
        yield Finding(
            "collapse", f"It says {name} of {percent(counts.max() / len(p))} % of the test rows."
        )


def _of_the_table(model: ModelResult, n_missing: int) -> Iterator[Finding]:
    """What the summary of an imported table says."""
    table = model.meta.get("table", {})
    if n_missing:
        yield Finding(
            "coverage",
            f"{n_missing:,} of {table['n_test']:,} test rows have no prediction; which"
            " ones was not up to this project.",
        )
    rejects = {
        reason: int(one["n"])
        for reason, one in table.get("rejects", {}).items()
        # Whole files of predictions are normal.
        if reason not in ("training_picture", "copy_of_training_picture")
    }
    if rejects:
        told = ", ".join(f"{reason.replace('_', ' ')} ({n:,})" for reason, n in rejects.items())
        yield Finding("rows left out", f"Of the table's {table['n_rows']:,} rows: {told}.")
    if table.get("n_truth_differs"):
        share = table["n_truth_differs"] / table["n_truth_given"]
        yield Finding(
            "another truth",
            f"The table's own truth differs in {percent(share)} % of the"
            f" {table['n_truth_given']:,} rows that name one.",
        )
