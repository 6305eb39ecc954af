"""Random streams that depend on what they are for, never on what was drawn before.

A run that was killed and goes on draws the same numbers as one that was not.
"""

import hashlib

import torch


def seed_for(purpose: str, *indices: int) -> int:
    """A seed (0 to 2**63 - 1) from a purpose and indices such as seed, epoch and batch."""
    text = repr((purpose, *indices)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") >> 1


def stream(purpose: str, *indices: int) -> torch.Generator:
    """A generator on the CPU: its draws are the same whatever device they are then moved to."""
    return torch.Generator().manual_seed(seed_for(purpose, *indices))
