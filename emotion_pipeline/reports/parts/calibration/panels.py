"""How far people agree on the FER+ pictures: what no model can be asked to exceed.

The tables of 2017 and 2016 hold the same votes for most pictures. Where their counts differ, the
pictures were voted on again: these rows alone are two panels.
"""

from typing import Any

import numpy as np
import pandas as pd

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.metrics.classification import confusion_counts
from emotion_pipeline.metrics.intervals import (
    bootstrap_interval,
    bootstrap_mean_interval,
    wilson_interval,
)
from emotion_pipeline.metrics.panels import (
    equal_by_chance,
    kappa,
    redrawn_agreement,
    split_agreement,
)
from emotion_pipeline.metrics.votes import jensen_shannon_error
from emotion_pipeline.reports.parts.resampled import Statistic, with_intervals
from emotion_pipeline.votes import VOTE_CLASSES

LATER, EARLIER = "ferplus", "ferplus_2016"

SPLIT_HALF = ("who", "n", *with_intervals("agreement_score"))
TWO_PANELS = (
    *("pictures", "n"),
    *with_intervals("agreement_score", "reweighted_score", "jensen_shannon_error", "kappa"),
)
BY_EMOTION = ("emotion", "n", *with_intervals("agreement_score"))

_COUNTS = [f"votes_{name}" for name in VOTE_CLASSES]


def split_half_table(votes: pd.DataFrame) -> pd.DataFrame:
    """What one table says of two panels, on its decided test rows; columns `SPLIT_HALF`."""
    rows = _decided_test(votes)
    counts = rows[_COUNTS].to_numpy(np.int64)
    counts = counts[counts.sum(axis=1) == 10]
    measured = {
        "one tagger against the other nine": split_agreement(counts, 1),
        "five taggers against the other five": split_agreement(counts, 5),
        "a perfect predictor against ten new taggers, at most": redrawn_agreement(counts),
    }
    table = [{"who": who, "n": len(counts), **_mean(values)} for who, values in measured.items()]
    return pd.DataFrame(table if len(counts) else [], columns=list(SPLIT_HALF))


def _decided_test(votes: pd.DataFrame) -> pd.DataFrame:
    return votes[(votes["split"] == "test") & votes["emotion"].notna()]


def _mean(values: np.ndarray, name: str = "agreement_score") -> dict[str, float]:
    low, high = bootstrap_mean_interval(values)
    return {name: float(values.mean()), f"{name}_low": float(low), f"{name}_high": float(high)}


class TwoPanels:
    """The `n` pictures that both tables hold, `n_equal` of them with equal counts of votes.

    `n_equal_by_chance`: how many equal counts two independent panels would give at most.
    `voted_again`: the rows whose counts differ.
    """

    def __init__(self, later: pd.DataFrame, earlier: pd.DataFrame) -> None:
        columns = ["sample_id", "split", "emotion", *_COUNTS]
        earlier = earlier[columns].drop(columns="split")
        both = later[columns].merge(earlier, on="sample_id", suffixes=("", "_before"))
        counts, before = (
            both[[f"{name}{end}" for name in _COUNTS]].to_numpy(np.int64) for end in ("", "_before")
        )
        equal = (counts == before).all(axis=1)
        self.n = len(both)
        self.n_equal = int(equal.sum())
        self.n_equal_by_chance = float(equal_by_chance(counts).sum())
        self.voted_again = both[~equal]
        self._mix = _mix(_decided_test(later))

    def table(self) -> pd.DataFrame:
        """Agreement of the panels where both have a majority; columns `TWO_PANELS`."""
        again = self.voted_again[self._decided(self.voted_again)]
        parts = {"all splits": again, "test": again[again["split"] == "test"]}
        rows = [self._row(name, part) for name, part in parts.items() if len(part)]
        return pd.DataFrame(rows, columns=list(TWO_PANELS))

    def by_emotion(self) -> pd.DataFrame:
        """Agreement by the majority of the later panel, over all splits; columns `BY_EMOTION`."""
        again = self.voted_again[self._decided(self.voted_again)]
        counts = _confusion(again)
        n, n_agreed = counts.sum(axis=1), np.diagonal(counts)
        low, high = wilson_interval(n_agreed, n)
        columns = [EMOTIONS, n, n_agreed / np.where(n > 0, n, np.nan), low, high]
        return pd.DataFrame(dict(zip(BY_EMOTION, columns, strict=True)))

    def _decided(self, rows: pd.DataFrame) -> pd.Series:
        return rows["emotion"].notna() & rows["emotion_before"].notna()

    def _row(self, name: str, rows: pd.DataFrame) -> dict[str, Any]:
        counts = _confusion(rows)
        n, n_agreed = int(counts.sum()), int(np.trace(counts))
        low, high = wilson_interval(n_agreed, n)
        shares, before = (
            _shares(rows[[f"votes_{one}{end}" for one in EMOTIONS]]) for end in ("", "_before")
        )
        return {
            "pictures": name,
            "n": n,
            "agreement_score": n_agreed / n,
            "agreement_score_low": float(low),
            "agreement_score_high": float(high),
            **_resampled("reweighted_score", counts, self._reweighted),
            **_mean(jensen_shannon_error(shares, before), "jensen_shannon_error"),
            **_resampled("kappa", counts, kappa),
        }

    def _reweighted(self, counts: np.ndarray) -> np.ndarray:
        """Agreement had the emotions the mix of the test rows, as far as they have rows."""
        n = counts.sum(axis=-1)
        weight = np.where(n > 0, self._mix, 0.0)
        agreed = np.diagonal(counts, axis1=-2, axis2=-1) / np.maximum(n, 1)
        return np.asarray((weight * agreed).sum(axis=-1) / np.maximum(weight.sum(axis=-1), 1e-12))


def _resampled(name: str, counts: np.ndarray, statistic: Statistic) -> dict[str, float]:
    low, high = bootstrap_interval(counts, statistic)
    return {
        name: float(statistic(counts)),
        f"{name}_low": float(low),
        f"{name}_high": float(high),
    }


def _confusion(rows: pd.DataFrame) -> np.ndarray:
    return confusion_counts(rows["emotion"].to_numpy(), rows["emotion_before"].to_numpy(), EMOTIONS)


def _mix(rows: pd.DataFrame) -> np.ndarray:
    counts = rows["emotion"].value_counts().reindex(list(EMOTIONS), fill_value=0).to_numpy(float)
    return counts / max(counts.sum(), 1)


def _shares(counts: pd.DataFrame) -> np.ndarray:
    values = counts.to_numpy(np.float64)
    return values / values.sum(axis=1, keepdims=True)
