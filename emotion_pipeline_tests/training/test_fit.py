import logging
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.multiprocessing import ProcessRaisedException

from emotion_pipeline.training import checkpoints
from emotion_pipeline.training.averaging import TailAverage
from emotion_pipeline.training.curves import best_epoch, has_ended
from emotion_pipeline.training.epochs import TrainingDivergedError
from emotion_pipeline.training.fit import FitResult, fit
from emotion_pipeline.training.module import Training
from emotion_pipeline.training.optimise import learning_rate_factor
from emotion_pipeline.training.recipe import Recipe, training_values
from emotion_pipeline.training.trainer import Hardware, build_trainer
from emotion_pipeline.training.values import Schedule
from emotion_pipeline_tests.training import tiny


def _fit(folder: Path, recipe: Recipe | None = None, seed: int = 1, identity: str = "a"):
    train, validation = tiny.patterns(64), tiny.patterns(32, seed=9)
    chosen = recipe or tiny.recipe()
    return fit(chosen, seed, train, validation, folder, identity=identity, hardware=Hardware("cpu"))


def _same(one: FitResult, other: FitResult) -> bool:
    names = one.state_dict.keys() == other.state_dict.keys()
    weights = all(
        torch.equal(one.state_dict[name], other.state_dict[name]) for name in one.state_dict
    )
    return names and weights and one.curves.equals(other.curves)


@pytest.fixture(scope="module")
def finished_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("unkilled")


@pytest.fixture(scope="module")
def unkilled(finished_folder) -> FitResult:
    return _fit(finished_folder)


def _stop_at(monkeypatch, epoch: int) -> None:
    """Make training fail in the middle of an epoch, counted from 0."""
    from emotion_pipeline.training.module import Training

    step = Training.training_step

    def failing(self, batch, batch_idx):
        if (self.current_epoch, batch_idx) == (epoch, 2):
            raise RuntimeError("killed")
        return step(self, batch, batch_idx)

    monkeypatch.setattr(Training, "training_step", failing)


def test_training_learns_patterns_that_are_easy_to_tell_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = tiny.recipe(epochs=12, augment={"policy": "none"}, precision="bf16-mixed")
    result = _fit(tmp_path / "work", recipe)
    losses = result.curves["train_loss"]
    assert losses.iloc[-1] < 0.8 * losses.iloc[0]
    assert result.curves["validation_accuracy_score"].max() > 3 / tiny.N_CLASSES
    assert result.curves["epoch"].tolist() == list(range(1, 13))
    assert result.epoch == result.curves["validation_loss"].argmin() + 1
    assert result.n_parameters > 0
    assert result.seconds > 0
    assert list((tmp_path / "work" / "tensorboard").glob("events*"))
    assert [path.name for path in tmp_path.iterdir()] == ["work"]  # nothing beside the work folder


def test_the_seed_decides_the_weights(tmp_path, unkilled):
    assert _same(_fit(tmp_path / "again"), unkilled)
    assert not _same(_fit(tmp_path / "other", seed=2), unkilled)


@pytest.mark.parametrize("epoch", [1, 3])
def test_a_run_that_failed_goes_on_to_the_same_weights(tmp_path, monkeypatch, unkilled, epoch):
    with monkeypatch.context() as patch:
        _stop_at(patch, epoch)
        with pytest.raises(RuntimeError, match="killed"):
            _fit(tmp_path)
    assert len(checkpoints.read(tmp_path / checkpoints.LAST)["rows"]) == epoch
    assert _same(_fit(tmp_path), unkilled)


def test_a_run_that_failed_after_a_part_was_released_goes_on_to_the_same_weights(
    tmp_path, monkeypatch
):
    recipe = tiny.recipe(freeze={"parts": ["blocks.0"], "epochs": 1})
    unkilled = _fit(tmp_path / "unkilled", recipe)
    with monkeypatch.context() as patch:
        _stop_at(patch, 2)
        with pytest.raises(RuntimeError, match="killed"):
            _fit(tmp_path / "killed", recipe)
    assert _same(_fit(tmp_path / "killed", recipe), unkilled)


def test_the_training_loss_is_that_of_the_weights_and_not_of_those_that_sam_tries(tmp_path):
    losses = []
    for rho in (0.0, 1.0):
        optimiser = {"name": "sgd", "learning_rate": 0.05, "sam_rho": rho}
        one_step = tiny.recipe(optimiser=optimiser, epochs=1, batch_size=64)
        losses += _fit(tmp_path / str(rho), one_step).curves["train_loss"].tolist()
    assert losses[1] == pytest.approx(losses[0], abs=1e-6)


def test_a_run_killed_while_it_writes_goes_on_to_the_same_weights(tmp_path, unkilled):
    code = (
        "import os, signal, shutil, sys; from pathlib import Path\n"
        "from emotion_pipeline_tests.training import test_fit\n"
        "copy, n = shutil.copyfile, []\n"
        "def dying(source, target):\n"
        "    n.append(copy(source, target))\n"
        "    if len(n) == 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "shutil.copyfile = dying\n"
        "test_fit.torch.set_num_threads(1)\n"
        "test_fit._fit(Path(sys.argv[1]))\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -9
    assert _same(_fit(tmp_path), unkilled)


def test_a_finished_run_is_not_trained_again(finished_folder, monkeypatch, unkilled):
    _stop_at(monkeypatch, 0)
    assert _same(_fit(finished_folder), unkilled)


@pytest.mark.parametrize("names", [["last.ckpt"], ["best.ckpt"], ["last.ckpt", "best.ckpt"]])
@pytest.mark.parametrize("keep", [0, 0.6])
def test_damaged_checkpoints_do_not_end_the_run(
    tmp_path, caplog, finished_folder, unkilled, names, keep
):
    shutil.copytree(finished_folder, tmp_path, dirs_exist_ok=True)
    for name in names:
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: int(keep * len(whole))])
    with caplog.at_level(logging.WARNING):
        assert _same(_fit(tmp_path), unkilled)
    assert "is damaged" in caplog.text


@pytest.mark.parametrize(
    "change", [{"identity": "b"}, {"seed": 2}, {"recipe": tiny.recipe(batch_size=32)}]
)
def test_what_other_inputs_left_behind_is_removed(tmp_path, finished_folder, unkilled, change):
    shutil.copytree(finished_folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "notes.txt").write_text("mine")
    values = {"identity": "a", "seed": 1, "recipe": tiny.recipe(), **change}
    values["recipe"] = training_values(values["recipe"])
    checkpoints.prepare(tmp_path, values)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["identity.json", "notes.txt"]


def raising(error):
    def full(*_):
        raise error

    return full


@pytest.mark.parametrize(
    ("full", "message"),
    [
        (raising(torch.OutOfMemoryError("no room")), "halve batch_size"),
        (lambda *_: torch.empty(2**50), "halve batch_size"),
        (raising(ProcessRaisedException("torch.OutOfMemoryError", 1, 2)), "halve batch_size"),
        (raising(RuntimeError("something else")), "something else"),
    ],
)
def test_too_little_memory_ends_with_advice(tmp_path, monkeypatch, full, message):
    from emotion_pipeline.training import module

    monkeypatch.setattr(module, "build_loss", lambda *_: full)
    with pytest.raises((MemoryError, RuntimeError), match=message):
        _fit(tmp_path)


@pytest.mark.filterwarnings("ignore:std_mean")
def test_a_validation_batch_without_rows_adds_nothing():
    recipe = tiny.recipe()
    module = Training(recipe, 1).eval()
    module.on_validation_epoch_start()
    for n in (0, 4):
        module.validation_step(((torch.zeros(n, 1, 32, 32),), torch.eye(8)[:n]), 0)
    empty, some = module._validation_sums
    assert empty.tolist() == [0, 0, 0]
    assert some[0] > 0
    assert some[2] == 4


@pytest.mark.parametrize(("share", "epochs", "first"), [(0.29, 100, 29), (0.5, 5, 2), (0.0, 9, 0)])
def test_the_average_begins_with_the_epoch_of_its_share(tmp_path, share, epochs, first):
    recipe = tiny.recipe(ema_decay=None, swa_from=share, epochs=epochs)
    trainer = build_trainer(recipe, tmp_path, Hardware("cpu"), progress=False)
    (average,) = (one for one in trainer.callbacks if isinstance(one, TailAverage))
    assert average.first_epoch == first


def test_a_loss_far_beyond_that_of_guessing_ends_with_advice(tmp_path, monkeypatch):
    from emotion_pipeline.training import fit as module

    _fit(tmp_path / "as it is")
    monkeypatch.setattr(module, "FAR_WORSE", 0.01)
    with pytest.raises(TrainingDivergedError, match=r"for guessing: try .* for example 0\.005"):
        _fit(tmp_path / "as if")


def test_patience_ends_training_and_the_first_best_epoch_is_kept():
    recipe = tiny.recipe(epochs=10, early_stopping={"patience_epochs": 2})
    rows = [{"epoch": i, "validation_loss": loss} for i, loss in enumerate((3, 2, 2, 4), start=1)]
    assert best_epoch(rows) == 2
    assert [has_ended(rows[:n], recipe) for n in range(5)] == [False, False, False, False, True]
    assert not has_ended(rows, tiny.recipe(epochs=5))
    assert has_ended(rows, tiny.recipe(epochs=4))


def test_the_run_stops_when_patience_is_exhausted_and_stays_stopped(tmp_path):
    recipe = tiny.recipe(epochs=20, early_stopping={"patience_epochs": 2}, ema_decay=None)
    train, validation = tiny.patterns(64), tiny.patterns(32, seed=9)
    misnamed = replace(validation, targets=np.roll(validation.targets, 1, axis=1))

    def run() -> FitResult:
        return fit(recipe, 1, train, misnamed, tmp_path, identity="a", hardware=Hardware("cpu"))

    result = run()
    assert len(result.curves) == result.epoch + 2 < 20  # what is learned makes validation worse
    assert _same(run(), result)


def test_the_learning_rate_warms_up_and_falls_to_nothing():
    factor = learning_rate_factor(Schedule(name="cosine", warmup_fraction=0.1), 100)
    assert factor(0) == pytest.approx(0.1)
    assert max(map(factor, range(100))) == pytest.approx(factor(9))
    assert 0 < factor(99) < 0.001
    constant = learning_rate_factor(Schedule(name="constant", warmup_fraction=0.1), 100)
    assert (constant(4), constant(99)) == (0.5, 1)
