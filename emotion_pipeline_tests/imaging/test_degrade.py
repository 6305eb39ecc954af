import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.domains import CORRUPTIONS, DEGRADED, SEVERITIES, Degradation
from emotion_pipeline.imaging import degrade as module
from emotion_pipeline.imaging.degrade import PARAMETERS, degrade
from emotion_pipeline.labels import EMOTIONS

RANDOM = ("gaussian_noise", "old_photo")

DIGEST_IN_ANOTHER_PROCESS = """
import hashlib
import numpy as np
from emotion_pipeline.domains import DEGRADED, Degradation
from emotion_pipeline.imaging.degrade import degrade
image = np.random.default_rng(3).integers(0, 256, (48, 48), dtype=np.uint8)
results = [degrade(image, Degradation.parse(key), "sample-7").tobytes() for key in DEGRADED]
print(hashlib.sha256(b"".join(results)).hexdigest())
"""


def textured(*shape):
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(1)
    return [draw_face(EMOTIONS[number % 8], rng) for number in range(40)]


def mean_psnr(faces, corruption, severity):
    degradation = Degradation(corruption, severity)
    return np.mean(
        [cv2.PSNR(face, degrade(face, degradation, str(n))) for n, face in enumerate(faces)]
    )


def test_every_corruption_has_parameters_for_every_severity():
    assert set(PARAMETERS) == set(CORRUPTIONS)
    assert {len(values) for values in PARAMETERS.values()} == {len(SEVERITIES)}


@pytest.mark.parametrize("key", DEGRADED)
@pytest.mark.parametrize("shape", [(48, 48), (48, 48, 3), (61, 37), (37, 61, 3), (1, 1), (3, 200)])
def test_shape_and_dtype_stay_and_the_input_is_left_alone(key, shape):
    image = textured(*shape)
    before = image.copy()
    result = degrade(image, Degradation.parse(key), "a")
    assert (result.shape, result.dtype) == (image.shape, np.uint8)
    np.testing.assert_array_equal(image, before)
    assert not np.shares_memory(result, image)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_quality_falls_with_severity(faces, corruption):
    quality = [mean_psnr(faces, corruption, severity) for severity in SEVERITIES]
    assert (np.diff(quality) < -0.5).all(), quality


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_severity_1_is_slight_and_severity_5_heavy(faces, corruption):
    assert mean_psnr(faces, corruption, 1) > 20
    assert mean_psnr(faces, corruption, 5) < 30


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_gray_picture_stays_almost_gray_in_colour(faces, corruption):
    """Except for sensor noise, which is drawn per colour."""
    colour = np.repeat(faces[0][..., None], 3, axis=2)
    result = degrade(colour, Degradation(corruption, 3), "a").astype(int)
    spread = (result.max(axis=2) - result.min(axis=2)).mean()
    assert spread > 10 if corruption == "gaussian_noise" else spread < 1


def test_red_and_blue_are_not_swapped():
    image = np.zeros((48, 48, 3), np.uint8)
    image[..., 0] = 200
    for key in DEGRADED:
        red, _, blue = degrade(image, Degradation.parse(key), "a").reshape(-1, 3).mean(axis=0)
        assert red > blue + 50, key


@pytest.mark.parametrize("key", DEGRADED)
def test_the_same_key_gives_the_same_result_whatever_came_before(key):
    image, degradation = textured(48, 48), Degradation.parse(key)
    first = degrade(image, degradation, "a")
    cv2.setRNGSeed(99)
    degrade(image, degradation, "b")
    np.testing.assert_array_equal(degrade(image, degradation, "a"), first)


def test_another_process_gives_the_same_bytes():
    image = textured(48, 48)
    here = [degrade(image, Degradation.parse(key), "sample-7").tobytes() for key in DEGRADED]
    there = subprocess.run(
        [sys.executable, "-c", DIGEST_IN_ANOTHER_PROCESS],
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.stdout.strip() == hashlib.sha256(b"".join(here)).hexdigest()


@pytest.mark.parametrize("corruption", RANDOM)
def test_key_severity_and_suite_version_each_draw_new_numbers(corruption, monkeypatch):
    image, degradation = np.full((48, 48), 128, np.uint8), Degradation(corruption, 2)
    first = degrade(image, degradation, "a")
    others = [degrade(image, degradation, key) for key in ("b", "a ", "")]
    others.append(degrade(image, Degradation(corruption, 3), "a"))
    monkeypatch.setattr(module, "SUITE_VERSION", "next")
    others.append(degrade(image, degradation, "a"))
    for other in others:
        assert abs(correlation(first, other)) < 0.5


def correlation(one, other):
    vignette = cv2.GaussianBlur(one, (0, 0), 8).astype(float)
    return np.corrcoef((one - vignette).ravel(), (other - vignette).ravel())[0, 1]


def test_noise_has_the_deviation_of_the_table():
    flat = np.full((48, 48), 128, np.uint8)
    for severity, deviation in zip(SEVERITIES[:4], PARAMETERS["gaussian_noise"], strict=False):
        result = degrade(flat, Degradation("gaussian_noise", severity), "a").astype(float)
        assert result.std() == pytest.approx(deviation, rel=0.08)
        assert result.mean() == pytest.approx(128, abs=3)


def test_a_severity_blurs_a_picture_alike_at_any_size(faces):
    """Enlarging and blurring is blurring and enlarging."""
    for severity in SEVERITIES[1:]:
        degradation = Degradation("gaussian_blur", severity)
        large = cv2.resize(faces[0], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        shrunk = cv2.resize(
            degrade(large, degradation, "a"), (48, 48), interpolation=cv2.INTER_AREA
        )
        assert cv2.PSNR(shrunk, degrade(faces[0], degradation, "a")) > 33


# Mean and deviation of the textured 48 x 48 picture; a processor that rounds otherwise stays near.
GOLDEN = {
    "gaussian_noise-1": (128.49, 74.13),
    "gaussian_noise-3": (128.23, 75.17),
    "gaussian_noise-5": (130.51, 77.75),
    "gaussian_blur-1": (128.65, 39.04),
    "gaussian_blur-3": (128.73, 16.30),
    "gaussian_blur-5": (128.70, 9.41),
    "jpeg-1": (128.52, 74.01),
    "jpeg-3": (128.71, 72.64),
    "jpeg-5": (128.41, 70.50),
    "old_photo-1": (123.53, 55.86),
    "old_photo-3": (125.28, 23.88),
    "old_photo-5": (128.75, 17.09),
}


@pytest.mark.parametrize("key", GOLDEN)
def test_results_are_the_known_ones(key):
    result = degrade(textured(48, 48), Degradation.parse(key), "golden")
    assert (result.mean(), result.std()) == pytest.approx(GOLDEN[key], abs=0.5)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((8, 8), np.float32),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 1), np.uint8),
        np.zeros((0, 8), np.uint8),
    ],
)
def test_other_arrays_are_refused(image):
    with pytest.raises(ValueError, match="not a gray or RGB uint8 picture"):
        degrade(image, Degradation("jpeg", 1), "a")
