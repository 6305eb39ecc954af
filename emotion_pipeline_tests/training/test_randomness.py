import torch

from emotion_pipeline.training.randomness import seed_for, seed_layers, stream


def test_streams_of_different_purposes_or_places_differ():
    seeds = {seed_for(purpose, a, b) for purpose in ("x", "y") for a in (1, 12) for b in (3, 23)}
    assert len(seeds) == 8


def test_a_stream_gives_the_same_numbers_again():
    once, again, other = (torch.rand(9, generator=stream("x", n)) for n in (1, 1, 2))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


def test_layers_draw_what_torchs_own_seed_would_have_them_draw():
    with torch.random.fork_rng(devices=[]):
        seed_layers(torch.device("cpu"), 7)
        found = torch.nn.functional.dropout(torch.ones(100))
        torch.manual_seed(7)
        assert torch.equal(found, torch.nn.functional.dropout(torch.ones(100)))
