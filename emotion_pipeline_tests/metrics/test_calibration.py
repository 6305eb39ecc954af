import numpy as np
import pytest
from sklearn import metrics as reference

from emotion_pipeline.metrics.calibration import (
    COLDEST,
    HOTTEST,
    N_BINS,
    Binned,
    brier_errors,
    classwise,
    classwise_error,
    equal_mass_bins,
    equal_width_bins,
    error_by_chance,
    fit_temperature,
    log_losses,
    with_temperature,
)


def predictions(n=500, skill=2.0, seed=0):
    """Probabilities that are calibrated, and the truth: the truth is drawn from them."""
    rng = np.random.default_rng(seed)
    logits = skill * rng.normal(size=(n, 4))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (p.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return p, truth


def binned(p, truth, **bins):
    return Binned.of(p.max(axis=1), p.argmax(axis=1) == truth, **bins)


def ones(p):
    return np.ones(len(p))


@pytest.mark.parametrize(("norm", "measure"), [("l1", "expected_error"), ("max", "maximum_error")])
def test_errors_equal_torchmetrics(norm, measure):
    torchmetrics = pytest.importorskip("torchmetrics.functional.classification")
    torch = pytest.importorskip("torch")
    p, truth = predictions()
    expected = torchmetrics.multiclass_calibration_error(
        torch.from_numpy(p), torch.from_numpy(truth), num_classes=4, n_bins=N_BINS, norm=norm
    )
    assert getattr(binned(p, truth), measure)(ones(p)) == pytest.approx(float(expected), abs=1e-6)


def recounted(confidences, right, bins):
    parts = [bins == one for one in set(bins)]
    gaps = [abs(confidences[part].mean() - right[part].mean()) * part.mean() for part in parts]
    return sum(gaps)


def test_equal_mass_bins_hold_a_fifteenth_each_and_their_error_is_that_of_a_recount():
    p, truth = predictions(n=450)
    confidences, right = p.max(axis=1), p.argmax(axis=1) == truth
    bins = np.empty(450, dtype=int)
    bins[np.argsort(confidences)] = np.repeat(np.arange(15), 30)
    np.testing.assert_array_equal(equal_mass_bins(confidences), bins)
    error = binned(p, truth, bins=equal_mass_bins).expected_error(ones(p))
    assert error == pytest.approx(recounted(confidences, right, bins))


def test_equal_confidences_share_a_bin_and_no_rows_have_none():
    bins = equal_mass_bins(np.repeat([0.3, 0.9, 1.0], [100, 7, 200]))
    assert len(set(bins[:100])) == len(set(bins[100:107])) == len(set(bins[107:])) == 1
    assert len(equal_mass_bins(np.zeros(0))) == 0


def test_bins_of_equal_width_hold_both_ends_of_the_range():
    bins = equal_width_bins(np.array([0.0, 0.0666, 1 / 15, 0.999, 1.0]))
    np.testing.assert_array_equal(bins, [0, 0, 1, 14, 14])


def test_the_classwise_error_is_the_mean_of_those_of_the_classes():
    p, truth = predictions()
    bins = [np.minimum((15 * column).astype(int), 14) for column in p.T]
    expected = [recounted(p[:, k], truth == k, bins[k]) for k in range(4)]
    assert classwise_error(ones(p), classwise(p, truth)) == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64])
@pytest.mark.parametrize("measure", ["expected_error", "maximum_error"])
def test_weights_are_rows_that_stand_there_so_often(measure, dtype):
    p, truth = predictions(n=60)
    weights = np.random.default_rng(1).integers(0, 3, size=(5, 60))
    found = getattr(binned(p, truth), measure)(weights.astype(dtype))
    for row, value in zip(weights, found, strict=True):
        again = binned(p.repeat(row, axis=0), truth.repeat(row))
        expected = getattr(again, measure)(np.ones(row.sum()))
        assert value == pytest.approx(expected, rel=1e-5)


def test_a_calibrated_model_has_the_error_that_chance_would_show_and_another_has_more():
    p, truth = predictions(n=4000)
    chance = error_by_chance(p.max(axis=1))
    assert binned(p, truth).expected_error(ones(p)) == pytest.approx(chance, rel=0.5)
    for temperature in (0.4, 2.5):
        other = with_temperature(p, temperature)
        assert binned(other, truth).expected_error(ones(p)) > 4 * chance
    assert np.isnan(error_by_chance(np.zeros(0)))


def test_brier_and_log_loss_equal_scikit_learn():
    p, truth = predictions()
    one_by_one = [reference.brier_score_loss(truth == k, p[:, k]) for k in range(4)]
    assert brier_errors(p, truth).mean() == pytest.approx(sum(one_by_one))
    assert log_losses(p, truth).mean() == pytest.approx(reference.log_loss(truth, p))


def test_an_impossible_truth_costs_much_and_not_infinitely_much():
    assert 20 < log_losses(np.array([[1.0, 0.0]]), np.array([1]))[0] < 100


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_a_planted_temperature_is_found_and_undone(temperature):
    p, truth = predictions(n=3000)
    shifted = with_temperature(p, 1 / temperature)
    assert fit_temperature(shifted, truth) == pytest.approx(temperature, rel=0.12)
    np.testing.assert_allclose(with_temperature(shifted, temperature), p, atol=1e-3)
    np.testing.assert_array_equal(shifted.argmax(axis=1), p.argmax(axis=1))


def test_temperatures_stay_within_bounds():
    p = np.array([[0.6, 0.4], [0.4, 0.6]])
    assert COLDEST <= fit_temperature(p, np.array([0, 1])) < 0.2
    assert 10 < fit_temperature(p, np.array([1, 0])) <= HOTTEST
