from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from emotion_pipeline.training.augment import (
    add_noise,
    augment,
    blur,
    crop,
    erase,
    move,
    turn_over,
)
from emotion_pipeline.training.policies import POLICIES, Policy
from emotion_pipeline.training.randomness import stream
from emotion_pipeline_tests.training.augmentation_picture import FILE, sheet


def _images(n: int = 12, n_channels: int = 1) -> torch.Tensor:
    return torch.randn(n, n_channels, 32, 32, generator=stream("test"))


@pytest.mark.parametrize("n_channels", [1, 3])
@pytest.mark.parametrize("name", POLICIES)
def test_the_generator_alone_decides_and_shape_and_range_stay(name, n_channels):
    images, policy = _images(n_channels=n_channels), POLICIES[name]
    once, again = (augment(images, policy, stream("augment", 1, 2, 3)) for _ in range(2))
    assert torch.equal(once, again)
    assert once.shape == images.shape
    assert once.dtype == torch.float32
    largest = images.abs().max() + 6 * policy.noise
    assert once.abs().max() <= largest * (1 + policy.contrast) + 1e-5
    other = augment(images, policy, stream("augment", 1, 2, 4))
    assert torch.equal(once, other) == (name in ("none", "flip"))  # `mirroring` flips


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_leaves_the_pictures_that_come_in_alone(name):
    images = _images()
    augment(images, POLICIES[name], stream("x"))
    assert torch.equal(images, _images())


def test_the_policy_none_changes_nothing_and_draws_nothing():
    generator = stream("x")
    assert torch.equal(augment(_images(), POLICIES["none"], generator), _images())
    assert torch.equal(generator.get_state(), stream("x").get_state())


@pytest.mark.parametrize(
    ("policy", "n_draws"),
    [
        (Policy(flip_probability=0.5), 0),
        (Policy(vertical_flip_probability=0.5), 1),
        (Policy(rotation_degrees=15), 1),
        (Policy(scale=0.1), 1),
        (Policy(shift=0.1), 2),
        (Policy(shear=0.1), 1),
        (Policy(blur=0.1), 1),
        (Policy(contrast=0.1), 1),
        (Policy(erase_probability=0.1), 4),
        (Policy(erase_probability=0.1, erase_squares=3), 12),
        (POLICIES["moderate"], 9),
    ],
)
def test_only_what_a_policy_does_is_drawn(policy, n_draws):
    generator, counted = stream("x"), stream("x")
    augment(_images(16), policy, generator)
    for _ in range(n_draws):
        torch.rand(16, generator=counted)
    assert torch.equal(generator.get_state(), counted.get_state())


def test_turning_over_turns_some_pictures_exactly_and_leaves_the_others():
    images = _images(40)
    found = augment(images, POLICIES["vertical_flip"], stream("x"))
    turned = (found == images.flip(2)).all(3).all(2).all(1)
    kept = (found == images).all(3).all(2).all(1)
    assert torch.equal(turned, ~kept)
    assert 5 < turned.sum() < 35
    assert torch.equal(turn_over(images, 1.0, stream("x")), images.flip(2))


def test_moving_by_nothing_is_the_identity():
    assert torch.allclose(move(_images(), Policy(), stream("x")), _images(), atol=1e-4)


def test_shift_is_a_fraction_of_the_side():
    images = torch.zeros(200, 1, 32, 32)
    images[:, :, :, 16:] = 1.0
    edges = 32 - move(images, Policy(shift=0.25), stream("x"))[:, 0, 16].sum(1)  # (n,) column
    assert 6 < (edges - 16).abs().max() <= 8.1


def test_shear_leans_pictures_to_both_sides_and_leaves_the_middle_row():
    images = torch.zeros(200, 1, 32, 32)
    images[:, :, :, 16:] = 1.0
    found = move(images, Policy(shear=0.25), stream("x"))
    edges = 32 - found[:, 0].sum(2)  # (n, row)
    lean = edges[:, 31] - edges[:, 0]
    assert (edges[:, 15:17] - 16).abs().max() < 0.5
    assert lean.min() < -6
    assert lean.max() > 6
    assert lean.abs().max() <= 0.25 * 32


def test_blur_keeps_the_mean_and_takes_contrast_away():
    images = _images(50)
    found = blur(images, 0.05, stream("x"))
    calmer = found.std((1, 2, 3)) / images.std((1, 2, 3))
    assert calmer.max() <= 1.0001
    assert calmer.min() < 0.4
    assert torch.allclose(blur(torch.ones(9, 3, 32, 24), 0.1, stream("x")), torch.ones(1))


def test_blur_is_a_gaussian_of_at_most_the_given_width():
    point = torch.zeros(300, 1, 33, 33)
    point[:, :, 16, 16] = 1.0
    found = blur(point, 0.06, stream("x"))
    away = (torch.arange(33.0) - 16) ** 2
    for dimension in (2, 3):  # sum over the other one
        deviation_px = (found.sum(dimension)[:, 0] * away).sum(1).sqrt()
        assert 1.8 < deviation_px.max() <= 0.06 * 33 + 0.01
        assert deviation_px.min() < 0.3


def test_noise_has_at_most_the_given_deviation_and_differs_between_pictures():
    added = add_noise(torch.zeros(100, 3, 32, 32), 0.3, stream("x"))
    deviations = added.std((1, 2, 3))
    assert 0.27 < deviations.max() < 0.32
    assert deviations.min() < 0.05
    assert added.mean().abs() < 0.01


def test_erasing_paints_a_square_of_the_mean():
    found = erase(torch.ones(50, 3, 32, 32), POLICIES["moderate"], stream("x"))
    erased = (found == 0).sum((2, 3))  # (n, channels)
    assert set(found.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(erased, erased[:, :1].expand(-1, 3))
    assert 10 < (erased[:, 0] > 0).sum() < 40
    assert erased.max() <= (0.4 * 32 + 1) ** 2


def test_more_squares_erase_more_and_in_more_pictures():
    one = POLICIES["moderate"]
    images = torch.ones(200, 1, 32, 32)
    few, many = (
        (erase(images, policy, stream("x")) == 0).float().mean((1, 2, 3))
        for policy in (one, replace(one, erase_squares=4))
    )
    assert 2 < many.mean() / few.mean() < 4.5
    assert (few > 0).float().mean() < 0.6
    assert 0.85 < (many > 0).float().mean() < 1


def test_a_crop_is_a_window_of_its_picture_and_all_windows_come_up():
    width = 10
    images = torch.arange(2.0 * width * width).view(1, 2, width, width)
    found = crop(images.expand(300, -1, -1, -1), 8, stream("x"))
    corners = set()
    for one in found:
        row, column = divmod(int(one[0, 0, 0]), width)
        assert torch.equal(one, images[0, :, row : row + 8, column : column + 8])
        corners.add((row, column))
    assert len(corners) == 9


def test_a_crop_of_the_whole_side_is_the_picture():
    assert torch.equal(crop(_images(), 32, stream("x")), _images())


@pytest.mark.parametrize("name", ["moderate", "all"])
def test_autocast_does_not_touch_the_pictures(name):
    policy = POLICIES[name]
    with torch.autocast("cpu", torch.bfloat16):
        half = augment(_images(), policy, stream("x"))
    assert torch.equal(half, augment(_images(), policy, stream("x")))


def test_the_picture_in_the_docs_shows_every_policy():
    stored, now = cv2.imread(str(FILE), cv2.IMREAD_GRAYSCALE), sheet()
    assert stored.shape == now.shape
    assert np.abs(stored.astype(int) - now).mean() < 1  # processors round differently
