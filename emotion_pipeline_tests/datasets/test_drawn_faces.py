import cv2
import numpy as np
import pytest

from emotion_pipeline.datasets.drawn_expressions import PROTOTYPES, draw_expression
from emotion_pipeline.datasets.drawn_faces import draw_face
from emotion_pipeline.labels import EMOTIONS
from emotion_pipeline_tests.shared_data import FACE_LANDMARKER, shared_file

N_TRAIN, N_TEST = 60, 25


def draw(n_per_emotion, seed):
    """Faces (n, 48, 48) and the position of their emotions (n,)."""
    rng = np.random.default_rng(seed)
    truth = np.tile(np.arange(len(EMOTIONS)), n_per_emotion)
    return np.stack([draw_face(EMOTIONS[emotion], rng) for emotion in truth]), truth


@pytest.fixture(scope="module")
def train():
    return draw(N_TRAIN, seed=1)


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("size_px", [48, 31, 224])
def test_a_face_has_the_size_asked_for_and_is_no_blank(emotion, size_px):
    face = draw_face(emotion, np.random.default_rng(2), size_px)
    assert (face.shape, face.dtype) == ((size_px, size_px), np.uint8)
    assert face.std() > 10


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_the_seed_decides_the_face(emotion):
    one, again, other = (draw_face(emotion, np.random.default_rng(seed)) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one.astype(int) - other).mean() > 5


def test_two_draws_from_one_generator_differ():
    rng = np.random.default_rng(0)
    assert not np.array_equal(draw_face("fear", rng), draw_face("fear", rng))


def test_an_unknown_emotion_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="happiness"):
        draw_face("happines", np.random.default_rng(0))


def test_every_emotion_has_a_prototype_of_its_own():
    assert tuple(PROTOTYPES) == EMOTIONS
    assert len(set(PROTOTYPES.values())) == len(EMOTIONS)


def test_expressions_follow_their_prototype_on_average():
    rng = np.random.default_rng(0)
    for emotion, prototype in PROTOTYPES.items():
        mean = np.mean([draw_expression(emotion, rng) for _ in range(200)], axis=0)
        assert np.abs(mean - 0.75 * np.array(prototype)).max() < 0.2, emotion


def test_only_the_expression_changes_with_the_emotion():
    """The same lot gives the same person in the same light, with another face."""
    faces = [draw_face(emotion, np.random.default_rng(4)).astype(int) for emotion in EMOTIONS]
    for number, face in enumerate(faces):
        for other in faces[:number]:
            assert np.abs(face - other)[14:].max() > 15
            assert np.abs(face - other)[:4].mean() < 3


def features(faces):
    """Local contrast of the inner face, (n, m), in which brows and mouth outweigh the light."""
    inner = faces[:, 10:46, 8:40].astype(np.float32)
    flat = np.stack([face - cv2.GaussianBlur(face, (0, 0), 4) for face in inner])
    soft = np.stack([cv2.GaussianBlur(face, (0, 0), 1) for face in flat]).reshape(len(faces), -1)
    return soft / np.linalg.norm(soft, axis=1, keepdims=True)


def nearest_centroid(train, truth, test):
    """Position of the emotion whose mean is nearest, as seen with the spread around the means."""
    centroids = np.stack([train[truth == n].mean(axis=0) for n in range(len(EMOTIONS))])
    spread = np.cov((train - centroids[truth]).T)
    spread += np.trace(spread) / len(spread) * np.eye(len(spread))
    weights = np.linalg.solve(spread, centroids.T)
    return (test @ weights - (centroids.T * weights).sum(axis=0) / 2).argmax(axis=1)


def test_emotions_can_be_learnt_but_overlap(train):
    """One guess in eight would be right by chance."""
    test_faces, test_truth = draw(N_TEST, seed=2)
    guess = nearest_centroid(features(train[0]), train[1], features(test_faces))
    assert 0.45 < (guess == test_truth).mean() < 0.95


def test_people_differ_in_tone_as_photographs_do(train):
    faces, _ = train
    brightness = faces[:, 16:40, 14:34].mean(axis=(1, 2))
    assert brightness.std() > 15


@pytest.fixture(scope="module")
def landmarker():
    model = shared_file(FACE_LANDMARKER)
    tasks = pytest.importorskip("mediapipe.tasks.python", exc_type=ImportError)
    options = tasks.vision.FaceLandmarkerOptions(tasks.BaseOptions(model_asset_path=str(model)))
    try:
        made = tasks.vision.FaceLandmarker.create_from_options(options)
    except OSError as error:
        pytest.skip(f"mediapipe lacks a system library (libegl1, libgles2): {error}")
    with made:
        yield made


@pytest.mark.model_files
def test_the_face_landmarker_finds_drawn_faces(landmarker):
    import mediapipe

    def is_found(face):
        padded = cv2.copyMakeBorder(face, 12, 12, 12, 12, cv2.BORDER_REPLICATE)
        large = cv2.resize(padded, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        colour = cv2.cvtColor(large, cv2.COLOR_GRAY2RGB)
        picture = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=colour)
        return bool(landmarker.detect(picture).face_landmarks)

    faces, _ = draw(8, seed=3)
    assert np.mean([is_found(face) for face in faces]) >= 0.8
