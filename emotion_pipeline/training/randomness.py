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


def seed_layers(device: torch.device, seed: int) -> None:
    """Seed what layers such as dropout draw from, on this device and on the CPU.

    As `torch.manual_seed`, which also notes, and each time takes a millisecond for it, what is to
    be seeded on devices that are not in use.
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)
