"""Checks of the hardware."""

import os
from collections.abc import Iterator
from pathlib import Path

from joblib import cpu_count

from emotion_pipeline.orchestration.doctor.finding import Finding, ok, problem, warning
from emotion_pipeline.settings import Settings

LEAST_MEMORY_GB = 4.0
_CGROUP_LIMITS = ("memory.max", "memory/memory.limit_in_bytes")
_NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def processor(settings: Settings) -> Iterator[Finding]:
    """Cores and memory, as far as this process may use them."""
    n_cores, memory_gb = cpu_count(), memory_bytes() / 1e9
    what = f"{n_cores} cores, {memory_gb:.1f} GB of memory, {settings.workers} workers"
    if memory_gb < LEAST_MEMORY_GB:
        yield warning("processor", what, "set EMOTION_PIPELINE_WORKERS to 1")
    elif settings.workers > n_cores:
        yield warning("processor", what, "set EMOTION_PIPELINE_WORKERS to the number of cores")
    else:
        yield ok("processor", what)


def gpu(settings: Settings) -> Iterator[Finding]:
    """The GPU that PyTorch sees, and whether it is the one that the settings want."""
    import torch

    build = torch.version.cuda
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            about = torch.cuda.get_device_properties(number)
            memory = f"{about.total_memory / 1e9:.0f} GB"
            yield ok("gpu", f"GPU {number}: {about.name}, {memory}; PyTorch for CUDA {build}")
    elif torch.backends.mps.is_available():
        yield ok("gpu", "Apple GPU (mps)")
    elif _NVIDIA_DRIVER.exists():
        driver = _NVIDIA_DRIVER.read_text().split("\n")[0]
        remedy = "install the PyTorch for this driver, see https://pytorch.org/get-started/locally"
        yield warning(
            "gpu", f"PyTorch ({build or 'CPU only'}) cannot use the GPU of {driver}", remedy
        )
    else:
        yield ok("gpu", "no GPU: recipes named *_small are meant for a CPU")
    yield from _wanted(settings)


def _wanted(settings: Settings) -> Iterator[Finding]:
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(settings.device, True):
        yield problem(
            "gpu",
            f"EMOTION_PIPELINE_DEVICE is {settings.device}, which PyTorch does not find",
            "set it to auto or cpu",
        )


def memory_bytes() -> int:
    """Memory of the machine, or of the container where that has a limit."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [whole]
    for name in _CGROUP_LIMITS:
        file = Path("/sys/fs/cgroup") / name
        text = file.read_text().strip() if file.is_file() else "max"
        limits += [int(text)] if text.isdigit() else []
    return min(limits)
