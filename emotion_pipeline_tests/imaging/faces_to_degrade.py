"""Faces to degrade, drawn and real, and how much of a picture is left."""

from functools import cache

import cv2
import numpy as np
import pyarrow.parquet as pq

from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.datasets.drawn_pictures import colour_face
from emotion_pipeline.domains import Degradation
from emotion_pipeline.imaging.codec import decode
from emotion_pipeline.imaging.degrade import degrade
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline_tests.shared_data import shared_file


@cache
def drawn(n, size_px=48):
    rng = np.random.default_rng(1)
    return [draw_face(EMOTIONS[number % 8], rng, size_px) for number in range(n)]


@cache
def drawn_in_colour(n, size_px=224):
    rng = np.random.default_rng(2)
    return [colour_face(EMOTIONS[number % 8], rng, size_px) for number in range(n)]


@cache
def real(n):
    """FER2013 faces of the training split; skips the test where the files are missing."""
    table = pq.read_table(shared_file("data/fer2013/fer2013.parquet"), columns=["png"]).slice(0, n)
    return [decode(data) for data in table["png"].to_pylist()]


FACES = {
    "drawn, gray, 48 px": lambda: drawn(40),
    "drawn, colour, 224 px": lambda: drawn_in_colour(16),
}


def mean_quality(measure, faces, corruption, severity):
    degradation = Degradation(corruption, severity)
    return np.mean(
        [measure(face, degrade(face, degradation, str(n))) for n, face in enumerate(faces)]
    )


def psnr(before, after):
    """Peak signal to noise, dB."""
    return cv2.PSNR(before, after)


def ssim(before, after):
    """Structural similarity, at most 1 (Wang et al. 2004, with windows of 7 pixels)."""
    x, y = before.astype(np.float64), after.astype(np.float64)

    def mean(values):
        return cv2.blur(values, (7, 7))

    mean_x, mean_y = mean(x), mean(y)
    var_x, var_y = mean(x * x) - mean_x**2, mean(y * y) - mean_y**2
    covariance = mean(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return (likeness / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))).mean()
