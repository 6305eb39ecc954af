"""DeepFace's emotion model as its own package runs it, but many pictures at a time.

Serengil and Ozpinar 2021, "HyperExtended LightFace: A Facial Attribute Analysis Framework". The
result for a picture is that of version 0.0.103's
`DeepFace.analyze(picture, actions=["emotion"], detector_backend="skip")` with the ONNX engine; the
package itself is not needed, ONNX Runtime is.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from joblib import cpu_count

from emotion_pipeline.labels import LABEL_SPACES, Emotion

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

EMOTIONS = LABEL_SPACES["seven_emotions"].emotions
OUTPUTS = (
    *(Emotion.ANGER, Emotion.DISGUST, Emotion.FEAR, Emotion.HAPPINESS),
    *(Emotion.SADNESS, Emotion.SURPRISE, Emotion.NEUTRAL),
)
_IN_OUR_ORDER = [OUTPUTS.index(Emotion(name)) for name in EMOTIONS]

CANVAS_PX = 224
"""Every picture is fitted into a square of this size first, as for the package's other models."""
INPUT_PX = 48
# More at once do not fit the processor's cache and take twice as long.
BATCH = 32

_ADVICE = "Move it away to have it downloaded anew."


class WeightsUnusable(ValueError):
    """The file is no emotion model of DeepFace; the message says what to do."""


def probabilities(path: Path, pictures: Sequence[np.ndarray]) -> np.ndarray:
    """What the model says of face pictures.

    `path` is `facial_expression_model_weights.onnx`; a picture is gray (h, w) or RGB (h, w, 3)
    uint8 of any size. Returns (n, 7) float32 in the order of EMOTIONS, rows sum to 1.
    Raises WeightsUnusable, ImportError without ONNX Runtime, and OSError for an unreadable file.
    """
    session = _session(path, path.stat().st_ctime_ns)
    name = session.get_inputs()[0].name
    found = [np.empty((0, len(OUTPUTS)), dtype=np.float32)]
    for start in range(0, len(pictures), BATCH):
        batch = np.stack([prepared(picture) for picture in pictures[start : start + BATCH]])
        found.append(session.run(None, {name: batch[..., np.newaxis]})[0])
    return np.concatenate(found)[:, _IN_OUR_ORDER]


def check(path: Path) -> None:
    """WeightsUnusable unless the file is such a model."""
    probabilities(path, [])


def prepared(picture: np.ndarray) -> np.ndarray:
    """(48, 48) float32, 0 to 1: what the network sees of a picture.

    The way there is the package's, but gray is made at the end and of colour only, which is less to
    reckon and differs by less than 1e-6.
    """
    # Only a picture that holds more than 0 and 1 is scaled; the others are resized as integers.
    scaled = picture / 255 if picture.max() > 1 else picture
    canvas = _on_canvas(scaled).astype(np.float64, copy=False)
    small = cv2.resize(canvas, (INPUT_PX, INPUT_PX)).astype(np.float32)
    return small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)


def _on_canvas(picture: np.ndarray) -> np.ndarray:
    """The picture in the middle of a black square, as large as it fits."""
    height_px, width_px = picture.shape[:2]
    # Rounded as the package does: some square sizes end one pixel short.
    factor = min(CANVAS_PX / height_px, CANVAS_PX / width_px)
    fitted = cv2.resize(picture, (int(width_px * factor), int(height_px * factor)))
    down_px, right_px = (CANVAS_PX - side_px for side_px in fitted.shape[:2])
    if not down_px + right_px:
        return fitted
    above_px, left_px = down_px // 2, right_px // 2
    rims_px = (above_px, down_px - above_px, left_px, right_px - left_px)
    return cv2.copyMakeBorder(fitted, *rims_px, cv2.BORDER_CONSTANT, value=0)


@lru_cache(maxsize=1)
def _session(path: Path, modified_ns: int) -> "InferenceSession":  # noqa: ARG001, part of the key
    """The network, loaded once for each state of its file. It runs on the processor only, so that
    results do not depend on whether there is a GPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = cpu_count()  # those that this process may use, not all
    # Threads that wait by spinning take half of a busy machine's time from everything else.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    model, two = path.read_bytes(), np.zeros((2, INPUT_PX, INPUT_PX, 1), np.float32)
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {session.get_inputs()[0].name: two})
    except Exception as error:  # those of ONNX Runtime have no other base in common
        raise WeightsUnusable(
            f"{path} does not hold DeepFace's emotion model ({error}). {_ADVICE}"
        ) from error
    if found.shape != (2, len(OUTPUTS)):
        raise WeightsUnusable(
            f"{path} holds another model than DeepFace's for emotions: values {found.shape} for two"
            f" pictures, expected are {(2, len(OUTPUTS))}. {_ADVICE}"
        )
    return session
