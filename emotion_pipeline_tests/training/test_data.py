import numpy as np
import pytest
import torch

from emotion_pipeline.training.data import (
    Examples,
    FullBatches,
    TrainingData,
    as_tensors,
    network_inputs,
    normalise,
    square_pictures,
)
from emotion_pipeline.training.losses import soft_cross_entropy
from emotion_pipeline.training.models import Sizes
from emotion_pipeline.training.predict import views
from emotion_pipeline_tests.training import tiny

SIZES = Sizes(n_channels=1, n_features=0, n_classes=8)


@pytest.mark.parametrize("colors", [(), (3,)])
def test_pictures_of_any_size_become_one_array_of_bytes(colors):
    images = [np.full((size, size + 3, *colors), 90, np.uint8) for size in (10, 32, 100)]
    found = square_pictures(images, 32)
    assert (found.shape, found.dtype) == ((3, 32, 32, *(colors or (1,))), np.uint8)
    assert (found == 90).all()
    assert square_pictures([], 32).shape == (0, 32, 32, 1)


@pytest.mark.parametrize("wrong", [np.zeros((1, 4, 4)), np.zeros((1, 4), np.uint8)])
def test_anything_but_bytes_of_pictures_is_refused(wrong):
    with pytest.raises(ValueError, match="uint8"):
        square_pictures(wrong, 32)


def test_pictures_normalised_one_by_one_have_mean_zero_and_an_even_one_stays_even():
    pictures = as_tensors(tiny.patterns(4).inputs, SIZES, 32)[0]
    found = normalise(pictures, "per_image")
    assert torch.allclose(found.mean((2, 3)), torch.zeros(4, 1), atol=1e-5)
    assert ((found.std((2, 3)) > 0.5) & (found.std((2, 3)) < 1)).all()
    assert (normalise(torch.full((1, 1, 32, 32), 7, dtype=torch.uint8), "per_image") == 0).all()


@pytest.mark.parametrize("n_channels", [1, 3])
def test_pictures_normalised_as_imagenet_keep_their_brightness(n_channels):
    pictures = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1)
    dark, bright = normalise(pictures.expand(2, n_channels, 4, 4), "imagenet")
    assert dark[0, 0, 0] == pytest.approx(-0.485 / 0.229, abs=0.2)
    assert bright[0, 0, 0] == pytest.approx((1 - 0.485) / 0.229, abs=0.2)


def test_features_reach_the_network_as_they_are():
    values = tiny.recipe().data.model_copy(update={"inputs": ("blendshapes",)})
    features = torch.tensor([[float("nan"), 2.0]])
    assert network_inputs((features,), values)[0] is features


@pytest.mark.parametrize(
    "arrays",
    [
        (np.zeros((2, 32, 32, 3), np.uint8),),
        (np.zeros((2, 16, 16, 1), np.uint8),),
        (np.zeros((2, 32, 32, 1), np.uint8), np.zeros((2, 5), np.float32)),
        (),
    ],
)
def test_inputs_that_the_network_does_not_take_are_refused(arrays):
    with pytest.raises(ValueError, match="inputs of a row"):
        as_tensors(arrays, SIZES, 32)


def _order(seed: int):
    return lambda epoch: torch.randperm(
        50, generator=torch.Generator().manual_seed(100 * seed + epoch)
    )


def test_every_epoch_has_its_own_order():
    batches = FullBatches(_order(1), 50, 16)
    first = torch.cat(list(batches))
    batches.set_epoch(1)
    second = torch.cat(list(batches))
    assert len(batches) == 3
    assert len(first.unique()) == 48  # the rest does not fill a batch
    assert not torch.equal(first, second)
    batches.set_epoch(0)
    assert torch.equal(torch.cat(list(batches)), first)
    assert torch.equal(torch.cat(list(FullBatches(_order(1), 50, 16, epoch=1))), second)
    assert [len(batch) for batch in FullBatches(lambda _: torch.arange(5), 5, 16)] == [5]


@pytest.mark.parametrize("targets", [np.zeros((2, 8)), np.ones((2, 7)) / 7, np.ones((3, 8)) / 8])
def test_targets_that_do_not_fit_are_refused(targets):
    pictures = np.zeros((2, 32, 32, 1), np.uint8)
    with pytest.raises(ValueError, match="targets"):
        Examples(TrainingData(targets.astype(np.float32), pictures), SIZES, 32)


@pytest.mark.parametrize(
    ("test_views", "n_views", "side_px"), [("one", 1, 40), ("flip", 2, 40), ("ten_crop", 10, 32)]
)
def test_the_views_of_a_test_picture(test_views, n_views, side_px):
    model = {"name": "cnn5", "widths": [4] * 5, "input_px": 40}
    recipe = tiny.recipe(test_views=test_views, model=model, augment={"crop_px": 32})
    images = torch.arange(40 * 40.0).view(1, 1, 40, 40)
    found = [view[0] for view in views((images,), recipe)]
    assert len(found) == n_views
    assert {view.shape[2:] for view in found} == {(side_px, side_px)}
    assert len({float(view[0, 0, 0, 0]) for view in found}) == n_views  # each begins elsewhere


def test_soft_cross_entropy_matches_its_definition():
    logits, targets = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.75, 0.25]])
    shares = np.exp([2.0, 0.0]) / np.exp([2.0, 0.0]).sum()
    plain = -(0.75 * np.log(shares[0]) + 0.25 * np.log(shares[1]))
    smooth = -(0.7 * np.log(shares[0]) + 0.3 * np.log(shares[1]))
    assert float(soft_cross_entropy(logits, targets)) == pytest.approx(plain)
    assert float(soft_cross_entropy(logits, targets, 0.2)) == pytest.approx(smooth)
