import logging

import pytest
import torch

from emotion_pipeline.training.epochs import TrainingDivergedError
from emotion_pipeline.training.fit import FitResult, fit
from emotion_pipeline.training.precision import precision_on
from emotion_pipeline.training.trainer import Hardware
from emotion_pipeline_tests.training import tiny

HALVES = ("bf16-mixed", "16-mixed")


def _processor(monkeypatch, *instructions: str) -> None:
    """Let the processor have these instructions of those that it may be asked for."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: dict.fromkeys(instructions, True))


def _fit(folder, precision: str) -> FitResult:
    recipe = tiny.recipe(epochs=1, precision=precision)
    rows = tiny.patterns(32), tiny.patterns(16, seed=9)
    return fit(recipe, 1, *rows, folder, identity="a", hardware=Hardware("cpu"))


@pytest.mark.parametrize("precision", HALVES)
@pytest.mark.parametrize("instruction", ["amx_bf16", "avx512_bf16", "bf16"])
def test_a_processor_with_instructions_for_it_computes_as_the_recipe_says(
    monkeypatch, caplog, precision, instruction
):
    _processor(monkeypatch, "avx2", instruction)
    assert precision_on(torch.device("cpu"), precision) == precision
    assert not caplog.records


@pytest.mark.parametrize("precision", HALVES)
def test_a_processor_without_them_computes_in_full_precision_and_says_so(
    monkeypatch, caplog, precision
):
    _processor(monkeypatch, "avx2", "avx512_f")
    with caplog.at_level(logging.WARNING):
        assert precision_on(torch.device("cpu"), precision) == "32-true"
    assert f"no instructions for {precision}" in caplog.text


def test_full_precision_stays_and_needs_no_word(monkeypatch, caplog):
    _processor(monkeypatch)
    assert precision_on(torch.device("cpu"), "32-true") == "32-true"
    assert not caplog.records


@pytest.mark.parametrize(("supported", "expected"), [(True, "bf16-mixed"), (False, "32-true")])
def test_a_gpu_is_asked_for_bfloat16_that_it_does_not_imitate(monkeypatch, supported, expected):
    monkeypatch.setattr(
        torch.cuda,
        "is_bf16_supported",
        lambda including_emulation: supported or including_emulation,
    )
    assert precision_on(torch.device("cuda"), "bf16-mixed") == expected
    assert precision_on(torch.device("cuda"), "16-mixed") == "16-mixed"


def test_a_training_notes_the_precision_that_it_ran_in(tmp_path, monkeypatch):
    _processor(monkeypatch)
    imitated, full = _fit(tmp_path / "imitated", "bf16-mixed"), _fit(tmp_path / "full", "32-true")
    assert imitated.precision == full.precision == "32-true"
    assert all(
        torch.equal(imitated.state_dict[name], full.state_dict[name]) for name in full.state_dict
    )
    _processor(monkeypatch, "avx512_bf16")
    assert _fit(tmp_path / "half", "bf16-mixed").precision == "bf16-mixed"


@pytest.mark.parametrize(
    ("instruction", "advice"),
    [("amx_bf16", ", or precision 32-true instead of bf16-mixed"), ("avx2", "")],
)
def test_divergence_advises_a_lower_rate_and_more_precision_where_there_is_more(
    tmp_path, monkeypatch, instruction, advice
):
    from emotion_pipeline.training import module

    _processor(monkeypatch, instruction)
    nonsense = lambda *_: lambda logits, _: logits.sum() * float("nan")  # noqa: E731
    monkeypatch.setattr(module, "build_loss", nonsense)
    expected = rf"lower learning_rate than 0\.05, for example 0\.005{advice}$"
    with pytest.raises(TrainingDivergedError, match=expected):
        _fit(tmp_path, "bf16-mixed")
    assert not list(tmp_path.glob("*.ckpt"))
