"""That the answers are those of the deepface package, which has to be installed for that."""

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from emotion_pipeline.datasets.drawn_pictures import colour_face
from emotion_pipeline.foreign.deepface_emotions import (
    BATCH,
    EMOTIONS,
    OUTPUTS,
    WeightsUnusable,
    prepared,
    probabilities,
)
from emotion_pipeline.imaging.grayscale import to_gray
from emotion_pipeline.labels import LABEL_SPACES
from emotion_pipeline_tests.foreign import emotion_network

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: extra `deepface`")

# Prints what the package says of pictures, in the order and under the names of its answer.
ITS_OWN_ANSWERS = """
import sys
import numpy as np
from deepface import DeepFace

pictures = np.load(sys.argv[1])
values = []
for name in pictures.files:
    blue_first = pictures[name][..., ::-1]
    (found,) = DeepFace.analyze(blue_first, ["emotion"], detector_backend="skip", silent=True)
    values.append(list(found["emotion"].values()))
assert "tensorflow" not in sys.modules and "torch" not in sys.modules
np.savez(sys.argv[2], values=np.array(values) / 100, names=list(found["emotion"]))
"""
ITS_NAMES = {
    "angry": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happiness",
    "sad": "sadness",
    "surprise": "surprise",
    "neutral": "neutral",
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home") / ".deepface" / "weights"
    folder.mkdir(parents=True)
    return emotion_network.write(folder / "facial_expression_model_weights.onnx")


def faces(n: int, side_px: int = 48) -> list[np.ndarray]:
    """Drawn faces, (side_px, side_px, 3) RGB uint8, each a little noisy."""
    rng = np.random.default_rng(3)
    drawn = (colour_face(EMOTIONS[number % 7], rng, side_px) for number in range(n))
    return [
        np.clip(face + rng.normal(0, 20, face.shape), 0, 255).astype(np.uint8) for face in drawn
    ]


def pictures() -> dict[str, np.ndarray]:
    """RGB pictures of many sizes and contents."""
    rng = np.random.default_rng(5)
    sizes = [(48, 48), (49, 49), (224, 224), (225, 225), (64, 48), (31, 90), (300, 260), (3, 3)]
    noise = {f"noise {h}x{w}": rng.integers(0, 256, (h, w, 3), np.uint8) for h, w in sizes}
    dark = {f"at most {top}": rng.integers(0, top + 1, (48, 48, 3), np.uint8) for top in (0, 1, 2)}
    drawn = {f"face {number}": face for number, face in enumerate(faces(40))}
    gray = {f"gray {name}": np.dstack([to_gray(one)] * 3) for name, one in drawn.items()}
    return {**noise, **dark, **drawn, **gray, "large face": faces(1, 180)[0]}


@pytest.fixture(scope="module")
def its_own(weights, tmp_path_factory):
    """What the deepface package says of `pictures()`, (n, 7) in our order."""
    if find_spec("deepface") is None:
        pytest.skip("deepface is not installed, so there is nothing to compare with")
    folder = tmp_path_factory.mktemp("answers")
    np.savez(folder / "pictures.npz", **pictures())
    home = {"DEEPFACE_HOME": str(weights.parents[2]), "DEEPFACE_BACKEND_ENGINE": "onnx"}
    arguments = [str(folder / "pictures.npz"), str(folder / "answers.npz")]
    subprocess.run(
        [sys.executable, "-c", ITS_OWN_ANSWERS, *arguments], env={**os.environ, **home}, check=True
    )
    answers = np.load(folder / "answers.npz")
    names = [ITS_NAMES[name] for name in answers["names"]]
    return answers["values"][:, [names.index(emotion) for emotion in EMOTIONS]]


def test_every_picture_gets_the_answer_of_the_package(weights, its_own):
    found = probabilities(weights, list(pictures().values()))
    np.testing.assert_allclose(found, its_own, atol=1e-4)
    assert (found.argmax(axis=1) == its_own.argmax(axis=1)).all()
    assert (its_own.max(axis=0) > 0.1).all()  # so that another order would be noticed


def test_gray_pictures_get_the_answer_of_three_equal_channels(weights, its_own):
    known = {name: row for name, row in zip(pictures(), its_own, strict=True) if "gray" in name}
    flat = [picture[..., 0] for name, picture in pictures().items() if name in known]
    np.testing.assert_allclose(probabilities(weights, flat), list(known.values()), atol=1e-4)


def test_outputs_are_named_once_each_as_the_emotions_of_the_label_space():
    assert LABEL_SPACES["seven_emotions"].emotions == EMOTIONS
    assert sorted(OUTPUTS) == sorted(EMOTIONS)


@pytest.mark.parametrize("n", [0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH])
def test_a_picture_gets_the_same_answer_in_whatever_company(weights, n):
    many = faces(n)
    found = probabilities(weights, many)
    assert found.shape == (n, 7)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    for face, row in zip(many[:: BATCH // 2], found[:: BATCH // 2], strict=True):
        np.testing.assert_allclose(probabilities(weights, [face])[0], row, atol=1e-5)


def test_the_order_of_the_channels_counts():
    (face,) = faces(1)
    assert np.abs(prepared(face) - prepared(face[..., ::-1])).max() > 0.01


def test_a_picture_that_is_not_square_stands_between_black_bars():
    seen = prepared(np.full((60, 30), 200, np.uint8))
    assert (seen[:, :11] == 0).all()
    assert (seen[:, -11:] == 0).all()
    np.testing.assert_allclose(seen[:, 13:-13], 200 / 255, atol=1e-6)


def test_other_bytes_under_the_same_name_are_another_model(tmp_path):
    path, (face,) = tmp_path / "model.onnx", faces(1)
    emotion_network.write(path, seed=1)
    first = probabilities(path, [face])
    emotion_network.write(path, seed=2)
    os.utime(path, ns=(0, 0))
    assert np.abs(probabilities(path, [face]) - first).max() > 0.01


@pytest.mark.parametrize("content", [b"", b"<html>Not Found</html>", bytes(1000)])
def test_a_file_that_is_no_network_is_named_with_what_to_do(tmp_path, content):
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(WeightsUnusable, match="Move it away") as unusable:
        probabilities(path, faces(1))
    assert str(path) in str(unusable.value)


@pytest.mark.parametrize("values", [{"n_classes": 8}, {"side_px": 64}])
def test_another_network_is_refused(tmp_path, values):
    path = emotion_network.write(tmp_path / "model.onnx", **values)
    with pytest.raises(WeightsUnusable, match="emotion"):
        probabilities(path, faces(1))


def test_a_missing_file_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        probabilities(tmp_path / "model.onnx", faces(1))
