import pytest
import torch

from emotion_pipeline.training import checkpoints
from emotion_pipeline.training.averaging import TailAverage, WarmAverage
from emotion_pipeline.training.values import Optimiser, Schedule
from emotion_pipeline_tests.training.small_module import N_EPOCHS, Killed, Small, same, train


def _module(killed_in: int | None = None) -> Small:
    return Small(Optimiser(name="sgd", learning_rate=0.3), Schedule(name="constant"), killed_in)


def _mean(weights: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {
        name: torch.stack([one[name].double() for one in weights]).mean(0) for name in weights[0]
    }


def _close(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> bool:
    return all(
        torch.allclose(found[name].double(), expected[name], atol=1e-5)
        for name in found
        if found[name].is_floating_point()
    )


@pytest.mark.parametrize("first_epoch", [0, 2, N_EPOCHS - 1])
def test_the_mean_of_the_last_epochs_is_validated_and_handed_over(tmp_path, first_epoch):
    module = train(_module(), tmp_path, TailAverage(first_epoch))
    current, validated = module.at_epoch_end, module.validated
    for epoch in range(N_EPOCHS):
        if epoch <= first_epoch:
            assert same(validated[epoch], current[epoch])
        else:
            assert _close(validated[epoch], _mean(current[first_epoch : epoch + 1]))
            assert not same(validated[epoch], current[epoch])
    assert same(module.weights(), validated[-1])


def test_running_statistics_are_averaged_and_counters_are_those_of_the_last_epoch(tmp_path):
    module = train(_module(), tmp_path, TailAverage(0))
    found, current = module.weights(), module.at_epoch_end
    assert torch.allclose(
        found["1.running_var"], torch.stack([one["1.running_var"] for one in current]).mean(0)
    )
    assert found["1.num_batches_tracked"] == current[-1]["1.num_batches_tracked"]


def test_what_is_validated_is_what_the_checkpoint_holds(tmp_path):
    module = train(_module(), tmp_path, TailAverage(1))
    stored = checkpoints.read(tmp_path / checkpoints.LAST)["state_dict"]
    assert same(
        module.validated[-1], {name.removeprefix("network."): stored[name] for name in stored}
    )


@pytest.mark.parametrize(
    ("average", "killed_in"),
    [(lambda: TailAverage(1), 1), (lambda: TailAverage(1), 3), (lambda: WarmAverage(0.9), 3)],
)
def test_a_killed_run_goes_on_to_the_same_average(tmp_path, average, killed_in):
    unkilled = train(_module(), tmp_path / "unkilled", average())
    with pytest.raises(Killed):
        train(_module(killed_in), tmp_path / "killed", average())
    resumed = train(_module(), tmp_path / "killed", average())
    assert same(resumed.weights(), unkilled.weights())
    assert resumed.rows == unkilled.rows


def test_averaging_leaves_the_path_of_the_weights_alone(tmp_path):
    plain = train(_module(), tmp_path / "plain")
    averaged = train(_module(), tmp_path / "averaged", TailAverage(2))
    assert all(map(same, plain.at_epoch_end, averaged.at_epoch_end))
    assert not same(plain.weights(), averaged.weights())


def test_the_memory_of_the_moving_average_grows_up_to_its_decay():
    average = WarmAverage(0.9)
    shares = [average.share_of_current(n) for n in (1, 10, 1000)]
    assert shares == pytest.approx([9 / 11, 9 / 20, 0.1])
