"""Two processes that train one model together, on the CPU."""

import numpy as np
import pytest

from emotion_pipeline.training import models
from emotion_pipeline.training.data import FullBatches, InOrder
from emotion_pipeline.training.epochs import TrainingDivergedError
from emotion_pipeline.training.fit import fit
from emotion_pipeline.training.predict import predict
from emotion_pipeline.training.trainer import Hardware
from emotion_pipeline_tests.training import tiny

RECIPE = tiny.recipe(
    epochs=2,
    keep="last",
    ema_decay=None,
    test_views="one",
    freeze={"parts": ["blocks.0"], "epochs": 1},
)


@pytest.mark.parametrize(("batch_size", "n_rows"), [(15, 64), (2, 64), (64, 63), (64, 3)])
def test_batches_that_cannot_be_shared_equally_are_refused(tmp_path, batch_size, n_rows):
    recipe, train = RECIPE.model_copy(update={"batch_size": batch_size}), tiny.patterns(n_rows)
    with pytest.raises(ValueError, match=r"2 devices cannot share batches of \d+ rows equally"):
        fit(recipe, 1, train, train, tmp_path, identity="", hardware=Hardware("cpu", n_devices=2))


@pytest.mark.slow
def test_two_processes_train_one_model_and_validate_it_on_all_rows(tmp_path):
    train, validation = tiny.patterns(64), tiny.patterns(33, seed=9)
    hardware = Hardware("cpu", n_devices=2)
    result = fit(RECIPE, 1, train, validation, tmp_path, identity="two", hardware=hardware)
    network = models.build("cnn5", RECIPE.model, RECIPE.sizes)
    network.load_state_dict(result.state_dict)
    found = predict(network, RECIPE, validation.inputs, "cpu")
    loss = -np.log((found * validation.targets).sum(axis=1)).mean()
    hits = (found.argmax(axis=1) == validation.targets.argmax(axis=1)).mean()
    last = result.curves.iloc[-1]
    assert result.curves["epoch"].tolist() == [1, 2]
    assert last["validation_loss"] == pytest.approx(loss, rel=1e-3)
    assert last["validation_accuracy_score"] == pytest.approx(hits)


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_several_processes_with_advice(tmp_path):
    optimiser = {"name": "sgd", "learning_rate": 10.0, "momentum": 0.99}
    recipe = tiny.recipe(optimiser=optimiser, epochs=30, ema_decay=None)
    train, hardware = tiny.patterns(64), Hardware("cpu", n_devices=2)
    with pytest.raises(
        TrainingDivergedError, match=r"^the loss became .*try a lower learning_rate"
    ):
        fit(recipe, 1, train, train, tmp_path, identity="", hardware=hardware)


def test_every_process_takes_its_share_of_every_batch(monkeypatch):
    from emotion_pipeline.training import data

    batches = FullBatches(lambda _: data.torch.arange(20), 20, 8)
    in_order = InOrder(20, 8)
    whole, validated = list(batches), list(in_order)
    shares, parts = [], []
    for rank in range(3):
        monkeypatch.setattr(data, "_place", lambda rank=rank: (rank, 3))
        shares.append(list(batches))
        parts += list(in_order)
    for batch, *taken in zip(whole, *shares, strict=True):
        assert [len(share) for share in taken] == [3, 3, 2]
        assert sorted(batch.tolist()) == sorted(row for share in taken for row in share.tolist())
    rows = sorted(row for part in parts for row in part.tolist())
    assert rows == sorted(row for part in validated for row in part.tolist())
