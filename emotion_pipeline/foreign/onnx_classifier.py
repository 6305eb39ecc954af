"""Anybody's ONNX classifier of face pictures, run by ONNX Runtime.

The file is a program for ONNX Runtime, which can do nothing but reckon, though for as long and in
as much memory as it likes. It may read no other file. What does not take pictures and give a
number for every emotion is refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from joblib import cpu_count

from emotion_pipeline.imaging.grayscale import to_gray, to_rgb
from emotion_pipeline.imaging.resize import to_square

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MAX_BYTES = 1 << 30
BATCH = 32
MAX_FIXED_BATCH = 1024
_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}
_NUMBERS = _TYPES.keys() - {"tensor(uint8)"}


class NetworkRefused(ValueError):
    """The file is no such classifier; the message says what was expected."""


@dataclass(frozen=True)
class Takes:
    """What a network is given of a picture, and what it answers.

    `color` is gray, rgb or bgr; values are 0 to 1, or 0 to 255, less `mean` and by `sd`, which have
    a value per channel or none. Output `order[i]` is emotion i of the caller.
    """

    input_px: int
    color: str
    zero_to_one: bool
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    order: tuple[int, ...]
    logits: bool


@dataclass(frozen=True)
class _Opened:
    session: "InferenceSession"
    name: str
    kind: type
    channels_first: bool
    batch: int


def metadata(path: Path) -> Mapping[str, str]:
    """What the file says of itself. Raises NetworkRefused and ImportError without ONNX Runtime."""
    session = _session(path, path.stat().st_ctime_ns)
    try:
        return dict(session.get_modelmeta().custom_metadata_map)
    except UnicodeDecodeError as error:
        raise NetworkRefused(f"{path.name}: damaged: {error}") from error


def probabilities(path: Path, takes: Takes, pictures: Sequence[np.ndarray]) -> np.ndarray:
    """(n, C) float32 of face pictures, gray (h, w) or RGB (h, w, 3) uint8; rows sum to 1.

    Raises NetworkRefused, also for answers that are no numbers or no probabilities, and
    ImportError without ONNX Runtime.
    """
    opened = _opened(path, takes)
    found = [np.empty((0, len(takes.order)), dtype=np.float32)]
    for start in range(0, len(pictures), opened.batch):
        batch = [_prepared(one, takes) for one in pictures[start : start + opened.batch]]
        found.append(_answers(path, opened, takes, np.stack(batch))[: len(batch)])
    return np.concatenate(found)


def check(path: Path, takes: Takes) -> None:
    """NetworkRefused unless the network answers as it should for two gray pictures."""
    blank = np.full((takes.input_px, takes.input_px), 128, np.uint8)
    probabilities(path, takes, [blank, blank])


def _prepared(picture: np.ndarray, takes: Takes) -> np.ndarray:
    """(input_px, input_px, channels) float32 or uint8."""
    if takes.color == "gray":
        square = to_square(to_gray(picture), takes.input_px)[..., np.newaxis]
    else:
        square = to_square(to_rgb(picture), takes.input_px)
        square = square[..., ::-1] if takes.color == "bgr" else square
    if not (takes.zero_to_one or takes.mean or takes.sd):
        return square
    scale = np.float32(255 if takes.zero_to_one else 1)
    mean, sd = (np.array(one, np.float32) for one in (takes.mean or (0,), takes.sd or (1,)))
    return np.asarray((square / scale - mean) / sd)


def _answers(path: Path, opened: _Opened, takes: Takes, batch: np.ndarray) -> np.ndarray:
    if opened.channels_first:
        batch = batch.transpose(0, 3, 1, 2)
    missing = opened.batch - len(batch)
    if missing:  # also for networks that take any number: equal sizes, equal results
        batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
    given: dict[str, np.ndarray] = {opened.name: np.ascontiguousarray(batch, opened.kind)}
    try:
        found = opened.session.run(None, given)[0]
    except Exception as error:  # those of ONNX Runtime have no other base in common
        raise NetworkRefused(f"{path.name}: cannot be run: {error!s:.300}") from error
    expected = (opened.batch, len(takes.order))
    if np.shape(found) != expected:
        raise NetworkRefused(
            f"{path.name}: answers {np.shape(found)} for {opened.batch} pictures, expected are"
            f" {expected}: a number per emotion"
        )
    values = np.asarray(found, np.float64)[:, list(takes.order)]
    if not np.isfinite(values).all():
        raise NetworkRefused(f"{path.name}: some answers are not numbers")
    if takes.logits:
        values = np.exp(values - values.max(axis=1, keepdims=True))
    elif (values < 0).any() or (np.abs(values.sum(axis=1) - 1) > 0.01).any():
        raise NetworkRefused(
            f"{path.name}: answers are no probabilities, such as {values[0].round(3).tolist()};"
            " say `outputs: logits` if they are the values before a softmax"
        )
    return (values / values.sum(axis=1, keepdims=True)).astype(np.float32)


def _opened(path: Path, takes: Takes) -> _Opened:
    session = _session(path, path.stat().st_ctime_ns)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    shapes = [(one.type, one.shape) for one in (*inputs, *outputs)]
    single = len(inputs) == len(outputs) == 1
    if not single or inputs[0].type not in _TYPES or outputs[0].type not in _NUMBERS:
        raise NetworkRefused(
            f"{path.name}: expected one input of pictures and one output of numbers, found"
            f" {shapes!s:.300}"
        )
    batch, *sides = inputs[0].shape if len(inputs[0].shape) == 4 else (None,)
    n_channels, side = (1 if takes.color == "gray" else 3), takes.input_px
    layouts = {True: (n_channels, side, side), False: (side, side, n_channels)}
    fitting = [first for first, layout in layouts.items() if _fits(sides, layout)]
    if not fitting:
        raise NetworkRefused(
            f"{path.name}: its input is {inputs[0].shape}, but {n_channels} channels of"
            f" {side}×{side} px were named"
        )
    n_at_once = batch if isinstance(batch, int) else BATCH
    if not 1 <= n_at_once <= MAX_FIXED_BATCH:
        raise NetworkRefused(f"{path.name}: takes {n_at_once} pictures at once")
    return _Opened(session, inputs[0].name, _TYPES[inputs[0].type], fitting[0], n_at_once)


def _fits(sides: Sequence[object], layout: Sequence[int]) -> bool:
    """Whether every side that the graph fixes is that of the layout."""
    return len(sides) == len(layout) and all(
        not isinstance(side, int) or side == wanted
        for side, wanted in zip(sides, layout, strict=True)
    )


@lru_cache(maxsize=1)
def _session(path: Path, modified_ns: int) -> "InferenceSession":  # noqa: ARG001, part of the key
    """The network, loaded once for each state of its file. It runs on the processor only, so that
    results do not depend on whether there is a GPU."""
    import onnxruntime

    if path.stat().st_size > MAX_BYTES:
        raise NetworkRefused(f"{path.name}: more than {MAX_BYTES:,} bytes")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal errors only: all others are raised too
    options.intra_op_num_threads = cpu_count()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Weights in other files are looked for where nothing can be: below a file.
    nowhere = ("session.model_external_initializers_file_folder_path", f"{path}/nowhere")
    options.add_session_config_entry(*nowhere)
    try:
        return onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # those of ONNX Runtime have no other base in common
        raise NetworkRefused(
            f"{path.name}: not a whole ONNX file without further files and operators of its own"
            f" ({error!s:.300})"
        ) from error
