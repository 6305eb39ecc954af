"""Which training rows come up, and how often, where classes are not equally frequent."""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch


def balanced_order(labels: np.ndarray, n: int, generator: torch.Generator) -> torch.Tensor:
    """Row numbers (n,) int64 among which every class is equally frequent, or once more often.

    `labels` is (N,) int, the class of each row; classes without rows are passed over. The rows of
    a class come in random order, none a second time before all have come. Raises ValueError where
    there are no rows to take.
    """
    if n and not len(labels):
        raise ValueError(f"{n} rows were asked for, but there are none to take them from")
    classes = np.unique(labels)
    shuffled = torch.randperm(len(classes), generator=generator).numpy()  # who comes once more
    places = classes[shuffled[np.arange(n) % max(1, len(classes))]]
    places = places[torch.randperm(n, generator=generator).numpy()]  # (n,) class of each place
    order = torch.empty(n, dtype=torch.int64)
    for one in classes:
        wanted = torch.from_numpy(np.flatnonzero(places == one))
        rows = torch.from_numpy(np.flatnonzero(labels == one))
        rounds = -(-len(wanted) // len(rows))
        passes = [rows[torch.randperm(len(rows), generator=generator)] for _ in range(rounds)]
        order[wanted] = torch.cat([rows[:0], *passes])[: len(wanted)]
    return order


def at_most_per_class(sample_ids: Sequence[str], labels: np.ndarray, limit: int) -> np.ndarray:
    """Which rows to keep, (N,) bool: all of a class, or `limit` of them, chosen by their ids.

    `labels` is (N,) int. A class keeps the rows whose ids have the lowest hashes, so that a new row
    pushes out at most one other, and another order of the rows changes nothing.
    """
    ranks = np.array([_rank(sample_id) for sample_id in sample_ids], np.uint64)
    kept = np.zeros(len(labels), bool)
    for one in np.unique(labels):
        rows = np.flatnonzero(labels == one)
        kept[rows[np.argsort(ranks[rows], kind="stable")[:limit]]] = True
    return kept


def _rank(sample_id: str) -> int:
    """A number from 0 to 2**64 - 1 that has nothing to do with other hashes of the id."""
    digest = hashlib.blake2b(sample_id.encode(), digest_size=8, person=b"at_most")
    return int.from_bytes(digest.digest(), "big")
