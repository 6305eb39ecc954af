import pytest
import torch

from emotion_pipeline.training.augment import mixup
from emotion_pipeline.training.randomness import stream

N_ROWS = 64


def _share_and_partners(alpha: float, index: int) -> tuple[float, torch.Tensor]:
    """What was mixed, read off the targets of rows that are all of their own class."""
    _, targets = mixup((), torch.eye(N_ROWS), alpha, stream("x", index))
    share = targets.diagonal().min()  # 1 in a row that is its own partner
    return float(share), (targets - share * torch.eye(N_ROWS)).argmax(1)


def test_all_inputs_and_targets_have_the_same_share_and_partner():
    targets = torch.eye(N_ROWS)
    pictures = targets.view(N_ROWS, 1, 8, 8)
    (mixed, features), found = mixup((pictures, 2 * targets), targets, 1.0, stream("x"))
    assert torch.equal(mixed.view(N_ROWS, N_ROWS), found)
    assert torch.equal(features, 2 * found)
    assert torch.allclose(found.sum(1), torch.ones(N_ROWS))
    assert torch.allclose(found.sum(0), torch.ones(N_ROWS))  # every row is a partner once
    assert (found.dtype, mixed.dtype) == (torch.float32, torch.float32)


def test_the_generator_alone_decides():
    batch = ((torch.rand(N_ROWS, 5, generator=stream("y")),), torch.eye(N_ROWS))
    (once,), _ = mixup(*batch, 0.4, stream("x"))
    (again,), _ = mixup(*batch, 0.4, stream("x"))
    (other,), _ = mixup(*batch, 0.4, stream("x", 1))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)


@pytest.mark.parametrize(("alpha", "in_the_middle"), [(0.2, 0.24), (1.0, 0.5), (4.0, 0.8)])
def test_the_share_is_beta_distributed(alpha, in_the_middle):
    shares = torch.tensor([_share_and_partners(alpha, index)[0] for index in range(400)])
    assert float(shares.mean()) == pytest.approx(0.5, abs=0.07)
    middle = ((shares > 0.25) & (shares < 0.75)).float().mean()
    assert float(middle) == pytest.approx(in_the_middle, abs=0.1)


def test_the_partners_differ_between_batches():
    assert not torch.equal(_share_and_partners(1.0, 0)[1], _share_and_partners(1.0, 1)[1])


def test_a_feature_is_measured_only_where_both_partners_have_it():
    features = torch.ones(N_ROWS, 3)
    features[: N_ROWS // 2, 0] = float("nan")
    features[:, 1] = float("nan")
    (mixed,), targets = mixup((features,), torch.eye(N_ROWS), 1.0, stream("x"))
    comes_from_missing = (targets[:, : N_ROWS // 2] > 0).any(1)
    assert torch.equal(mixed[:, 0].isnan(), comes_from_missing)
    assert 0 < comes_from_missing.sum() < N_ROWS
    assert mixed[:, 1].isnan().all()
    assert torch.allclose(mixed[:, 2], torch.ones(N_ROWS))


def test_no_alpha_means_no_change_and_no_draw():
    batch, generator = ((torch.rand(4, 5),), torch.eye(4)), stream("x")
    (found,), targets = mixup(*batch, 0.0, generator)
    assert torch.equal(found, batch[0][0])
    assert torch.equal(targets, batch[1])
    assert torch.equal(generator.get_state(), stream("x").get_state())
