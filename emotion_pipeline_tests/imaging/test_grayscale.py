import numpy as np

from emotion_pipeline.imaging.grayscale import to_gray, to_rgb


def test_luma_has_the_weights_of_bt_601():
    image = np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    gray = to_gray(image)
    assert gray.dtype == np.uint8
    assert np.abs(gray - image @ np.array([0.299, 0.587, 0.114])).max() <= 1


def test_pure_colours_are_told_apart_by_brightness():
    red, green, blue = to_gray(255 * np.eye(3, dtype=np.uint8)[None])[0]
    assert (red, green, blue) == (76, 150, 29)


def test_gray_passes_through_unchanged():
    image = np.random.default_rng(0).integers(0, 256, (30, 20), dtype=np.uint8)
    assert to_gray(image) is image


def test_gray_becomes_three_equal_colours_and_gray_again():
    image = np.random.default_rng(0).integers(0, 256, (30, 20), dtype=np.uint8)
    colour = to_rgb(image)
    assert (colour == image[..., None]).all()
    assert (to_gray(colour) == image).all()


def test_colour_passes_through_unchanged():
    image = np.random.default_rng(0).integers(0, 256, (30, 20, 3), dtype=np.uint8)
    assert to_rgb(image) is image
