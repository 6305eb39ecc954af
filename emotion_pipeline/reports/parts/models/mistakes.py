"""Picture by picture: which predictions are wrong, how sure they were, and what people said.

All of the shown seed, on original test pictures.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import entropy

from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.metrics.votes import soft_accuracy_score
from emotion_pipeline.reports.base import ModelResult

CHOSEN_BY_PEOPLE = 0.3
"""Share of the votes from which on a wrong class is one that people chose too: 3 of 10."""
_ROUNDING = 1e-9

MISTAKES = ("sample_id", "emotion", "predicted", "probability")
DISPUTED = (
    *("sample_id", "entropy_bits", "first", "first_share", "second", "second_share"),
    *("predicted", "probability"),
)


def mistakes_table(model: ModelResult) -> pd.DataFrame:
    """The wrong predictions, surest first, columns `MISTAKES`; equal ones by name."""
    rows = model.rows()
    wrong = rows[~model.right(rows)]
    table = wrong[["sample_id", "emotion"]].assign(**_said(model, wrong))
    by = table.sort_values(["probability", "sample_id"], ascending=[False, True])
    return by[list(MISTAKES)].reset_index(drop=True)


class PeopleToo(NamedTuple):
    """How many of the mistakes on pictures with votes go to a class that people chose too."""

    n: int
    n_mistakes: int


def chosen_by_people_too(model: ModelResult) -> PeopleToo:
    """Mistakes whose class got at least CHOSEN_BY_PEOPLE of the votes of that picture."""
    rows = model.rows()
    shares = soft_accuracy_score(*model.votes(rows[~model.right(rows)]))
    return PeopleToo(int((shares >= CHOSEN_BY_PEOPLE - _ROUNDING).sum()), len(shares))


def disputed_table(model: ModelResult) -> pd.DataFrame:
    """The pictures with votes, least agreed first, columns `DISPUTED`; equal ones by name.

    `entropy_bits` is Shannon's entropy of the vote shares: 0 where all agree, 3 where eight
    emotions got equal shares. `first` and `second` are the two emotions with most votes.
    """
    rows = model.rows()
    columns = [f"share_{emotion}" for emotion in EMOTIONS]
    voted = rows[rows[columns].notna().all(axis=1)]
    shares = voted[columns].to_numpy(np.float64)
    order = np.argsort(-shares, axis=1, kind="stable")
    told = {}
    for place, name in enumerate(("first", "second")):
        told[name] = np.array(EMOTIONS, dtype=object)[order[:, place]]
        told[f"{name}_share"] = np.take_along_axis(shares, order, axis=1)[:, place]
    bits = np.round(entropy(shares, base=2, axis=1), 9)  # rounded: order must not hang on the last
    table = voted[["sample_id"]].assign(entropy_bits=bits, **told, **_said(model, voted))
    by = table.sort_values(["entropy_bits", "sample_id"], ascending=[False, True])
    return by[list(DISPUTED)].reset_index(drop=True)


def _said(model: ModelResult, rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """The predicted class of each row, and the probability of it."""
    probability = model.probabilities(rows).max(axis=1, initial=0.0)
    return {"predicted": model.predicted(rows), "probability": probability}
