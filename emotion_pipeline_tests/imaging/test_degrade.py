"""What holds for every corruption, whatever it does to the picture."""

import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest

from emotion_pipeline import fingerprint
from emotion_pipeline.domains import CORRUPTIONS, DEGRADED, SEVERITIES, Degradation
from emotion_pipeline.imaging import degrade as package
from emotion_pipeline.imaging.degrade import degrade
from emotion_pipeline.imaging.degrade.severities import SEVERITY_VALUES
from emotion_pipeline_tests.imaging.faces_to_degrade import drawn

PER_PIXEL = ("gaussian_noise", "shot_noise", "film_grain", "low_light")
PER_COLOUR = ("gaussian_noise", "shot_noise", "low_light")
RANDOM = (*PER_PIXEL, "motion_blur", "scratches", "old_photo")

DIGEST_IN_ANOTHER_PROCESS = """
import hashlib
import numpy as np
from emotion_pipeline.domains import DEGRADED, Degradation
from emotion_pipeline.imaging.degrade import degrade
image = np.random.default_rng(3).integers(0, 256, (48, 48), dtype=np.uint8)
degrade(np.zeros((300, 200, 3), np.uint8), Degradation("old_photo", 5), "another picture before")
results = {key: degrade(image, Degradation.parse(key), "sample-7") for key in reversed(DEGRADED)}
print(hashlib.sha256(b"".join(results[key].tobytes() for key in DEGRADED)).hexdigest())
"""

WHAT_IS_IMPORTED = """
import sys
import emotion_pipeline.imaging.degrade
print(*({"scipy", "torch", "pandas", "matplotlib"} & set(sys.modules)))
"""


def output_of(script):
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def textured(*shape):
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def test_every_corruption_has_a_function_and_a_value_for_every_severity():
    assert tuple(package._CORRUPT) == tuple(SEVERITY_VALUES) == CORRUPTIONS
    assert {len(values) for values in SEVERITY_VALUES.values()} == {len(SEVERITIES)}


@pytest.mark.parametrize("key", DEGRADED)
@pytest.mark.parametrize(
    "shape",
    [(48, 48), (48, 48, 3), (61, 37), (37, 61, 3), (1, 1), (1, 1, 3), (3, 200), (200, 3, 3)],
)
def test_shape_and_dtype_stay_and_the_input_is_left_alone(key, shape):
    image = textured(*shape)
    before = image.copy()
    result = degrade(image, Degradation.parse(key), "a")
    assert (result.shape, result.dtype) == (image.shape, np.uint8)
    assert result.flags.writeable
    np.testing.assert_array_equal(image, before)
    assert not np.shares_memory(result, image)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
@pytest.mark.parametrize("shape", [(96, 80), (96, 80, 3)])
def test_a_view_of_a_picture_gives_what_a_copy_of_it_gives(corruption, shape):
    view = textured(*shape)[5:70:2, ::-1]
    found, expected = (
        degrade(image, Degradation(corruption, 4), "a")
        for image in (view, np.ascontiguousarray(view))
    )
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_a_gray_picture_stays_almost_gray_in_colour(corruption):
    """Except for the noise of sensors, which is drawn per colour."""
    colour = np.repeat(drawn(40)[0][..., None], 3, axis=2)
    result = degrade(colour, Degradation(corruption, 3), "a").astype(int)
    spread = (result.max(axis=2) - result.min(axis=2)).mean()
    assert spread > 4 if corruption in PER_COLOUR else spread < 1


@pytest.mark.parametrize("key", DEGRADED)
def test_red_and_blue_are_not_swapped(key):
    image = np.zeros((48, 48, 3), np.uint8)
    image[..., 0] = 200
    red, _, blue = degrade(image, Degradation.parse(key), "a").reshape(-1, 3).mean(axis=0)
    assert red > blue + 40


@pytest.mark.parametrize("key", DEGRADED)
def test_the_same_key_gives_the_same_result_whatever_came_before(key):
    image, degradation = textured(48, 48), Degradation.parse(key)
    first = degrade(image, degradation, "a")
    cv2.setRNGSeed(99)
    degrade(image, degradation, "b")
    np.testing.assert_array_equal(degrade(image, degradation, "a"), first)


def test_another_process_and_another_order_give_the_same_bytes():
    image = textured(48, 48)
    here = [degrade(image, Degradation.parse(key), "sample-7").tobytes() for key in DEGRADED]
    assert output_of(DIGEST_IN_ANOTHER_PROCESS) == hashlib.sha256(b"".join(here)).hexdigest()


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_the_key_matters_where_chance_has_a_part_and_nowhere_else(corruption):
    image, degradation = textured(48, 48), Degradation(corruption, 3)
    some = {degrade(image, degradation, key).tobytes() for key in "abcdefgh"}
    assert len(some) == (8 if corruption in RANDOM else 1)


@pytest.mark.parametrize("corruption", PER_PIXEL)
def test_key_corruption_severity_and_suite_version_each_draw_new_numbers(corruption, monkeypatch):
    image, degradation = np.full((48, 48), 128, np.uint8), Degradation(corruption, 2)
    first = degrade(image, degradation, "a")
    others = [degrade(image, degradation, key) for key in ("b", "a ", "")]
    others.append(degrade(image, Degradation(corruption, 3), "a"))
    others += [
        degrade(image, Degradation(other, 2), "a") for other in PER_PIXEL if other != corruption
    ]
    monkeypatch.setattr(package, "SUITE_VERSION", "next")
    others.append(degrade(image, degradation, "a"))
    for other in others:
        assert abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.1


def test_importing_it_takes_no_heavy_library():
    assert output_of(WHAT_IS_IMPORTED) == ""


def test_a_change_in_any_of_its_files_is_seen():
    """Results become stale with the code: the fingerprint covers the whole package."""
    reached = fingerprint.reachable(package.__name__)
    folder = fingerprint.ROOT / "imaging/degrade"
    files = {f"{package.__name__}.{path.stem}" for path in folder.glob("*.py")}
    assert files - {f"{package.__name__}.__init__"} <= reached


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
