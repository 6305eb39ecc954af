"""What is explored."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Explored:
    """A dataset as it lies in the lake.

    `samples`: its table without pictures. `rejects` and `duplicates`: as in `schema`; duplicates
    may be empty. `pictures`: gray (h, w) or RGB (h, w, 3) uint8 pictures by sample_id; it may leave
    some out, and has none for a table of votes. `failed_checks`: sentences.
    """

    name: str
    title: str
    homepage: str
    licence: str
    emotions: tuple[str, ...]
    published_total: int | None
    samples: pd.DataFrame
    rejects: pd.DataFrame
    duplicates: pd.DataFrame
    pictures: Callable[[list[str]], dict[str, np.ndarray]]
    failed_checks: list[str]

    @property
    def n_synthetic(self) -> int:
        """Rows of drawn faces."""
        return int(self.samples["synthetic"].sum())

    @property
    def synthetic(self) -> bool:
        return self.n_synthetic > 0

    @property
    def has_pictures(self) -> bool:
        """Whether a row is a picture, not votes on a picture of another dataset."""
        return "width_px" in self.samples

    @property
    def noun(self) -> str:
        """What a row is, in the plural."""
        return "pictures" if self.has_pictures else "rows"
