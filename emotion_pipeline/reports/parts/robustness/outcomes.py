"""What a model said of the same pictures in all domains: the ground of every paired number."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from emotion_pipeline.domains import ORIGINAL
from emotion_pipeline.reports.base import ModelResult


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Predictions of one seed for the n test pictures that are in all of d domains.

    `said` (n, d) and `truth` (n,) are positions in the model's emotions.
    """

    sample_ids: pd.Index
    domains: tuple[str, ...]
    said: np.ndarray
    truth: np.ndarray

    @cached_property
    def right(self) -> np.ndarray:
        """(n, d) bool: the predicted class is the true one."""
        return self.said == self.truth[:, None]

    def on(self, domain: str) -> int:
        """The column of a domain. ValueError where the model was not tested on it."""
        return self.domains.index(domain)

    @property
    def before(self) -> np.ndarray:
        """(n,) what was said of the original pictures."""
        return self.said[:, self.on(ORIGINAL)]

    def of(self, sample_ids: pd.Index) -> "Outcomes":
        """The same of these pictures, which all have to be there."""
        rows = self.sample_ids.get_indexer(sample_ids)
        return Outcomes(sample_ids, self.domains, self.said[rows], self.truth[rows])


def outcomes_of(model: ModelResult, seed: int | None = None) -> Outcomes:
    """The outcomes of one seed, `shown_seed` where None; pictures in order of their names."""
    seed = model.shown_seed if seed is None else seed
    rows = {domain: model.rows(domain=domain, seed=seed) for domain in model.domains}
    tested = {domain: some for domain, some in rows.items() if len(some)}
    said = {
        domain: pd.Series(model.probabilities(some).argmax(axis=1), some["sample_id"].to_numpy())
        for domain, some in tested.items()
    }
    table = pd.DataFrame(said).dropna().sort_index().astype(np.int64)
    truth = rows[ORIGINAL].set_index("sample_id")["emotion"].reindex(table.index)
    positions = {emotion: place for place, emotion in enumerate(model.emotions)}
    return Outcomes(
        table.index, tuple(table), table.to_numpy(), truth.map(positions).to_numpy(np.int64)
    )
