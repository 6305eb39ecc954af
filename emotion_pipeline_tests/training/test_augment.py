import pytest
import torch

from emotion_pipeline.training.augment import augment, erase, flip, move
from emotion_pipeline.training.policies import POLICIES, Policy
from emotion_pipeline.training.randomness import seed_for, stream


def _images(n: int = 12) -> torch.Tensor:
    return torch.randn(n, 1, 32, 32, generator=stream("test"))


@pytest.mark.parametrize("name", POLICIES)
def test_the_generator_alone_decides_and_shape_and_range_stay(name):
    images, policy = _images(), POLICIES[name]
    once, again = (augment(images, policy, stream("augment", 1, 2, 3)) for _ in range(2))
    assert torch.equal(once, again)
    assert once.shape == images.shape
    assert once.dtype == torch.float32
    assert once.abs().max() <= images.abs().max() * (1 + policy.contrast) + 1e-5
    other = augment(images, policy, stream("augment", 1, 2, 4))
    assert torch.equal(once, other) == (name == "none")


def test_the_policy_none_changes_nothing():
    assert torch.equal(augment(_images(), POLICIES["none"], stream("x")), _images())


def test_flip_mirrors_some_pictures_exactly_and_leaves_the_others():
    images = _images(40)
    found = flip(images, POLICIES["flip"], stream("x"))
    mirrored = (found == images.flip(3)).all(3).all(2).all(1)
    kept = (found == images).all(3).all(2).all(1)
    assert torch.equal(mirrored, ~kept)
    assert 5 < mirrored.sum() < 35
    always = flip(images, Policy(flip_probability=1.0), stream("x"))
    assert torch.equal(always, images.flip(3))


def test_moving_by_nothing_is_the_identity():
    assert torch.allclose(move(_images(), Policy(), stream("x")), _images(), atol=1e-4)


def test_shift_is_a_fraction_of_the_side():
    images = torch.zeros(200, 1, 32, 32)
    images[:, :, :, 16:] = 1.0
    edges = 32 - move(images, Policy(shift=0.25), stream("x"))[:, 0, 16].sum(1)  # (n,) column
    assert 6 < (edges - 16).abs().max() <= 8.1


def test_erasing_paints_a_square_of_the_mean():
    found = erase(torch.ones(50, 1, 32, 32), POLICIES["moderate"], stream("x"))
    erased = (found == 0).sum((1, 2, 3))
    assert set(found.unique().tolist()) == {0.0, 1.0}
    assert 10 < (erased > 0).sum() < 40
    assert erased.max() <= (0.4 * 32 + 1) ** 2


def test_autocast_does_not_touch_the_pictures():
    policy = POLICIES["moderate"]
    with torch.autocast("cpu", torch.bfloat16):
        half = augment(_images(), policy, stream("x"))
    assert torch.equal(half, augment(_images(), policy, stream("x")))


def test_streams_of_different_purposes_or_places_differ():
    seeds = {seed_for(purpose, a, b) for purpose in ("x", "y") for a in (1, 12) for b in (3, 23)}
    assert len(seeds) == 8
