"""The statistics of what chance adds: as declared, unbiased, and new for every picture."""

import numpy as np
import pytest

from emotion_pipeline.domains import SEVERITIES, Degradation
from emotion_pipeline.imaging.degrade import degrade
from emotion_pipeline.imaging.degrade.chance import Chance
from emotion_pipeline.imaging.degrade.noise import poisson_quantiles
from emotion_pipeline.imaging.degrade.severities import SEVERITY_VALUES

FRESH = ("gaussian_noise", "shot_noise", "film_grain", "low_light")


def degraded_flat(corruption, severity, level=128, side_px=192, key="a"):
    flat = np.full((side_px, side_px), level, np.uint8)
    return degrade(flat, Degradation(corruption, severity), key).astype(float)


@pytest.mark.parametrize("side_px", [48, 192])
@pytest.mark.parametrize("severity", SEVERITIES[:3])
def test_gaussian_noise_has_the_deviation_of_the_table(severity, side_px):
    some = np.stack(
        [degraded_flat("gaussian_noise", severity, side_px=side_px, key=key) for key in "abcd"]
    )
    declared = SEVERITY_VALUES["gaussian_noise"][severity - 1] * (side_px / 48) ** 0.5
    assert some.std() == pytest.approx(declared, rel=0.03)
    assert some.mean() == pytest.approx(128, abs=4 * declared / some.size**0.5)


@pytest.mark.parametrize("severity", SEVERITIES[:3])
def test_shot_noise_is_unbiased_and_its_variance_grows_with_the_level(severity):
    white_photons = SEVERITY_VALUES["shot_noise"][severity - 1] / (192 / 48)
    for level in (20, 60, 120):
        result = np.stack([degraded_flat("shot_noise", severity, level, key=key) for key in "abcd"])
        variance = level * 255 / white_photons
        assert result.mean() == pytest.approx(level, abs=0.15 + 4 * (variance / result.size) ** 0.5)
        assert result.var() == pytest.approx(variance, rel=0.06)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_film_grain_has_the_deviation_of_the_table_in_the_middle_tones_and_less_elsewhere(severity):
    declared = SEVERITY_VALUES["film_grain"][severity - 1]
    middle = np.stack([degraded_flat("film_grain", severity, key=key) for key in "abcdefgh"])
    assert middle.std() == pytest.approx(declared, rel=0.03)
    assert middle.mean() == pytest.approx(128, abs=0.03 * declared)
    dark, light = (degraded_flat("film_grain", severity, level).std() for level in (25, 230))
    assert max(dark, light) < 0.7 * middle.std()


def test_film_grain_comes_in_clumps_and_sensor_noise_does_not():
    def likeness_of_neighbours(corruption):
        result = degraded_flat(corruption, 2)
        return np.corrcoef(result[:, :-1].ravel(), result[:, 1:].ravel())[0, 1]

    assert likeness_of_neighbours("film_grain") > 0.5
    assert abs(likeness_of_neighbours("gaussian_noise")) < 0.03
    assert abs(likeness_of_neighbours("shot_noise")) < 0.03


def test_low_light_is_dark_and_relatively_noisier_the_less_light_there_is():
    some = [degraded_flat("low_light", severity) for severity in SEVERITIES]
    for result, exposure in zip(some, SEVERITY_VALUES["low_light"], strict=True):
        assert result.mean() == pytest.approx(128 * exposure ** (1 / 2.2), rel=0.03)
    assert (np.diff([result.std() / result.mean() for result in some]) > 0).all()


@pytest.mark.parametrize("corruption", FRESH)
def test_two_pictures_share_no_noise_at_any_shift(corruption):
    one, other = (degraded_flat(corruption, 3, side_px=128, key=key) for key in ("a", "b"))
    spectra = [np.fft.fft2((noise - noise.mean()) / noise.std()) for noise in (one, other)]
    correlations = np.fft.ifft2(spectra[0] * spectra[1].conj()).real / one.size
    assert abs(correlations).max() < 0.12
    itself = np.fft.ifft2(abs(spectra[0]) ** 2).real / one.size
    assert itself.max() == pytest.approx(1)


@pytest.mark.parametrize("corruption", ["gaussian_noise", "shot_noise", "low_light"])
def test_the_colours_of_a_picture_share_no_noise(corruption):
    flat = np.full((96, 96, 3), 128, np.uint8)
    colours = degrade(flat, Degradation(corruption, 3), "a").reshape(-1, 3).astype(float)
    between = np.corrcoef(colours.T)[np.triu_indices(3, 1)]
    assert abs(between).max() < 0.04


def test_poisson_quantiles_have_the_mean_and_variance_of_the_distribution():
    means = np.array([0.0, 0.3, 2.0, 17.0, 400.0, 3000.0])
    quantiles = poisson_quantiles(means)
    assert quantiles.shape == (6, 256)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    np.testing.assert_allclose(quantiles.mean(axis=1), means, rtol=0.01, atol=1 / 256)
    np.testing.assert_allclose(quantiles.var(axis=1), means, rtol=0.04, atol=1 / 256)


def test_random_numbers_are_evenly_spread_and_follow_from_the_names_alone():
    values = np.bincount(Chance("a").bytes((1000, 256)).ravel(), minlength=256)
    assert abs(values - 1000).max() < 5 * 1000**0.5
    numbers = Chance("a").uniform(100, 50)
    assert 0 <= numbers.min() < 0.001
    assert 0.999 < numbers.max() < 1
    np.testing.assert_array_equal(numbers, Chance("a").uniform(100, 50))
    assert not np.array_equal(numbers, Chance("b").uniform(100, 50))
    assert not np.array_equal(Chance("a", "b").bytes((9,)), Chance("ab").bytes((9,)))


def test_the_raw_stream_is_the_one_that_numpy_guarantees():
    first = [50, 249, 107, 231, 166, 178, 130, 87]
    assert Chance("stream").bytes((8,)).tolist() == first
