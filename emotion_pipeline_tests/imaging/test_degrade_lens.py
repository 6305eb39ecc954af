"""Blur, light and wear do what their names say."""

import cv2
import numpy as np
import pytest

from emotion_pipeline.domains import SEVERITIES, Degradation
from emotion_pipeline.imaging.degrade import degrade
from emotion_pipeline.imaging.degrade.severities import SEVERITY_VALUES
from emotion_pipeline_tests.imaging.faces_to_degrade import drawn, drawn_in_colour

# How many standard deviations the declared length of a blur is: of a disk, of a line.
LENGTH_IN_SD = {"gaussian_blur": 1.0, "defocus_blur": 2.0, "motion_blur": 12**0.5}


def variances_added(corruption, severity, side_px, key="a"):
    """By how much a bright square spreads across and along, in squared pixels, and its centre."""
    square = np.zeros((side_px, side_px), np.uint8)
    middle = slice(2 * side_px // 5, 3 * side_px // 5)
    square[middle, middle] = 250
    moments = []
    for image in (square, degrade(square, Degradation(corruption, severity), key)):
        y, x = np.mgrid[:side_px, :side_px]
        places = np.stack([x.ravel(), y.ravel()])
        weight = image.ravel().astype(np.int64)
        covariance = np.cov(places, fweights=weight, ddof=0)
        moments.append((covariance, np.average(places, axis=1, weights=weight)))
    (before, start), (after, end) = moments
    return np.linalg.eigvalsh(after - before), end - start


@pytest.mark.parametrize("side_px", [48, 120, 480])
@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("corruption", LENGTH_IN_SD)
def test_a_blur_is_as_wide_as_declared_and_moves_nothing(corruption, severity, side_px):
    (across, along), moved_px = variances_added(corruption, severity, side_px)
    length_px = SEVERITY_VALUES[corruption][severity - 1] * side_px
    assert along**0.5 == pytest.approx(length_px / LENGTH_IN_SD[corruption], rel=0.08, abs=0.15)
    if corruption == "motion_blur":
        assert across < 0.35 + 0.01 * along
    else:
        assert across == pytest.approx(along, rel=0.05, abs=0.05)
    assert abs(moved_px).max() < 0.3


def test_motion_goes_in_every_direction():
    bars = np.zeros((64, 64), np.uint8)
    bars[:, ::8] = bars[:, 1::8] = 255
    kept = [degrade(bars, Degradation("motion_blur", 5), str(key)).std() for key in range(60)]
    assert min(kept) < 0.25 * bars.std()
    assert max(kept) > 0.85 * bars.std()


@pytest.mark.parametrize("severity", SEVERITIES)
@pytest.mark.parametrize("size_px", [48, 224, 500])
def test_a_wide_blur_at_lower_resolution_is_the_full_one(severity, size_px):
    face = drawn_in_colour(1, size_px)[0]
    sd_px = SEVERITY_VALUES["gaussian_blur"][severity - 1] * size_px
    full = cv2.GaussianBlur(face, (0, 0), sd_px)
    assert cv2.PSNR(full, degrade(face, Degradation("gaussian_blur", severity), "a")) > 43


@pytest.mark.parametrize("corruption", ["gaussian_blur", "defocus_blur", "downscale"])
@pytest.mark.parametrize("severity", SEVERITIES[1:])
def test_a_severity_blurs_a_picture_alike_at_any_size(corruption, severity):
    """Enlarging and blurring is blurring and enlarging."""
    face, degradation = drawn(40)[0], Degradation(corruption, severity)
    large = cv2.resize(face, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    shrunk = cv2.resize(degrade(large, degradation, "a"), (48, 48), interpolation=cv2.INTER_AREA)
    assert cv2.PSNR(shrunk, degrade(face, degradation, "a")) > 33


def test_downscaling_leaves_as_few_pixels_as_declared():
    """What is left of a picture of noise has as much detail as that many pixels can hold."""
    noise = np.random.default_rng(5).integers(0, 256, (96, 96), dtype=np.uint8)
    for severity in SEVERITIES:
        result = degrade(noise, Degradation("downscale", severity), "a").astype(float)
        n_pixels = round(1 / SEVERITY_VALUES["downscale"][severity - 1])
        rank = np.linalg.matrix_rank(result - result.mean(), tol=0.05 * 96 * result.std())
        assert rank <= n_pixels


def test_a_vignette_takes_the_declared_light_from_the_corners_and_none_from_the_centre():
    flat = np.full((101, 151), 200, np.uint8)
    for severity, loss in zip(SEVERITIES, SEVERITY_VALUES["vignette"], strict=True):
        result = degrade(flat, Degradation("vignette", severity), "a")
        assert result[50, 75] == 200
        corners = result[[0, 0, -1, -1], [0, -1, 0, -1]]
        np.testing.assert_allclose(corners, 200 * (1 - loss), atol=1)
        assert (np.diff(result[50, 75:].astype(int)) <= 0).all()


def test_fading_keeps_the_order_of_gray_levels_and_the_declared_contrast():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for severity, contrast in zip(SEVERITIES, SEVERITY_VALUES["fading"], strict=True):
        result = degrade(levels, Degradation("fading", severity), "a").astype(int).ravel()
        assert (np.diff(result) >= 0).all()
        assert result[-1] - result[0] == pytest.approx(255 * contrast, abs=1)


def test_wear_marks_more_and_more_of_a_print_both_lighter_and_darker_and_leaves_the_rest():
    flat = np.full((200, 160), 128, np.uint8)
    shares = []
    for severity in SEVERITIES:
        worn = np.stack(
            [degrade(flat, Degradation("scratches", severity), str(n)) for n in range(20)]
        )
        shares.append((abs(worn.astype(int) - 128) > 8).mean())
        assert worn.min() < 90
        assert worn.max() > 190
    assert (np.diff(shares) > 0).all()
    assert 0.001 < shares[0] < 0.03
    assert shares[-1] < 0.15
