"""Learning from one's own averaged weights: what the targets are, and that resuming knows it."""

import pytest
import torch

from emotion_pipeline.training import module as training
from emotion_pipeline.training.averaging import averaged
from emotion_pipeline.training.fit import FitResult, fit
from emotion_pipeline.training.losses import soft_cross_entropy
from emotion_pipeline.training.module import Training
from emotion_pipeline.training.trainer import Hardware
from emotion_pipeline_tests.training import tiny

SHARE, N_EPOCHS, N_BATCHES = 0.8, 2, 4


def _fit(folder, mean_teacher: float | None) -> FitResult:
    recipe = tiny.recipe(epochs=N_EPOCHS, mean_teacher=mean_teacher, keep="last")
    train, validation = tiny.patterns(16 * N_BATCHES), tiny.patterns(32, seed=9)
    return fit(recipe, 1, train, validation, folder, identity="", hardware=Hardware("cpu"))


@pytest.fixture
def learned(monkeypatch) -> list[torch.Tensor]:
    """The targets of every step, in their order."""
    targets = []

    def noting(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        targets.append(wanted)
        return soft_cross_entropy(logits, wanted)

    monkeypatch.setattr(training, "build_loss", lambda *_: noting)
    return targets


def test_the_teachers_share_of_the_targets_grows_with_the_steps(tmp_path, learned):
    _fit(tmp_path, SHARE)
    assert len(learned) == N_EPOCHS * N_BATCHES
    for step, targets in enumerate(learned):
        share = SHARE * step / len(learned)
        label = targets.argmax(1)
        said = targets - (1 - share) * torch.eye(tiny.N_CLASSES)[label]
        assert said.min() >= -1e-6
        assert torch.allclose(said.sum(1), torch.full((len(said),), share), atol=1e-6)


def test_without_a_teacher_the_labels_stay_as_they_are(tmp_path, learned):
    _fit(tmp_path, None)
    assert all(targets.amax(1).eq(1).all() for targets in learned)


def test_the_teacher_is_the_average_of_the_weights_and_sees_the_same_batch(tmp_path, monkeypatch):
    asked = []
    taught = Training._taught

    def noting(self, inputs, targets):
        network = averaged(self.trainer).network
        asked.append((network.training, self.network.training))
        mixed = taught(self, inputs, targets)
        share = SHARE * self.trainer.global_step / (N_EPOCHS * N_BATCHES)
        expected = (1 - share) * targets + share * network(*inputs).softmax(1)
        assert torch.allclose(mixed, expected, atol=1e-6)
        assert not mixed.requires_grad
        return mixed

    monkeypatch.setattr(Training, "_taught", noting)
    _fit(tmp_path, SHARE)
    assert asked == [(False, True)] * N_EPOCHS * N_BATCHES


def test_asking_the_teacher_changes_neither_weights_nor_average(tmp_path):
    alone, asked = (_fit(tmp_path / str(share), share) for share in (None, 1e-9))
    for name, weights in alone.state_dict.items():
        assert torch.allclose(asked.state_dict[name], weights, atol=1e-6), name


def test_a_killed_training_goes_on_with_the_same_teacher(tmp_path, monkeypatch):
    unkilled = _fit(tmp_path / "unkilled", SHARE)
    with monkeypatch.context() as patch:
        step = Training.training_step

        def failing(self, batch, batch_idx):
            if (self.current_epoch, batch_idx) == (1, 2):
                raise RuntimeError("killed")
            return step(self, batch, batch_idx)

        patch.setattr(Training, "training_step", failing)
        with pytest.raises(RuntimeError, match="killed"):
            _fit(tmp_path / "killed", SHARE)
    resumed = _fit(tmp_path / "killed", SHARE)
    assert resumed.curves.equals(unkilled.curves)
    for name, weights in unkilled.state_dict.items():
        assert torch.equal(resumed.state_dict[name], weights), name
