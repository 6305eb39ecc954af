"""Severities get worse step by step, on any face, and mean the same at any size."""

import cv2
import numpy as np
import pytest

from emotion_pipeline.domains import CORRUPTIONS, SEVERITIES
from emotion_pipeline_tests.imaging.faces_to_degrade import (
    FACES,
    drawn,
    mean_quality,
    psnr,
    real,
    ssim,
)

# Where the sizes 48 and 480 px meet: what acts on single pixels grows with the square root.
BETWEEN_PX = 152
BAND_DB = 4.0
JPEG_BAND_DB = 9.0  # its blocks have 8 pixels at any size


def check_that_quality_falls(faces, corruption):
    signal = [mean_quality(psnr, faces, corruption, severity) for severity in SEVERITIES]
    structure = [mean_quality(ssim, faces, corruption, severity) for severity in SEVERITIES]
    assert (np.diff(signal) < -0.5).all(), signal
    assert (np.diff(structure) < -0.005).all(), structure
    assert signal[0] > 20, "severity 1 is not slight"
    assert signal[-1] < 28, "severity 5 is not heavy"


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize("faces", FACES)
def test_quality_falls_with_severity_from_slight_to_heavy(faces, corruption):
    check_that_quality_falls(FACES[faces](), corruption)


@pytest.mark.real_data
@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_quality_falls_with_severity_on_real_faces(corruption):
    check_that_quality_falls(real(60), corruption)


def seen_between(before, after):
    return psnr(
        *(
            cv2.resize(one, (BETWEEN_PX,) * 2, interpolation=cv2.INTER_AREA)
            for one in (before, after)
        )
    )


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_severity_means_about_the_same_at_48_and_at_480_px(corruption):
    """A face of 480 px, seen at the size between the two, is as bad as one of 48 px."""
    small = drawn(12)
    large = [cv2.resize(face, (480, 480), interpolation=cv2.INTER_CUBIC) for face in small]
    band_db = JPEG_BAND_DB if corruption == "jpeg" else BAND_DB
    for severity in SEVERITIES:
        expected = mean_quality(psnr, small, corruption, severity)
        found = mean_quality(seen_between, large, corruption, severity)
        assert found == pytest.approx(expected, abs=band_db), severity
