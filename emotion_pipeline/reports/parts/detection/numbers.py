"""How well detectors find the faces of the test pictures: the numbers.

Intervals come from drawing pictures again, not boxes: faces of one picture are found, or missed,
together.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from emotion_pipeline.metrics.average_precision import (
    COCO_MIN_IOUS,
    FACE_HEIGHTS_PX,
    FoundBoxes,
    JudgedBoxes,
    judged,
)
from emotion_pipeline.metrics.intervals import bootstrap_interval
from emotion_pipeline.metrics.operating_point import RATES, best_f1_threshold, counts_at, rates
from emotion_pipeline.metrics.significance import holm_adjusted, paired_bootstrap
from emotion_pipeline.reports.base import DetectorResult

ALL_FACES = "all"
MIN_PICTURES = 10
"""With such faces, for an interval: fewer are drawn again too often as the same ones."""
N_COCO_RESAMPLES = 200  # ten curves each: 1,000 would take most of the report's time

Numbers = dict[str, float]
Statistic = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Searched:
    """What one seed of a detector found in the pictures of a split, in order of their names."""

    rows: pd.DataFrame

    @classmethod
    def of(cls, detector: DetectorResult, split: str, seed: int) -> "Searched":
        rows = detector.predictions
        rows = rows[(rows["split"] == split) & (rows["seed"] == seed)]
        return cls(rows.sort_values("sample_id", ignore_index=True))

    @cached_property
    def pictures(self) -> list[FoundBoxes]:
        columns = (self.rows[name] for name in ("boxes", "scores", "truth"))
        return [FoundBoxes(*one) for one in zip(*columns, strict=True)]

    @cached_property
    def boxes(self) -> JudgedBoxes:
        """Of all faces, right from an IoU of 0.5."""
        return judged(self.pictures)

    @property
    def ap50_score(self) -> float:
        return self.boxes.curve().average_precision_score


@dataclass(frozen=True, eq=False)
class Detected:
    """A detector with what its seeds found; `test` and `validation` are of the lowest seed."""

    detector: DetectorResult

    @cached_property
    def seeds(self) -> list[int]:
        return sorted(int(seed) for seed in self.detector.predictions["seed"].unique())

    @cached_property
    def test(self) -> Searched:
        return Searched.of(self.detector, "test", self.seeds[0])

    @cached_property
    def validation(self) -> Searched:
        return Searched.of(self.detector, "validation", self.seeds[0])

    @cached_property
    def threshold(self) -> float:
        """With the best F1 on validation; NaN where nothing right was found there."""
        return best_f1_threshold(self.validation.boxes.curve())

    @cached_property
    def by_size(self) -> dict[str, JudgedBoxes]:
        """Found boxes of the test pictures by range of face heights, of all first."""
        sizes = {name: judged(self.test.pictures, 0.5, px) for name, px in FACE_HEIGHTS_PX.items()}
        return {ALL_FACES: self.test.boxes, **sizes}


@dataclass(frozen=True, eq=False)
class DetectorGroup:
    """Detectors of the same pictures, the best on validation first."""

    detected: list[Detected]

    @property
    def first(self) -> Detected:
        return self.detected[0]

    @property
    def synthetic(self) -> bool:
        return self.first.detector.synthetic

    @property
    def pictures_from(self) -> str:
        return self.first.detector.pictures_from

    @property
    def title(self) -> str:
        return f"Faces in pictures from {self.pictures_from}{', drawn' if self.synthetic else ''}"

    @property
    def slug(self) -> str:
        """The title as a part of file names."""
        return f"{self.pictures_from}{'_drawn' if self.synthetic else ''}"


def detector_groups(detectors: Iterable[DetectorResult]) -> list[DetectorGroup]:
    """Detectors by the pictures they were tested on, real ones first.

    Without faces in test pictures there is nothing to find, and such detectors are left out.
    """
    found: dict[tuple[bool, str], list[Detected]] = {}
    for one in map(Detected, detectors):
        if one.test.boxes.n_truth.any():
            found.setdefault((one.detector.synthetic, one.detector.pictures_from), []).append(one)
    return [DetectorGroup(sorted(found[key], key=_on_validation)) for key in sorted(found)]


def _on_validation(one: Detected) -> tuple[float, str]:
    return (-np.nan_to_num(one.validation.ap50_score), one.detector.recipe)


def overview_table(group: DetectorGroup) -> pd.DataFrame:
    """One row per detector: how much it finds, over all faces."""
    return pd.DataFrame([_overview(one) for one in group.detected])


def _overview(one: Detected) -> dict[str, object]:
    n = len(one.test.pictures)
    strict = [judged(one.test.pictures, min_iou) for min_iou in COCO_MIN_IOUS[1:]]
    every = [one.test.boxes, *strict]
    over_seeds = [Searched.of(one.detector, "test", seed).ap50_score for seed in one.seeds[1:]]
    ap50 = np.array([one.test.ap50_score, *over_seeds])
    found = np.mean([counts_at(boxes, -np.inf)[:, 0] for boxes in every], axis=0)
    return {
        "recipe": one.detector.recipe,
        "n_pictures": n,
        "n_faces": int(one.test.boxes.n_truth.sum()),
        **_with_interval("ap50_score", n, one.test.boxes.average_precision_scores),
        "ap50_score_mean": ap50.mean(),
        "ap50_score_sd": ap50.std(ddof=1) if len(ap50) > 1 else np.nan,
        "n_seeds": len(ap50),
        **_with_interval("coco_ap_score", n, _coco(every), N_COCO_RESAMPLES),
        **_with_interval("average_recall_score", n, shares(found, one.test.boxes.n_truth)),
        **_validated(one.validation),
        "n_parameters": one.detector.n_parameters,
    }


def _validated(searched: Searched) -> Numbers:
    name, n = "validation_ap50_score", len(searched.pictures)
    return _with_interval(name, n, searched.boxes.average_precision_scores)


def _coco(every: list[JudgedBoxes]) -> Statistic:
    """Mean over the overlaps that a right box needs."""
    return lambda times: np.mean([one.coco_average_precision_scores(times) for one in every], 0)


def shares(part: np.ndarray, whole: np.ndarray) -> Statistic:
    """Sums over pictures (n,) or (n, k), divided; NaN where there is nothing to divide by."""

    def divided(times: np.ndarray) -> np.ndarray:
        n = (times @ whole).astype(np.float64)
        return np.divide(times @ part, n, out=np.full(n.shape, np.nan), where=n > 0)

    return divided


def size_table(group: DetectorGroup) -> pd.DataFrame:
    """AP50 by detector and range of face heights, all faces first."""
    return pd.DataFrame(
        [_size(one, name, boxes) for one in group.detected for name, boxes in one.by_size.items()]
    )


def _size(one: Detected, name: str, boxes: JudgedBoxes) -> dict[str, object]:
    n_pictures = int((boxes.n_truth > 0).sum())
    score = _with_interval("ap50_score", len(boxes.n_truth), boxes.average_precision_scores)
    if n_pictures < MIN_PICTURES:
        score |= {"ap50_score_low": np.nan, "ap50_score_high": np.nan}
    return {
        "recipe": one.detector.recipe,
        "face_height": name.replace("_", " "),
        "n_pictures": n_pictures,
        "n_faces": int(boxes.n_truth.sum()),
        **score,
    }


def threshold_table(group: DetectorGroup) -> pd.DataFrame:
    """What detectors find at the threshold chosen on validation, there and on test."""
    return pd.DataFrame(
        [
            _at_threshold(one, split, searched.boxes)
            for one in group.detected
            for split, searched in (("test", one.test), ("validation", one.validation))
            if not np.isnan(one.threshold)
        ]
    )


def _at_threshold(one: Detected, split: str, boxes: JudgedBoxes) -> dict[str, object]:
    counts = counts_at(boxes, one.threshold)
    right, wrong, truth = counts.sum(axis=0).tolist()
    return {
        "recipe": one.detector.recipe,
        "split": split,
        "threshold": one.threshold,
        "n_pictures": len(counts),
        "n_faces": truth,
        "n_right": right,
        "n_wrong": wrong,
        "n_missed": truth - right,
        **_named(RATES, len(counts), lambda times: rates(counts, times)),
    }


def comparison_table(group: DetectorGroup) -> pd.DataFrame:
    """AP50 of every other detector minus that of the first, on the same draws of pictures.

    Detectors that were not tested on exactly the same faces are left out.
    """
    first = group.first.test
    others = [one for one in group.detected[1:] if _same_faces(one.test, first)]
    if not others:
        return pd.DataFrame()
    n = len(first.pictures)
    scores = [one.test.boxes.average_precision_scores for one in others]

    def difference(times: np.ndarray) -> np.ndarray:
        own = np.column_stack([score(times) for score in scores])
        return own - first.boxes.average_precision_scores(times)[:, None]

    found = paired_bootstrap(np.ones(n, dtype=np.int64), difference)
    return pd.DataFrame(
        {
            "recipe": [one.detector.recipe for one in others],
            "n_pictures": n,
            "ap50_score_difference": found.difference,
            "ap50_score_difference_low": found.low,
            "ap50_score_difference_high": found.high,
            "p_value": found.p_value,
            "p_value_holm": holm_adjusted(found.p_value),
        }
    )


def _same_faces(one: Searched, other: Searched) -> bool:
    if not one.rows["sample_id"].equals(other.rows["sample_id"]):
        return False
    pairs = zip(one.pictures, other.pictures, strict=True)
    return all(np.array_equal(a.truth, b.truth) for a, b in pairs)


def _named(
    names: tuple[str, ...], n: int, statistic: Statistic, n_resamples: int = 1000
) -> Numbers:
    """Numbers about n pictures with their percentile intervals; NaN where n is 0."""
    if n == 0:
        return {f"{name}{end}": np.nan for name in names for end in ("", "_low", "_high")}
    ones = np.ones(n, dtype=np.int64)
    value = statistic(ones[None])[0]
    low, high = bootstrap_interval(ones, statistic, n_resamples=n_resamples)
    numbers: Numbers = {}
    for name, *parts in zip(names, *map(np.atleast_1d, (value, low, high)), strict=True):
        ends = zip(("", "_low", "_high"), parts, strict=True)
        numbers |= {f"{name}{end}": float(part) for end, part in ends}
    return numbers


def _with_interval(name: str, n: int, statistic: Statistic, n_resamples: int = 1000) -> Numbers:
    return _named((name,), n, statistic, n_resamples)
