"""What people and published models reach on the FER+ test rows.

The human lines were measured on the vote table of 2017 (3,153 test rows that the majority rule
keeps); the published ones are quoted from their papers and were not run again.
"""

from dataclasses import dataclass

import pandas as pd

from emotion_pipeline.reports.base import ModelResult


@dataclass(frozen=True)
class Human:
    """Accuracy (0 to 1) and Jensen-Shannon divergence (bits) of a predictor that needs no model."""

    who: str
    accuracy_score: float | None
    jensen_shannon_error: float | None


@dataclass(frozen=True)
class Published:
    """A published accuracy (0 to 1), with its spread where the paper gives one."""

    who: str
    source: str | None
    accuracy_score: float
    accuracy_score_sd: float | None
    note: str


HUMAN = (
    Human("always neutral", 0.346, None),
    Human("the same probability for every emotion", None, 0.589),
    Human("the class frequencies for every picture", None, 0.466),
    Human("the original FER2013 label", 0.671, None),
    Human("one tagger against the other nine", 0.771, None),
    Human("five taggers against the other five", 0.879, None),
    Human("ten taggers against another ten", 0.902, 0.084),
    Human("a perfect hard label", None, 0.104),
    Human("sampling noise of ten votes", None, 0.025),
)

_BARSOUM = "Barsoum et al. 2016"
PUBLISHED = (
    Published("VGG13, majority label", _BARSOUM, 0.8385, 0.0063, "no external data"),
    Published("VGG13, multi-label", _BARSOUM, 0.8397, 0.0036, "no external data"),
    Published("VGG13, label drawing", _BARSOUM, 0.8499, 0.0037, "no external data"),
    Published("VGG13, cross-entropy on the votes", _BARSOUM, 0.8472, 0.0024, "no external data"),
    Published("five-block CNN", None, 0.8331, None, "no external data"),
    Published("SENet50, VGGFace2", None, 0.888, None, "pre-trained on external faces"),
    Published("DDAMFN", None, 0.9074, None, "pre-trained; selected on the test rows"),
)


def apply_to(model: ModelResult) -> bool:
    """Whether these lines may stand beside a result: real people, FER+ labels, eight emotions."""
    return (
        model.labels_from == "ferplus"
        and model.label_space == "eight_emotions"
        and not model.synthetic
    )


def human_lines() -> dict[str, float]:
    """The accuracies (0 to 1) of `HUMAN` by name."""
    return {one.who: one.accuracy_score for one in HUMAN if one.accuracy_score is not None}


def human_table() -> pd.DataFrame:
    """`HUMAN`; NaN where there is no such number."""
    rows = [(one.who, one.accuracy_score, one.jensen_shannon_error) for one in HUMAN]
    return pd.DataFrame(rows, columns=["predictor", "accuracy_score", "jensen_shannon_error"])


def published_table() -> pd.DataFrame:
    """`PUBLISHED`; NaN where the paper gives no spread."""
    rows = [
        (one.who, one.accuracy_score, one.accuracy_score_sd, one.note, one.source or "")
        for one in PUBLISHED
    ]
    columns = ["model", "accuracy_score_mean", "accuracy_score_sd", "note", "source"]
    return pd.DataFrame(rows, columns=columns)
