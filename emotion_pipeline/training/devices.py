"""On what torch computes, and what has to be known of it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch

unwritten_memory: Any = torch.utils.deterministic
"""Where torch is told whether to fill memory that nobody has written, as it does by default when
the same bits are asked for. Nothing here reads such memory, and filling it takes its time."""


def choose_device(name: str) -> torch.device:
    """The device of a setting; `auto` is the first GPU if there is one."""
    if name != "auto":
        return torch.device(name)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def moved(values: torch.Tensor, device: torch.device) -> torch.Tensor:
    """The values on a device; the CPU does not wait for an NVIDIA GPU to have taken them.

    For Apple's it has to: there the copy may be made after the memory has been given away.
    """
    return values.to(device, non_blocking=device.type == "cuda")


def full_precision() -> AbstractContextManager[None]:
    """Convolutions on NVIDIA's GPUs without TensorFloat-32, which has ten bits of a number's 23."""
    flags: AbstractContextManager[None] = torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
    return flags


@contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Let a GPU give the same bits every time, where torch has such a way of doing things.

    Elsewhere it would change nothing but the speed. Afterwards all is as before: Lightning's own
    `deterministic` would stay in force for whatever the process does next.
    """
    if device.type != "cuda":
        yield
        return
    was_on = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = unwritten_memory.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    unwritten_memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(was_on, warn_only=warned)
        unwritten_memory.fill_uninitialized_memory = filled
