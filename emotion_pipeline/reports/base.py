"""What a report is given and what it gives back. Every report module speaks these types only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline.schema import EXPLANATIONS, predictions_schema

if TYPE_CHECKING:
    import pandas as pd

CURVE_COLUMNS: tuple[str, ...] = (
    "seed",
    "epoch",
    "train_loss",
    "validation_loss",
    "validation_accuracy_score",
    "learning_rate",
)
EXPLAINED_COLUMNS: tuple[str, ...] = tuple(
    name for name in EXPLANATIONS.names if name not in ("map", "redrawn_map")
)


def prediction_columns(emotions: tuple[str, ...]) -> tuple[str, ...]:
    """Columns of `ModelResult.predictions` for a model of these emotions."""
    return (*(n for n in predictions_schema(emotions).names if n != "input_digest"), "domain")


@dataclass(frozen=True)
class Cost:
    """What a model costs to use: the size of its file, and the time for one face, alone.

    The time is the median of `n_timed` runs with one thread, with their quartiles, in `runtime` on
    `processor`.
    """

    n_bytes: int
    latency_ms: float
    latency_ms_low: float
    latency_ms_high: float
    n_timed: int
    runtime: str
    processor: str


@dataclass(frozen=True, eq=False)
class ModelResult:
    """One recipe with everything that it predicted.

    `predictions`: one row per seed, domain and picture, as `prediction_columns` says. The domain
    `original` has the splits validation and test, other domains have test. `emotion` is the truth,
    decided in every row; `share_<emotion>` is NaN where nobody voted; `seen_in_training` marks rows
    whose exact pixels also stand in the training rows that were used.
    `curves`: one row per seed and epoch, `CURVE_COLUMNS`; may be empty. `meta`: anything that JSON
    can hold; shown as provenance. `n_parameters` is 0 where nobody says.
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
    predictions: "pd.DataFrame"
    curves: "pd.DataFrame"
    meta: dict[str, Any]
    foreign: bool = False
    """Trained elsewhere: on what, nobody here knows. `seen_in_training` then marks rows whose
    pixels stand in the training part of the dataset, which it may have learned from."""
    cost: Cost | None = None
    claim: float | None = None
    """The test accuracy (0 to 1) that somebody claims of it."""

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

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Seeds with predictions, ascending."""
        return tuple(sorted(int(seed) for seed in self.predictions["seed"].unique()))

    @property
    def shown_seed(self) -> int:
        """The lowest seed: the one whose numbers stand alone, chosen by no result."""
        return self.seeds[0]

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """Domains with predictions, in order of appearance."""
        return tuple(self.predictions["domain"].unique())

    def rows(
        self, split: str = "test", domain: str = ORIGINAL, seed: int | None = None
    ) -> "pd.DataFrame":
        """The predictions of one split, domain and seed (`shown_seed` where None)."""
        wanted = (split, domain, self.shown_seed if seed is None else seed)
        return self._slices.get(wanted, self.predictions.iloc[:0])

    @cached_property
    def _slices(self) -> "dict[tuple[str, str, int], pd.DataFrame]":
        return {
            (str(split), str(domain), int(seed)): rows
            for (split, domain, seed), rows in self.predictions.groupby(
                ["split", "domain", "seed"], observed=True, sort=False
            )
        }

    def probabilities(self, rows: "pd.DataFrame") -> np.ndarray:
        """(n, c) float64, classes in order of `emotions`."""
        return rows[[f"p_{emotion}" for emotion in self.emotions]].to_numpy(np.float64)

    def predicted(self, rows: "pd.DataFrame") -> np.ndarray:
        """(n,) names of the most probable emotions."""
        return np.array(self.emotions, dtype=object)[self.probabilities(rows).argmax(axis=1)]

    def right(self, rows: "pd.DataFrame") -> np.ndarray:
        """(n,) bool: the most probable emotion is the true one."""
        return self.predicted(rows) == rows["emotion"].to_numpy(object)

    def votes(self, rows: "pd.DataFrame") -> tuple[np.ndarray, np.ndarray]:
        """Vote shares and probabilities (m, 8) float64 in order of `EMOTIONS`, of rows with votes.

        An emotion that the model does not know has probability 0: the votes it got are missed.
        """
        voted = rows[rows[[f"share_{emotion}" for emotion in EMOTIONS]].notna().all(axis=1)]
        shares = voted[[f"share_{emotion}" for emotion in EMOTIONS]].to_numpy(np.float64)
        import pandas as pd

        known = pd.DataFrame(self.probabilities(voted), columns=list(self.emotions))
        return shares, known.reindex(columns=list(EMOTIONS), fill_value=0.0).to_numpy(np.float64)


@dataclass(frozen=True, eq=False)
class DetectorResult:
    """One recipe that finds faces, with the boxes that it found.

    `predictions`: columns of `schema.BOX_PREDICTIONS` without `input_digest`, where `truth` and
    `boxes` hold arrays (n, 4) float32 of left, top, right and bottom in pixels, and `scores` arrays
    (n,). `curves`: one row per seed and epoch; may be empty.
    """

    recipe: str
    description: str
    pictures_from: str
    n_parameters: int
    synthetic: bool
    predictions: "pd.DataFrame"
    curves: "pd.DataFrame"
    meta: dict[str, Any]


@dataclass(frozen=True, eq=False)
class MeanMap:
    """The mean of the maps, and of the gray pictures, that belong to n pictures of one emotion.

    Both are (side, side) uint8; 255 is what speaks most for the emotion, and white.
    """

    n_pictures: int
    map: np.ndarray
    face: np.ndarray


@dataclass(frozen=True, eq=False)
class ExplainedResult:
    """What the answers of a recipe about some test pictures rest on.

    `rows`: `EXPLAINED_COLUMNS`, one row per picture and domain, at least one; see
    `schema.EXPLANATIONS`. `maps` and `redrawn_maps` (n, side, side) uint8 are in their order.
    `means`: by emotion, of the test pictures that are predicted rightly.
    """

    recipe: str
    pictures_from: str
    rows: "pd.DataFrame"
    maps: np.ndarray
    redrawn_maps: np.ndarray
    means: Mapping[str, MeanMap]


Pictures = Callable[[str, str, list[str]], dict[str, np.ndarray]]
"""Gray (h, w) or RGB (h, w, 3) uint8 pictures by sample_id, of a dataset and a domain: faces, or
whole pictures of the datasets of detectors. Some, or all, may be left out."""


def no_pictures(_dataset: str, _domain: str, _sample_ids: list[str]) -> dict[str, np.ndarray]:
    """Where no pictures are to be had."""
    return {}


@dataclass(frozen=True)
class MadeReport:
    """A page that is there: its key in the lake, as `reports/leaderboard`, and its headline."""

    key: str
    title: str
    subject: str
    headline: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Results:
    """What reports are made from. A report is given the parts that its `READS` names.

    `people`: by dataset of pictures, `sample_id` and the columns in which it publishes who is shown
    (`person_id`, `gender`, ...), as text. `votes`: by dataset of labels, `sample_id`, `split`,
    `emotion` (None where undecided) and the counts `votes_<class>`.
    """

    models: list[ModelResult] = field(default_factory=list)
    detectors: list[DetectorResult] = field(default_factory=list)
    people: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)
    votes: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)
    pictures: Pictures = no_pictures
    reports: list[MadeReport] = field(default_factory=list)
    explanations: list[ExplainedResult] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Report:
    """A rendered report: one self-contained page, its numbers as tables, its pictures as PNG.

    `figures` are below 100 kB each; `headline` holds the few numbers worth a line in a log; `pages`
    are further self-contained pages by file name, such as `ferplus_cnn5.html`.
    """

    name: str
    title: str
    html: str
    tables: "dict[str, pd.DataFrame]"
    figures: dict[str, bytes]
    headline: Mapping[str, float]
    pages: dict[str, str] = field(default_factory=dict)


class ReportModule(Protocol):
    """What a module in this folder has to offer to be a report."""

    TITLE: str
    SUBJECT: str
    """What it answers, in a sentence."""
    READS: tuple[str, ...]
    """The parts of `Results` that it is made from."""

    def render(self, results: Results) -> Report:
        """The report on these results; none at all is a normal state."""
        ...
