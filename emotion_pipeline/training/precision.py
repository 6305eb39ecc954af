"""The precision of a training: the recipe's, where the device has instructions for it."""

import logging

import torch

log = logging.getLogger(__name__)

FULL = "32-true"
# Names of instructions that multiply bfloat16, on x86-64 and ARM.
_BFLOAT16 = ("amx_bf16", "avx512_bf16", "avx10_2", "bf16", "sve_bf16")


def precision_on(device: torch.device, precision: str) -> str:
    """The precision of a recipe, or full precision where the device would only imitate it.

    A processor without instructions for bfloat16 takes ten times as long in it as in float32.
    """
    if precision == FULL or _has_instructions(device, precision):
        return precision
    log.warning(
        "this %s has no instructions for %s: training in %s instead", device.type, precision, FULL
    )
    return FULL


def _has_instructions(device: torch.device, precision: str) -> bool:
    if device.type == "cpu":  # Lightning takes bfloat16 there for every kind of half precision
        capabilities = torch.cpu.get_capabilities()
        return any(capabilities.get(name) for name in _BFLOAT16)
    if device.type == "cuda" and precision == "bf16-mixed":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return True
