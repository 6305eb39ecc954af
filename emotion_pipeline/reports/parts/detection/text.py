"""What the report on face detectors says in words, and the published results beside it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from emotion_pipeline.reports.base import DetectorResult
from emotion_pipeline.reports.parts import page
from emotion_pipeline.reports.parts.detection.numbers import DetectorGroup

MIN_SEEDS = 3
FEW_PICTURES = 100
MIN_FACES = 30
ALPHA = 0.05

DEFINITIONS = {
    "Right box": "A found box is right if it overlaps a true one that no surer box has taken by an"
    " IoU of 0.5 or more: the area that both share, divided by the area that they cover together"
    " (Jaccard 1912). Boxes take true ones greedily, the surest first (Lin et al. 2014).",
    "Precision and recall": "The share of the found boxes that are right, and the share of the true"
    " faces that were found. Counted over all pictures, then divided.",
    "AP50": "Average precision: the area below the curve of precision over recall, as ever less"
    " sure boxes are let in, where precision is the highest at that recall or beyond (Everingham et"
    " al. 2015, all points). It needs no threshold. 100 %: every face before any wrong box.",
    "AP50 by height": "True faces of other heights neither count as missed, nor boxes on them as"
    " wrong, nor do wrong boxes of other heights (as COCO does by area). Heights are those in the"
    " dataset's own pixels.",
    "COCO AP": "Mean average precision over ten overlaps that a right box needs, an IoU of 0.50 to"
    " 0.95, each by COCO's 101 recalls (Lin et al. 2014): it also asks how exactly boxes lie. All"
    " boxes count, not the surest 100 of a picture.",
    "Average recall": "The share of true faces that any box finds, however unsure: the mean over"
    " the same ten overlaps (Hosang et al. 2016).",
    "Threshold": "The score that a box needs to count: the one with the highest F1 on the"
    " validation pictures, so that no test picture has a say in it.",
    "F1": "The harmonic mean of precision and recall (van Rijsbergen 1979).",
    "False positives per picture": "Boxes at the threshold that are no face, or a second box on the"
    " same one, divided by the number of pictures.",
    "95 % interval, below a number": "What other test pictures could have given: a percentile"
    " bootstrap (Efron 1979) of 1,000 resamples, 200 for COCO AP. Pictures are drawn again, not"
    " faces: faces of one picture share its light and its crowd. None where fewer than 10"
    " pictures hold such faces.",
    "Mean ± sd": "Over all seeds of a recipe, sd with n - 1: another training is a different"
    " uncertainty than other pictures. Every other number belongs to the lowest seed, which no"
    " result has chosen.",
    "Difference": "This detector minus the best on validation, both on the same draws of pictures"
    " (paired bootstrap, Efron and Tibshirani 1993). p values are adjusted for the number of"
    " detectors (Holm 1979); before that they are 0.002 at the least.",
}

_PUBLISHED = pd.DataFrame(
    [
        ("HLA-Face", 0.444, "learned without DarkFace's labels", "Wang et al. 2021"),
        ("winner of the challenge", 0.7489, "what it learned from is not known here", ""),
    ],
    columns=["detector", "ap50_score", "note", "source"],
)


def lead(groups: list[DetectorGroup], overviews: list[pd.DataFrame]) -> str:
    """The answer in a line: the best on validation of the first group."""
    if not groups:
        return (
            "No face detector has been evaluated yet: run `emotion-pipeline refresh` for a"
            " detector's predictions, then build this report again."
        )
    return f"{groups[0].pictures_from}: {best(overviews[0])}"


def best(overview: pd.DataFrame) -> str:
    """How good the first detector is."""
    row = overview.iloc[0]
    chosen = ", the best on validation," if len(overview) > 1 else ""
    return (
        f"{row['recipe']}{chosen} reaches an AP50 of {page.percent(row['ap50_score'])} %"
        f"{_between(row, 'ap50_score')} on {row['n_pictures']:,} test pictures with"
        f" {row['n_faces']:,} faces."
    )


def at_work(thresholds: pd.DataFrame) -> Iterator[str]:
    """What the first detector finds and gets wrong at its threshold; nothing without one."""
    if thresholds.empty:
        return
    row = thresholds.iloc[0]
    false = row["false_positives_per_picture"]
    yield (
        f"With the threshold {row['threshold']:.2f}, chosen on validation, {row['recipe']} finds"
        f" {page.percent(row['recall_score'])} %{_between(row, 'recall_score')} of the faces, and"
        f" {page.percent(row['precision_score'])} %{_between(row, 'precision_score')} of its boxes"
        f" are right: {false:.1f} wrong ones per picture."
    )


def _between(row: pd.Series, name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if np.isnan(low):
        return ""
    return f" (95 % interval {page.percent(low)}–{page.percent(high)} %)"


def heights_in_words(heights: pd.DataFrame) -> str:
    """Recall by face height, for those who do not see the figure."""
    name = "recall_score" if "recall_score" in heights else "any_box_recall_score"
    return "; ".join(
        f"{row['face_height_px']} px: {page.percent(row[name])} %"
        for row in heights.to_dict("records")
    )


def small_faces(heights: pd.DataFrame) -> Iterator[str]:
    """From which height on most faces are found; nothing without a threshold."""
    if "recall_score" not in heights:
        return
    most = (heights["recall_score"] >= 0.5) & (heights["n_faces"] >= MIN_FACES)
    if not most.any():
        yield "There is no height of which half of the faces are found."
        return
    row = heights[most].iloc[0]
    yield (
        f"The smallest faces of which at least half are found, {row['face_height_px']} px high:"
        f" {page.percent(row['recall_score'])} %{_between(row, 'recall_score')} of"
        f" {row['n_faces']:,}."
    )


def compared(comparisons: pd.DataFrame) -> str:
    """Which of the differences are more than chance."""
    decided = comparisons[comparisons["p_value_holm"] < ALPHA]["recipe"].tolist()
    if not decided:
        return "No other detector differs from it by more than chance."
    return f"More than chance: {', '.join(decided)}."


def scores_in_words(sizes: pd.DataFrame) -> str:
    """AP50 of every detector and height, for those who do not see the figure."""
    return "; ".join(
        f"{row['recipe']}, {row['face_height']}: {page.percent(row['ap50_score'])} %"
        for row in sizes.to_dict("records")
    )


def privacy(group: DetectorGroup) -> str:
    """What has to be said where pictures of people are shown."""
    return (
        f"This page shows pictures of people from {group.pictures_from}, under the licence of that"
        " dataset: read it before passing the page on."
    )


def cautions(detectors: list[DetectorResult], groups: list[DetectorGroup]) -> list[str]:
    """What a reader must not overlook."""
    every = [one for group in groups for one in group.detected]
    tested = {one.detector.recipe for one in every}
    said = {
        "Fewer than 3 seeds, so that how much a training varies is not known": [
            one.detector.recipe for one in every if len(one.seeds) < MIN_SEEDS
        ],
        f"Fewer than {FEW_PICTURES} test pictures: small differences mean nothing": [
            one.detector.recipe for one in every if len(one.test.pictures) < FEW_PICTURES
        ],
        "Nothing right was found on validation, so that there is no threshold": [
            one.detector.recipe for one in every if np.isnan(one.threshold)
        ],
        "Without a face in test pictures, and left out": [
            one.recipe for one in detectors if one.recipe not in tested
        ],
    }
    found = [f"{words}: {', '.join(names)}." for words, names in said.items() if names]
    if any(_published_apply(group) for group in groups):
        found.append(
            "DarkFace publishes no split of its labelled pictures: these numbers are of this"
            " project's own split and not comparable with published ones."
        )
    return found


def published(group: DetectorGroup) -> pd.DataFrame:
    """Published results that may stand beside a group; empty where there are none."""
    return _PUBLISHED if _published_apply(group) else _PUBLISHED.head(0)


def _published_apply(group: DetectorGroup) -> bool:
    return group.pictures_from == "darkface" and not group.synthetic
