import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from emotion_pipeline.training.scaling import LARGEST, Standardise, fit_scalers

NAN, INF = float("nan"), float("inf")
FEATURES = torch.tensor([[1.0, NAN, 5.0, 0.3], [3.0, NAN, 5.0, NAN], [5.0, NAN, 5.0, 0.3]])


def fitted(features):
    scaler = Standardise(features.shape[1])
    scaler.fit(features)
    return scaler


def test_columns_get_mean_0_and_deviation_1():
    features = torch.randn(500, 6, generator=torch.Generator().manual_seed(1)) * 3 + 7
    scaled = fitted(features)(features)
    assert torch.allclose(scaled.mean(0), torch.zeros(6), atol=1e-5)
    assert torch.allclose(scaled.std(0, correction=0), torch.ones(6), atol=1e-5)


def test_what_was_not_measured_counts_neither_in_the_fit_nor_in_the_scaled_features():
    features = torch.tensor([[1.0], [NAN], [3.0]])
    scaler = fitted(features)
    assert (scaler.mean.item(), scaler.deviation.item()) == (2.0, 1.0)
    assert scaler(features).flatten().tolist() == [-1.0, 0.0, 1.0]


def test_columns_without_differences_are_only_centred():
    scaler = fitted(FEATURES)
    assert scaler.deviation.tolist()[1:] == [1.0, 1.0, 1.0]
    assert scaler.mean.tolist()[1] == 0.0
    assert torch.equal(scaler(FEATURES)[:, 1:], torch.zeros(3, 3))
    assert scaler(torch.tensor([[3.0, 2.0, 6.0, 0.3]])).tolist() == [[0.0, 2.0, 1.0, 0.0]]


def test_without_a_fit_features_pass_as_they_are():
    features = torch.tensor([[1.5, -2.0]])
    assert torch.equal(Standardise(2)(features), features)


def test_outliers_are_cut_off():
    scaler = fitted(torch.tensor([[0.0], [1.0]]))
    found = scaler(torch.tensor([[1e30], [-1e30], [INF]]))
    assert found.flatten().tolist() == [LARGEST, -LARGEST, LARGEST]


@given(arrays(np.float32, st.tuples(st.integers(1, 8), st.just(3)),
              elements=st.floats(width=32, allow_infinity=False)))  # fmt: skip
def test_whatever_is_measured_the_scaled_features_are_numbers_within_bounds(values):
    features = torch.from_numpy(values)
    scaled = fitted(features)(features)
    assert scaled.dtype == torch.float32
    assert scaled.isfinite().all()
    assert scaled.abs().max() <= LARGEST


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (torch.zeros(4, 3), r"must be \(n, 2\), got \(4, 3\)"),
        (torch.zeros(2), r"must be \(n, 2\), got \(2,\)"),
        (torch.tensor([[0.0, INF]]), "finite"),
    ],
)
def test_features_that_cannot_be_fitted_are_refused(features, message):
    with pytest.raises(ValueError, match=message):
        Standardise(2).fit(features)


def test_every_scaler_of_a_network_is_fitted_and_travels_with_the_weights():
    network = nn.Sequential(Standardise(4), nn.Sequential(Standardise(4), nn.Linear(4, 2)))
    fit_scalers(network, FEATURES)
    states = network.state_dict()
    assert (
        states["0.mean"].tolist() == states["1.0.mean"].tolist() == fitted(FEATURES).mean.tolist()
    )
    other = nn.Sequential(Standardise(4), nn.Sequential(Standardise(4), nn.Linear(4, 2)))
    other.load_state_dict(states)
    assert torch.equal(other(FEATURES), network(FEATURES))


def test_a_network_without_scalers_stays_as_it_is():
    network = nn.Linear(4, 2)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fit_scalers(network, FEATURES)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
