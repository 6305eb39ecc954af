"""What a training changes in the process that it runs in, and what becomes of it afterwards."""

import pytest
import torch

from emotion_pipeline.training.devices import moved, repeatable, unwritten_memory

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def _mode() -> tuple[bool, bool, bool]:
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        unwritten_memory.fill_uninitialized_memory,
    )


def test_the_same_bits_are_asked_for_during_the_training_alone():
    before = _mode()
    with repeatable(GPU):
        assert _mode() == (True, True, False)
    assert _mode() == before != (True, True, False)


def test_a_training_that_fails_leaves_no_mode_behind():
    before = _mode()
    with pytest.raises(RuntimeError, match="failed"), repeatable(GPU):
        raise RuntimeError("failed")
    assert _mode() == before


def test_on_a_cpu_nothing_is_changed():
    before = _mode()
    with repeatable(CPU):
        assert _mode() == before


def test_moved_values_are_the_same():
    assert torch.equal(moved(torch.arange(3), CPU), torch.arange(3))
