"""Random numbers that follow from a text alone.

numpy guarantees the raw stream of a bit generator for good; it does not guarantee what its
distributions make of it. So only raw bits are asked for here.
"""

import hashlib
from functools import cached_property
from math import prod

import numpy as np


class Chance:
    """Where one picture's random numbers come from; equal names give equal numbers."""

    def __init__(self, *names: str) -> None:
        self._names = names

    @cached_property
    def _bits(self) -> np.random.PCG64:
        digest = hashlib.blake2b("\0".join(self._names).encode(), digest_size=8).digest()
        return np.random.PCG64(int.from_bytes(digest, "big"))

    def bytes(self, shape: tuple[int, ...]) -> np.ndarray:
        """The next random bytes: uint8, each of the 256 values as likely as any other."""
        n = prod(shape)
        words = self._bits.random_raw(-(-n // 8)).astype("<u8", copy=False)
        return words.view(np.uint8)[:n].reshape(shape)

    def uniform(self, *shape: int) -> np.ndarray:
        """The next random numbers from 0 to 1, 1 excluded: float64 with 53 random bits each."""
        return (self._bits.random_raw(prod(shape)) >> np.uint64(11)).reshape(shape) * 2.0**-53
