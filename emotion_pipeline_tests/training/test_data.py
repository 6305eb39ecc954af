import numpy as np
import pytest
import torch

from emotion_pipeline.training.data import Pictures, Shuffled, TrainingData, standardise, to_tensor
from emotion_pipeline.training.losses import soft_cross_entropy
from emotion_pipeline_tests.training import tiny


def test_pictures_of_any_size_become_one_tensor_of_bytes():
    found = to_tensor([np.full((size, size + 3), 90, np.uint8) for size in (10, 32, 100)], 32)
    assert (found.shape, found.dtype) == ((3, 1, 32, 32), torch.uint8)
    assert (found == 90).all()
    assert to_tensor([], 32).shape == (0, 1, 32, 32)


@pytest.mark.parametrize("wrong", [np.zeros((2, 4, 4)), np.zeros((2, 4, 4, 3), np.uint8)])
def test_anything_but_gray_bytes_is_refused(wrong):
    with pytest.raises(ValueError, match="uint8"):
        to_tensor(wrong, 32)


def test_standardised_pictures_have_mean_zero_and_an_even_one_stays_even():
    found = standardise(to_tensor(tiny.patterns(4).images, 32))
    assert torch.allclose(found.mean((2, 3)), torch.zeros(4, 1), atol=1e-5)
    assert ((found.std((2, 3)) > 0.5) & (found.std((2, 3)) < 1)).all()
    assert (standardise(torch.full((1, 1, 32, 32), 7, dtype=torch.uint8)) == 0).all()


def test_every_epoch_has_its_own_order_that_seed_and_epoch_decide():
    order = Shuffled(50, 16, seed=1)
    first = torch.cat(list(order))
    order.set_epoch(1)
    second = torch.cat(list(order))
    assert len(order) == 3
    assert len(first.unique()) == 48  # the rest does not fill a batch
    assert not torch.equal(first, second)
    order.set_epoch(0)
    assert torch.equal(torch.cat(list(order)), first)
    assert [len(batch) for batch in Shuffled(5, 16, seed=1)] == [5]


@pytest.mark.parametrize("targets", [np.zeros((2, 8)), np.ones((2, 7)) / 7, np.ones((3, 8)) / 8])
def test_targets_that_do_not_fit_are_refused(targets):
    images = np.zeros((2, 32, 32), np.uint8)
    with pytest.raises(ValueError, match="targets"):
        Pictures(TrainingData(images, targets.astype(np.float32)), 32, 8)


def test_soft_cross_entropy_matches_its_definition():
    logits, targets = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.75, 0.25]])
    shares = np.exp([2.0, 0.0]) / np.exp([2.0, 0.0]).sum()
    plain = -(0.75 * np.log(shares[0]) + 0.25 * np.log(shares[1]))
    smooth = -(0.7 * np.log(shares[0]) + 0.3 * np.log(shares[1]))
    assert float(soft_cross_entropy(logits, targets)) == pytest.approx(plain)
    assert float(soft_cross_entropy(logits, targets, 0.2)) == pytest.approx(smooth)
