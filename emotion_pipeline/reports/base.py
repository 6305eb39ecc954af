"""What a report is given and what it gives back. Every report module speaks these types only."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import predictions_schema

CURVE_COLUMNS: tuple[str, ...] = (
    "seed",
    "epoch",
    "train_loss",
    "validation_loss",
    "validation_accuracy_score",
    "learning_rate",
)


def prediction_columns(emotions: tuple[str, ...]) -> tuple[str, ...]:
    """Columns of `ModelResult.predictions` for a model of these emotions."""
    return (*(n for n in predictions_schema(emotions).names if n != "input_digest"), "domain")


@dataclass(frozen=True, eq=False)
class ModelResult:
    """One recipe with everything that it predicted.

    `predictions`: one row per seed, domain and picture, as `prediction_columns` says. The domain
    `original` has the splits validation and test, other domains have test. `emotion` is the truth,
    decided in every row; `share_<emotion>` is NaN where nobody voted; `seen_in_training` marks rows
    whose exact pixels also stand in the training rows that were used.
    `curves`: one row per seed and epoch, `CURVE_COLUMNS`; may be empty. `meta`: anything that JSON
    can hold; shown as provenance.
    Raises ValueError where the predictions contradict this.
    """

    recipe: str
    description: str
    labels_from: str
    pictures_from: str
    label_space: str
    emotions: tuple[str, ...]
    n_parameters: int
    synthetic: bool
    predictions: pd.DataFrame
    curves: pd.DataFrame
    meta: dict[str, Any]
    foreign: bool = False
    """Trained elsewhere: on what, nobody here knows. `seen_in_training` then marks rows whose
    pixels stand in the training part of the dataset, which it may have learned from."""

    def __post_init__(self) -> None:
        missing = set(prediction_columns(self.emotions)) - set(self.predictions.columns)
        if missing:
            raise ValueError(f"{self.recipe}: predictions lack the columns {sorted(missing)}")
        outside = set(self.predictions["emotion"]) - set(self.emotions)
        if outside:
            raise ValueError(f"{self.recipe}: truths outside the label space: {outside}")
        if self.predictions.empty or self.rows().empty:
            raise ValueError(f"{self.recipe}: no test rows in the domain {ORIGINAL!r}")
        if not np.isfinite(self.probabilities(self.predictions)).all():
            raise ValueError(f"{self.recipe}: some probabilities are not numbers")
        if self.predictions["synthetic"].any() and not self.synthetic:
            raise ValueError(f"{self.recipe}: synthetic rows in a result that is not synthetic")

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds with predictions, ascending."""
        return tuple(sorted(int(seed) for seed in self.predictions["seed"].unique()))

    @property
    def shown_seed(self) -> int:
        """The lowest seed: the one whose numbers stand alone, chosen by no result."""
        return self.seeds[0]

    @property
    def domains(self) -> tuple[str, ...]:
        """Domains with predictions, in order of appearance."""
        return tuple(self.predictions["domain"].unique())

    def rows(
        self, split: str = "test", domain: str = ORIGINAL, seed: int | None = None
    ) -> pd.DataFrame:
        """The predictions of one split, domain and seed (`shown_seed` where None)."""
        table = self.predictions
        wanted_seed = self.shown_seed if seed is None else seed
        return table[
            (table["split"] == split) & (table["domain"] == domain) & (table["seed"] == wanted_seed)
        ]

    def probabilities(self, rows: pd.DataFrame) -> np.ndarray:
        """(n, c) float64, classes in order of `emotions`."""
        return rows[[f"p_{emotion}" for emotion in self.emotions]].to_numpy(np.float64)

    def predicted(self, rows: pd.DataFrame) -> np.ndarray:
        """(n,) names of the most probable emotions."""
        return np.array(self.emotions, dtype=object)[self.probabilities(rows).argmax(axis=1)]

    def right(self, rows: pd.DataFrame) -> np.ndarray:
        """(n,) bool: the most probable emotion is the true one."""
        return self.predicted(rows) == rows["emotion"].to_numpy(object)

    def votes(self, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Vote shares and probabilities (m, 8) float64 in order of `EMOTIONS`, of rows with votes.

        An emotion that the model does not know has probability 0: the votes it got are missed.
        """
        voted = rows[rows[[f"share_{emotion}" for emotion in EMOTIONS]].notna().all(axis=1)]
        shares = voted[[f"share_{emotion}" for emotion in EMOTIONS]].to_numpy(np.float64)
        known = pd.DataFrame(self.probabilities(voted), columns=list(self.emotions))
        return shares, known.reindex(columns=list(EMOTIONS), fill_value=0.0).to_numpy(np.float64)


@dataclass(frozen=True, eq=False)
class Report:
    """A rendered report: one self-contained page, its numbers as tables, its pictures as PNG.

    `figures` are below 100 kB each; `headline` holds the few numbers worth a line in a log.
    """

    name: str
    title: str
    html: str
    tables: dict[str, pd.DataFrame]
    figures: dict[str, bytes]
    headline: dict[str, float]


class ReportModule(Protocol):
    """What a module in this folder has to offer to be a report."""

    TITLE: str

    def render(self, models: list[ModelResult]) -> Report:
        """The report on these models; an empty list is a normal state."""
        ...
