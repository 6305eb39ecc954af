"""How long runs take, told by a clock that the test turns."""

import numpy as np
import pytest
import torch

from emotion_pipeline.training import models, timing
from emotion_pipeline.training.predict import predict
from emotion_pipeline_tests.foreign import emotion_network
from emotion_pipeline_tests.training import tiny


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(timing.time, "perf_counter", lambda: now[0])
    return now


def test_times_are_the_quartiles_of_all_runs_after_the_warm_up(clock):
    taken_ms = iter([50, 50, 50, *range(1, timing.N_RUNS + 1)])

    def run():
        clock[0] += next(taken_ms) / 4000

    times = timing.time_runs(run)
    expected = np.quantile(np.arange(1, timing.N_RUNS + 1) / 4, [0.5, 0.25, 0.75])
    assert times[:3] == pytest.approx(tuple(expected))
    assert times.n == timing.N_RUNS


@pytest.mark.parametrize(("run_s", "n"), [(0.5, 4), (60.0, 1)])
def test_slow_runs_are_fewer_but_one(clock, run_s, n):
    def run():
        clock[0] += run_s

    times = timing.time_runs(run)
    assert times == (1000 * run_s, 1000 * run_s, 1000 * run_s, n)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "data": {"labels": "ferplus", "pictures": "fer2013", "inputs": ["blendshapes"]},
            "model": {"name": "landmark_mlp", "dense": [4]},
            "augment": {},
        },
    ],
    ids=["pictures", "features"],
)
def test_every_kind_of_network_is_given_one_row_on_one_thread(changes, monkeypatch):
    recipe = tiny.recipe(**changes)
    network = models.build(recipe.model.name, recipe.model, recipe.sizes)
    seen, before = [], torch.get_num_threads()

    def looked_at(*arguments):
        found = predict(*arguments)
        seen.append((found.shape, torch.get_num_threads()))
        return found

    monkeypatch.setattr(timing, "predict", looked_at)
    assert timing.time_one_face(network, recipe).median_ms > 0
    assert set(seen) == {((1, len(recipe.emotions)), 1)}
    assert torch.get_num_threads() == before


def test_an_onnx_file_is_given_one_row(tmp_path):
    path = emotion_network.write(tmp_path / "model.onnx")
    times = timing.time_onnx(path)
    assert 0 < times.low_ms <= times.median_ms <= times.high_ms
    assert times.n > 0


def test_the_processor_has_a_name():
    assert timing.processor().strip()
